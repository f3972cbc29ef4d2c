"""Seals that ended without being stored: the log and the seal's run say why, as soon as the database takes it.

What ends a seal may be the database itself: locked for long, or on a disk that is full. Then this process remembers
why, and whatever asks about the run here is told, until it could be written down.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from app.evidence.event_details import DrawDetail
from app.foundation.errors import FirstGlanceError, error_summary
from app.services.log import append_event, is_log_locked
from app.store import rounds as round_store
from app.store import seal_runs as seal_run_store
from app.store.engine import Database

PAUSE_SECONDS = 1.0
PATIENCE_SECONDS = 5.0
"""For so long an end is tried to be written down before somebody is told that it was not."""


@dataclass(frozen=True)
class CancelledSeal:
    """A seal that ended without being stored."""

    round_id: str
    run_code: str
    draw: DrawDetail
    by: str
    """Who began it."""
    reason: str


_unwritten: dict[str, CancelledSeal] = {}
"""Those of this process that the database did not take, by the code of their run."""


def unwritten_end(run_code: str) -> CancelledSeal | None:
    """How a run ended in this process, if the database does not have it yet."""
    return _unwritten.get(run_code)


def write_down(database: Database, cancelled: CancelledSeal, clock: Callable[[], datetime]) -> bool:
    """Write down why a seal was cancelled; whether the database took it, in a few tries."""
    last_try = time.monotonic() + PATIENCE_SECONDS
    try:
        with database.writing() as session:
            log_cancelled_seal(session, cancelled.round_id, cancelled.draw, cancelled.by, cancelled.reason, clock())
            _end_run(session, cancelled, clock())
    except SQLAlchemyError:
        _unwritten[cancelled.run_code] = cancelled
    while cancelled.run_code in _unwritten and time.monotonic() < last_try:
        time.sleep(PAUSE_SECONDS)
        write_down_later(database, cancelled, clock)
    return cancelled.run_code not in _unwritten


def write_down_later(database: Database, cancelled: CancelledSeal, clock: Callable[[], datetime]) -> bool:
    """Try once more to write down why a seal was cancelled; whether nothing is left to write."""
    try:
        with database.writing() as session:
            settle_unwritten_end(session, cancelled, clock())
    except SQLAlchemyError:
        return False
    _unwritten.pop(cancelled.run_code, None)
    return True


def settle_unwritten_end(session: Session, cancelled: CancelledSeal, now: datetime) -> None:
    """Write down why a seal was cancelled, unless that was done, or another seal was begun since, which logged it."""
    round_store.find_round(session, cancelled.round_id, for_update=True)
    newest = seal_run_store.newest_run(session, cancelled.round_id)
    if newest is not None and (newest.run_code, newest.outcome) == (cancelled.run_code, "running"):
        log_cancelled_seal(session, cancelled.round_id, cancelled.draw, cancelled.by, cancelled.reason, now)
        _end_run(session, cancelled, now)


def log_cancelled_seal(session: Session, round_id: str, draw: DrawDetail, by: str, reason: str, now: datetime) -> None:
    """Log that a seal ended without being stored, and why; its draw stays counted.

    Once the round was locked, after another seal, the log takes no cancelled seal any more.
    """
    if not is_log_locked(session, round_id):
        append_event(session, round_id, by, "seal cancelled", {"why": reason, "number": draw.number}, now)


def reason_of(ending: BaseException) -> str:
    """Why an error ended a seal, in whole sentences."""
    match ending:
        case FirstGlanceError():
            return str(ending)
        case KeyboardInterrupt():
            return "It was stopped at the terminal where it was made. Seal the round again."
        case SystemExit():
            return "The program that made it was ended. Seal the round again."
        case MemoryError():
            return "The memory of the machine did not suffice. Give it more, and seal the round again."
        case DBAPIError():
            reason = error_summary(ending.orig if isinstance(ending.orig, Exception) else ending)
            return f"The database did not take it ({reason}). See that it runs and has room, and seal the round again."
        case OSError():
            return f"A file could not be read or written ({error_summary(ending)}). Mend it, and seal the round again."
        case _:
            summary = next((line.strip() for line in str(ending).splitlines() if line.strip()), "")
            fault = f"{type(ending).__name__}: {summary}" if summary else type(ending).__name__
            return f"First Glance has a fault: it did not foresee this ({fault}). Please report it."


def _end_run(session: Session, cancelled: CancelledSeal, now: datetime) -> None:
    seal_run_store.write_outcome(session, cancelled.round_id, cancelled.run_code, "failed", cancelled.reason, now)
