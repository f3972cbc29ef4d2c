"""What the admin's page of a round shows, prepared: the template decides nothing.

Before unblinding nothing here depends on any item's arm, and no verdict is counted: only how many judgments there are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.rounds.design import Design
from app.services import rounds
from app.services.log import Event, round_events
from app.services.rounds import EvaluatorProgress, RoundProgress

STAGES = ("draft", "sealed", "collecting", "locked", "unblinded")
DIGEST = re.compile(r"[0-9a-f]{64}")
NEXT = {
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
    """past, now or ahead."""


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
    def short(self) -> bool:
        """A lock now would title the report "stopped early"."""
        finished = sum(one.assigned > 0 and one.judged >= one.assigned for one in self.evaluators)
        return finished < self.progress.target


def round_view(session: Session, round_id: str) -> RoundView:
    """Read what the page shows. Raises NotFoundError if there is no such round."""
    progress = rounds.round_progress(session, round_id)
    return RoundView(
        progress=progress,
        design=rounds.round_design(session, round_id),
        stages=_stages(progress.state),
        step=NEXT.get(progress.state, "none"),
        invites=progress.state in ("sealed", "collecting"),
        judged=sum(one.judged for one in progress.evaluators),
        assigned=sum(one.assigned for one in progress.evaluators),
        log=tuple(LogLine(one, _details(one.detail)) for one in reversed(round_events(session, round_id))),
    )


def _stages(state: str) -> tuple[Stage, ...]:
    here = {"sealing": "draft"}.get(state, state)
    if here not in STAGES:
        return (Stage(state, "now"),)
    at = STAGES.index(here)
    return tuple(
        Stage(name, "now" if index == at else "past" if index < at else "ahead") for index, name in enumerate(STAGES)
    )


def _details(values: Mapping[str, Any], under: str = "") -> tuple[tuple[str, str], ...]:
    """An event's detail as names and short texts; what is nested gets the names above it."""
    found: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{under} {key}".strip().replace("_", " ")
        found += _details(value, name) if isinstance(value, Mapping) else [(name, _short(value))]
    return tuple(found)


def _short(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return f"{text[:12]}…" if DIGEST.fullmatch(text) else text
