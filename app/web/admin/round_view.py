"""Everything that the admin's page of a round shows.

Before unblinding nothing here depends on any item's arm, and no verdict is counted: only how many judgments there are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.foundation.digest import short_digest
from app.foundation.json_types import JsonObject, JsonValue
from app.leak_audit.summary import stored_warning
from app.rounds.common_ground import common_ground, ground_sentences
from app.rounds.design import Design
from app.rounds.lifecycle import State, allows
from app.services import rounds, timestamps
from app.services.aids_keys import AidsKeys, missing_aids_key_warning
from app.services.draws import AnnouncedDraw, announced_draw
from app.services.keyholders import listed_keys, missing_for_seal
from app.services.log import Event, log_problem, round_events
from app.services.round_keys import RoundKeys, missing_key_warning
from app.services.rounds import EvaluatorProgress, RoundProgress
from app.services.seal_runs import SealRun, latest_run
from app.services.timestamps import RoundStamp

STAGES = ("draft", "sealed", "collecting", "locked", "unblinded")
DIGEST = re.compile(r"[0-9a-f]{64}([0-9a-f]{64})?")
"""A digest, or a signature, which is twice as long."""
FORM_VERSION = "v"
"""The key of a detail that says in which form it is written; readers of the page do not need it."""
STEP_OF_STATE = {
    "draft": "seal",
    "sealed": "open",
    "collecting": "lock",
    "locked": "unblind",
    "unblinded": "report",
}


@dataclass(frozen=True)
class Stage:
    """A stage in the row of stages at the top of the page."""

    name: str
    when: str
    """"past", "now" or "ahead"."""


@dataclass(frozen=True)
class LogTable:
    """A detail of an event that is about several people or rounds; the page folds it up."""

    summary: str
    rows: tuple[tuple[str, str], ...]
    """(name, text) of each person or round."""


@dataclass(frozen=True)
class LogLine:
    """One event of the log."""

    event: Event
    details: tuple[tuple[str, str], ...]
    """(name, text) of each detail. Digests are shortened; the export has them in full."""
    tables: tuple[LogTable, ...]


@dataclass(frozen=True)
class RoundView:
    """The data of the page."""

    progress: RoundProgress
    design: Design
    stages: tuple[Stage, ...]
    step: str
    """The next step that the page offers: seal, open, lock, unblind, report; sealing while the seal is being made, and
    none for an abandoned round."""
    invites: bool
    is_short_of_target: bool
    """Whether the page offers the lock and a lock now would stop the round early."""
    judged: int
    assigned: int
    seal_run: SealRun | None
    """The newest seal that was begun, if the page offers the seal."""
    missing_keys: str
    """What has to be done about the round's keys before it can be sealed; empty if nothing is missing."""
    announced: AnnouncedDraw | None
    """The newest announcement of the round's draw, which the seal completes."""
    stamps: tuple[RoundStamp, ...]
    """The time stamps by authorities, oldest first."""
    log: tuple[LogLine, ...]
    """Newest first."""
    missing_key_warning: str | None
    """A sentence if the file of the key that signs receipts is lost."""
    missing_aids_key_warning: str | None
    """A sentence if the round is open and the file of the key to its aids is lost."""
    audit_warning: str
    """What the leak audit before the seal warned of; empty if of nothing."""
    log_problem: str
    """A sentence if somebody changed the log, so that none of its digests should be published; otherwise empty."""

    @property
    def grounds(self) -> list[str]:
        """What the arms' archives have in common and in what they differ; empty for a design that does not say."""
        return ground_sentences(common_ground(self.design) or ())

    @property
    def evaluators(self) -> tuple[EvaluatorProgress, ...]:
        """Every invited evaluator with their progress."""
        return self.progress.evaluators


