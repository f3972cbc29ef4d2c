"""The demo without people: scripted evaluators judge over HTTP, an admin's script locks, unblinds and exports."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from app.cli.demo.demo_round import ADMIN, DemoPlan, DemoRound, create_demo_round, demo_archives, demo_password
from app.foundation.errors import ExportError
from app.foundation.json_types import JsonObject, to_json_value
from app.foundation.private import write_private_bytes
from app.foundation.settings import Settings
from app.report.analysis.primary import ArmResult
from app.report.export.verify import verify_export
from app.robots.scripted_evaluators import SCRIPTED_EVALUATORS, ScriptedEvaluator
from app.robots.visitor import Visitor
from app.services.opened_database import open_database
from app.web.serving import served_in_thread

REASON = "The check of the demo: every scripted evaluator is done."
PRINTED_FIELDS = ("n", "counted", "fraction", "interval")
"""The fields of each arm in analysis.json that the check prints."""


@dataclass(frozen=True)
class CheckOutcome:
    """The result of the check."""

    arms: dict[str, ArmResult]
    counted_name: str
    """What figures call what counts."""
    commitment_verified: bool
    differences: tuple[str, ...]

    def content(self) -> JsonObject:
        """The outcome as JSON values."""
        arm_numbers: JsonObject = {
            arm: to_json_value({name: getattr(result, name) for name in PRINTED_FIELDS})
            for arm, result in self.arms.items()
        }
        return {"arms": arm_numbers, "commitment_verified": self.commitment_verified}

    def require_verified(self) -> None:
        """Raise ExportError if recomputing the export gave other numbers."""
        if self.differences or not self.commitment_verified:
            msg = (
                f"recomputing the export gives other results: {'; '.join(self.differences) or 'the commitment differs'}"
            )
            raise ExportError(msg)


class Stopwatch:
    """Measures the seconds of each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure the seconds of the block under `with`."""
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 2)


def run_check(plan: DemoPlan, settings: Settings, watch: Stopwatch) -> CheckOutcome:
    """Harvest, seal, judge, lock, unblind, export and verify. Raises FirstGlanceError if any step fails."""
    with watch.stage("harvest"):
        archives = demo_archives(plan, settings.data)
    with open_database(settings) as database:
        with watch.stage("seal"):
            names = [evaluator.name for evaluator in SCRIPTED_EVALUATORS]
            demo_round = create_demo_round(database, plan, archives, settings, names)
        with served_in_thread(settings, database) as address:
            with watch.stage("judge"), ThreadPoolExecutor(len(SCRIPTED_EVALUATORS)) as pool:
                judging = partial(_judge_round, address)
                list(pool.map(judging, SCRIPTED_EVALUATORS, demo_round.invitation_tokens))
            with watch.stage("unblind"), Visitor.at(address) as visitor:
                export = _unblind(visitor, demo_round, settings)
    with watch.stage("verify"):
        return _read_outcome(export)


def _judge_round(address: str, evaluator: ScriptedEvaluator, token: str) -> int:
    with Visitor.at(address) as visitor:
        return evaluator.judge_round(visitor, token)


def _unblind(visitor: Visitor, demo_round: DemoRound, settings: Settings) -> Path:
    """Sign in, lock, unblind with the key and download the export, all through the pages."""
    page_of_round = f"/admin/rounds/{demo_round.id}"
    password = demo_password(settings.data)
    identity = demo_round.key_file.read_text("utf-8").split()[0]
    visitor.send(visitor.get("/admin/sign-in").require_form("sign-in"), name=ADMIN, password=password)
    visitor.send(visitor.get(page_of_round).require_form("lock"), sure="true")
    unblind_form = visitor.get(f"{page_of_round}/unblind").require_form("unblind")
    visitor.send(unblind_form, keys=identity, password=password, reason=REASON)
    export = settings.data / "export.zip"
    write_private_bytes(export, visitor.download(f"{page_of_round}/export.zip"))
    return export


def _read_outcome(path: Path) -> CheckOutcome:
    verification = verify_export(path)
    arms = verification.result.analysis.arms if verification.result is not None else {}
    counted_name = verification.result.analysis.words.name if verification.result is not None else ""
    return CheckOutcome(dict(arms), counted_name, verification.commitment_verified, tuple(verification.differences))
