"""What the admin's page of a round shows, prepared: the template decides nothing.

Before unblinding nothing here depends on any item's arm, and no verdict is counted: only how many judgments there are.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.rounds.design import Design
from app.services import rounds
from app.services.log import Event, events
from app.services.rounds import EvaluatorProgress, RoundProgress

STAGES = ("draft", "sealed", "collecting", "locked", "unblinded")
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
    events: tuple[Event, ...]

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
    progress = rounds.progress(session, round_id)
    return RoundView(
        progress=progress,
        design=rounds.design_of(session, round_id),
        stages=_stages(progress.state),
        step=NEXT.get(progress.state, "none"),
        invites=progress.state in ("sealed", "collecting"),
        judged=sum(one.judged for one in progress.evaluators),
        assigned=sum(one.assigned for one in progress.evaluators),
        events=tuple(reversed(events(session, round_id))),
    )


def _stages(state: str) -> tuple[Stage, ...]:
    here = {"sealing": "draft"}.get(state, state)
    if here not in STAGES:
        return (Stage(state, "now"),)
    at = STAGES.index(here)
    return tuple(
        Stage(name, "now" if index == at else "past" if index < at else "ahead") for index, name in enumerate(STAGES)
    )
