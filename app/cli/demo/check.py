"""The demo without people: scripted evaluators judge over HTTP, an admin's script locks, unblinds and exports."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.cli.common import database
from app.cli.demo.demo_round import ADMIN, DemoPlan, DemoRound, harvested, make_round, password
from app.cli.serve import running
from app.foundation.errors import ExportError
from app.foundation.files import write_bytes_atomically
from app.foundation.settings import Settings
from app.report.export.read_zip import read_zip
from app.report.export.verify import verify_export
from app.robots.visitor import RULES, Rule, Visitor, judge_everything

REASON = "The check of the demo: every scripted evaluator is done."
SHOWN = ("n", "interpretable", "fraction", "interval")


@dataclass(frozen=True)
class Outcome:
    """What the check came to."""

    arms: dict[str, dict[str, Any]]
    commitment_verified: bool
    differences: tuple[str, ...]

    def content(self) -> dict[str, Any]:
        """As JSON values."""
        return {"arms": self.arms, "commitment_verified": self.commitment_verified}

    def require_verified(self) -> None:
        """Raise ExportError if the export did not recompute to the very same numbers."""
        if self.differences or not self.commitment_verified:
            msg = f"the export does not recompute: {'; '.join(self.differences) or 'the commitment differs'}"
            raise ExportError(msg)


class Stopwatch:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Note how long what follows takes."""
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 2)


def run_check(plan: DemoPlan, settings: Settings, watch: Stopwatch) -> Outcome:
    """Harvest, seal, judge, lock, unblind, export and verify. Raises FirstGlanceError if any step fails."""
    with watch.stage("harvest"):
        archives = harvested(plan, settings.data)
    with database(settings) as base:
        with watch.stage("seal"):
            made = make_round(base, plan, archives, settings.data, [rule.name for rule in RULES])
        with running(settings, base) as address:
            with watch.stage("judge"), ThreadPoolExecutor(len(RULES)) as pool:
                list(pool.map(lambda token, rule: _judge(address, token, rule), made.tokens, RULES))
            with watch.stage("unblind"), Visitor.of(address) as admin:
                export = _unblind(admin, made, settings)
    with watch.stage("verify"):
        return _verified(export)


def _judge(address: str, token: str, rule: Rule) -> int:
    with Visitor.of(address) as visitor:
        return judge_everything(visitor, token, rule)


def _unblind(admin: Visitor, made: DemoRound, settings: Settings) -> Path:
    """Sign in, lock, unblind with the key and download the export, all through the pages."""
    own = f"/admin/rounds/{made.id}"
    secret = password(settings.data)
    key = made.key_file.read_text("utf-8").split()[0]
    admin.send(admin.get("/admin/sign-in").require("sign-in"), name=ADMIN, password=secret)
    admin.send(admin.get(own).require("lock"), sure="true")
    admin.send(admin.get(f"{own}/unblind").require("unblind"), keys=key, password=secret, reason=REASON)
    export = settings.data / "export.zip"
    write_bytes_atomically(export, admin.download(f"{own}/export.zip"))
    return export


def _verified(export: Path) -> Outcome:
    found = verify_export(export)
    analysis = json.loads(read_zip(export)["analysis.json"])
    arms = {name: {key: one[key] for key in SHOWN} for name, one in analysis["arms"].items()}
    return Outcome(arms, found.commitment_verified, tuple(found.differences))
