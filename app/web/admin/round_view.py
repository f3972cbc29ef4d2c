"""What the admin's page of a round shows, prepared: the template decides nothing.

Before unblinding nothing here depends on any item's arm, and no verdict is counted: only how many judgments there are.
"""

import re
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.foundation.json_types import JsonObject, JsonValue
from app.rounds.design import Design
from app.services import rounds
from app.services.log import Event, round_events
from app.services.rounds import EvaluatorProgress, RoundProgress

STAGES = ("draft", "sealed", "collecting", "locked", "unblinded")
DIGEST = re.compile(r"[0-9a-f]{64}")
STEP_OF_STATE = {
    "draft": "seal",
    "sealing": "seal",
    "sealed": "open",
    "collecting": "lock",
    "locked": "unblind",
    "unblinded": "report",
}


@dataclass(frozen=True)
class Stage:
    """One step of the round's life, as the page's header draws it."""

    name: str
    when: str
    """"past", "now" or "ahead"."""


@dataclass(frozen=True)
class LogLine:
    """One event of the log."""

    event: Event
    details: tuple[tuple[str, str], ...]
    """Names and values; digests are cut to their first digits, the export has them whole."""


@dataclass(frozen=True)
class RoundView:
    """Everything on the page."""

    progress: RoundProgress
    design: Design
    stages: tuple[Stage, ...]
    step: str
    """Which form the page offers: seal, open, lock, unblind, report, or none when abandoned."""
    invites: bool
    judged: int
    assigned: int
    log: tuple[LogLine, ...]
    """Newest first."""

    @property
    def evaluators(self) -> tuple[EvaluatorProgress, ...]:
        """Everyone invited."""
        return self.progress.evaluators

    @property
    def is_short_of_target(self) -> bool:
        """Whether fewer evaluators have finished than the design asks for, so that a lock now would stop it early."""
        finished = sum(
            evaluator.assigned > 0 and evaluator.judged >= evaluator.assigned for evaluator in self.evaluators
        )
        return finished < self.progress.target


def round_view(session: Session, round_id: str) -> RoundView:
    """Read what the page shows. Raises NotFoundError if there is no such round."""
    progress = rounds.round_progress(session, round_id)
    newest_first = reversed(round_events(session, round_id))
    return RoundView(
        progress=progress,
        design=rounds.round_design(session, round_id),
        stages=_stages(progress.state),
        step=STEP_OF_STATE.get(progress.state, "none"),
        invites=progress.state in ("sealed", "collecting"),
        judged=sum(evaluator.judged for evaluator in progress.evaluators),
        assigned=sum(evaluator.assigned for evaluator in progress.evaluators),
        log=tuple(LogLine(event, _detail_texts(event.detail)) for event in newest_first),
    )


def _stages(state: str) -> tuple[Stage, ...]:
    current = {"sealing": "draft"}.get(state, state)
    if current not in STAGES:
        return (Stage(state, "now"),)
    reached = STAGES.index(current)
    return tuple(
        Stage(name, "now" if index == reached else "past" if index < reached else "ahead")
        for index, name in enumerate(STAGES)
    )


def _detail_texts(detail: JsonObject, prefix: str = "") -> tuple[tuple[str, str], ...]:
    """An event's detail as names and short texts; a nested name has the names above it in front."""
    texts: list[tuple[str, str]] = []
    for key, value in detail.items():
        name = f"{prefix} {key}".strip().replace("_", " ")
        texts += _detail_texts(value, name) if isinstance(value, dict) else [(name, _short_text(value))]
    return tuple(texts)


def _short_text(detail_value: JsonValue) -> str:
    if isinstance(detail_value, bool):
        return "yes" if detail_value else "no"
    text = str(detail_value)
    return f"{text[:12]}…" if DIGEST.fullmatch(text) else text
