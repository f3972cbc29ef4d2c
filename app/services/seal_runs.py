"""Runs of a seal: one at a time for each round, with signs of life, so that an interrupted one is known as such."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from app.foundation.codes import random_code
from app.foundation.errors import SealError
from app.services.cancelled_seals import settle_unwritten_end, unwritten_end
from app.services.log import append_event
from app.store import seal_runs as seal_run_store
from app.store.tables import SealRunRow

BEAT_SECONDS = 2.0
"""Time between two signs of life of a run."""
SILENCE = timedelta(seconds=20)
"""A run that gave no sign of life for so long was interrupted: its process was killed, or its server restarted."""
FIRST_STEP = "drawing neurons and making items"


@dataclass(frozen=True)
class SealProgress:
    """How far a seal is."""

    step: str = FIRST_STEP
    """What is being done, as a page shows it."""
    done: int = 0
    total: int = 0
    """How many parts the step has; 0 if nobody knows."""


@dataclass(frozen=True)
class SealRun:
    """The newest seal of a round that was begun."""

    run_state: Literal["running", "interrupted", "failed", "sealed"]
    seal_progress: SealProgress
    started_by: str
    started_at: datetime
    problem: str
    """Why nothing was sealed; empty unless the run failed."""


def claim_run(session: Session, round_id: str, by: str, now: datetime) -> str:
    """Begin the round's only run and return its code; one before it that was interrupted, or ended here, is logged.

    The caller has locked the round's row, so that of two who claim at once one is refused. Raises SealError if another
    run gives signs of life.
    """
    former = seal_run_store.newest_run(session, round_id)
    if former is not None and (cancelled := unwritten_end(former.run_code)) is not None:
        settle_unwritten_end(session, cancelled, now)
    elif former is not None and former.outcome == "running":
        if not _is_silent(former, now):
            msg = (
                f"{former.started_by} began to seal this round at {former.started_at:%H:%M} UTC, and that seal is "
                "under way. Wait until it has ended; the round's page shows how far it is."
            )
            raise SealError(msg)
        detail = {"by": former.started_by, "begun": former.started_at.isoformat(), "step": former.step}
        append_event(session, round_id, by, "seal interrupted", {**detail, "why": "nothing was sealed"}, now)
    run_code = random_code()
    started = {"started_by": by, "started_at": now, "beat_at": now, "outcome": "running", "problem": ""}
    seal_run_store.replace_run(
        session, SealRunRow(round_id=round_id, run_code=run_code, step=FIRST_STEP, done=0, total=0, **started)
    )
    return run_code


def require_current_run(session: Session, round_id: str, run_code: str) -> None:
    """Raise SealError if a run was taken for dead and another was begun since, which may still be going on.

    The caller has locked the round's row, so that no other run is begun before the end of the transaction.
    """
    newest = seal_run_store.newest_run(session, round_id)
    if newest is None or newest.run_code != run_code or newest.outcome != "running":
        msg = (
            "This seal gave no sign of life for a while, was taken for dead, and another seal of the round was begun "
            "since: so nothing of it was stored. The round's page shows how far the other seal is."
        )
        raise SealError(msg)


def end_run(session: Session, round_id: str, run_code: str, now: datetime) -> None:
    """Store that a run ended with the seal. A run that another one replaced stores nothing."""
    seal_run_store.write_outcome(session, round_id, run_code, "sealed", "", now)


def latest_run(session: Session, round_id: str, now: datetime) -> SealRun | None:
    """The newest run as it stands now; None if no seal was begun."""
    row = seal_run_store.newest_run(session, round_id)
    if row is None:
        return None
    progress = SealProgress(row.step, row.done, row.total)
    cancelled = unwritten_end(row.run_code) if row.outcome == "running" else None
    if cancelled is not None:
        return SealRun("failed", progress, row.started_by, row.started_at, cancelled.reason)
    state = "interrupted" if row.outcome == "running" and _is_silent(row, now) else row.outcome
    return SealRun(state, progress, row.started_by, row.started_at, row.problem)


def _is_silent(run_row: SealRunRow, now: datetime) -> bool:
    """Whether the run gave no sign of life for a while; one from the future was given before the clock was set back."""
    return abs(now - run_row.beat_at) > SILENCE