def round_view(session: Session, round_id: str, round_keys: RoundKeys, aids_keys: AidsKeys, now: datetime) -> RoundView:
    """Read what the page shows at the time `now`. Raises NotFoundError if there is no such round."""
    progress = rounds.round_progress(session, round_id)
    seal_run = latest_run(session, round_id, now) if progress.state == "draft" else None
    is_sealing = seal_run is not None and seal_run.run_state == "running"
    step = "sealing" if is_sealing else STEP_OF_STATE.get(progress.state, "none")
    events = round_events(session, round_id)
    return RoundView(
        progress=progress,
        design=rounds.round_design(session, round_id),
        stages=_stages(progress.state),
        step=step,
        invites=allows(progress.state, "invite"),
        is_short_of_target=step == "lock" and rounds.is_short_of_target(session, round_id),
        judged=sum(evaluator.judged for evaluator in progress.evaluators),
        assigned=sum(evaluator.assigned for evaluator in progress.evaluators),
        seal_run=seal_run,
        missing_keys=missing_for_seal(listed_keys(session, round_id)) if step == "seal" else "",
        announced=announced_draw(session, round_id),
        stamps=timestamps.round_stamps(session, round_id),
        log=tuple(_log_line(event) for event in reversed(events)),
        missing_key_warning=missing_key_warning(session, round_id, round_keys),
        missing_aids_key_warning=missing_aids_key_warning(session, round_id, aids_keys) if step == "lock" else None,
        audit_warning=_audit_warning(events),
        log_problem=log_problem(session, round_id),
    )


def _audit_warning(events: Sequence[Event]) -> str:
    sealed = next((event for event in reversed(events) if event.action == "sealed"), None)
    audit = None if sealed is None else sealed.detail.get("audit")
    return stored_warning(audit) if isinstance(audit, dict) else ""


def _stages(state: State) -> tuple[Stage, ...]:
    if state not in STAGES:
        return (Stage(state, "now"),)
    reached = STAGES.index(state)
    return tuple(
        Stage(name, "now" if index == reached else "past" if index < reached else "ahead")
        for index, name in enumerate(STAGES)
    )


def _log_line(event: Event) -> LogLine:
    rows_by_key = {key: _table_rows(value) for key, value in event.detail.items()}
    short_detail = {key: value for key, value in event.detail.items() if not rows_by_key[key]}
    tables = [LogTable(f"{key.replace('_', ' ')}: {len(rows)}", rows) for key, rows in rows_by_key.items() if rows]
    return LogLine(event, _detail_texts(short_detail), tuple(tables))


def _table_rows(detail_value: JsonValue) -> tuple[tuple[str, str], ...]:
    """(name, text) for each person or round that a detail is about; empty for any other detail."""
    if isinstance(detail_value, list):
        detail_value = {str(number): element for number, element in enumerate(detail_value, start=1)}
    if not isinstance(detail_value, dict) or not all(isinstance(value, dict) for value in detail_value.values()):
        return ()
    return tuple((name, _short_text(value)) for name, value in detail_value.items())


def _detail_texts(detail: JsonObject, prefix: str = "") -> tuple[tuple[str, str], ...]:
    """(name, short text) of each detail of an event; nested details have the outer name in front.

    A nested detail without a value is left out: it belongs to another kind of the outer one.
    """
    texts: list[tuple[str, str]] = []
    for key, value in detail.items():
        name = f"{prefix} {key}".strip().replace("_", " ")
        if isinstance(value, dict):
            texts += _detail_texts(value, name)
        elif key != FORM_VERSION and not (prefix and value is None):
            texts.append((name, _short_text(value)))
    return tuple(texts)


def _short_text(detail_value: JsonValue) -> str:
    if detail_value is None:
        return "none"
    if isinstance(detail_value, bool):
        return "yes" if detail_value else "no"
    if isinstance(detail_value, list):
        return ", ".join(map(_short_text, detail_value)) or "none"
    if isinstance(detail_value, dict):
        return " ".join(f"{name} {text}" for name, text in _detail_texts(detail_value))
    text = str(detail_value)
    return short_digest(text) if DIGEST.fullmatch(text) else text
