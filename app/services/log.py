"""The round's log: every step, refusal and reading of a key. It is a chain and only ever appended to."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app import __version__
from app.evidence.chains import START_OF_LOG, chain_digest, first_break
from app.evidence.entries import ENTRY_VERSION, RESULT_ACTIONS, EventAction, event_entry
from app.evidence.log_checks import AFTER_THE_LOCK
from app.evidence.signing import SIGNATURE, SigningKey, sign_event
from app.foundation.errors import FirstGlanceError, LifecycleError, NotFoundError, SealError
from app.foundation.json_types import JsonObject
from app.store import log as log_store
from app.store.engine import Database
from app.store.rounds import NO_SUCH_ROUND
from app.store.tables import EventRow

VIA, SHELL = "via", "shell"
"""What the details of all steps that were done from the command line say, refusals too: nobody was signed in."""


@dataclass(frozen=True)
class Event:
    """One entry of the log."""

    number: int
    at: datetime
    actor: str
    action: EventAction
    detail: JsonObject
    chain: str


def append_event(
    session: Session,
    round_id: str,
    actor: str,
    action: EventAction,
    detail: JsonObject,
    now: datetime,
    signing_key: SigningKey | None = None,
) -> str:
    """Add an event and return the chain's new head.

    Raises NotFoundError if there is no such round, and LifecycleError for an event that checks would refuse after the
    lock: the round could never be unblinded then.

    An event is never dated before the one before it, also if the server's clock was set back. With the round's
    `signing_key` the event is signed: nobody without the key can change it, or an event before it.
    """
    if not log_store.lock_log(session, round_id):
        raise NotFoundError(NO_SUCH_ROUND)
    if action not in AFTER_THE_LOCK and is_log_locked(session, round_id):
        msg = f"The round was locked, and after the lock its log takes no entry “{action}”. Nothing was changed."
        raise LifecycleError(msg)
    newest = log_store.newest_event(session, round_id)
    row = EventRow(
        round_id=round_id,
        number=newest.number + 1 if newest else 0,
        at=max(now, newest.at) if newest else now,
        actor=actor,
        action=action,
        detail={**detail, VIA: SHELL} if is_by_shell(session) else detail,
        version=ENTRY_VERSION,
        program=__version__,
    )
    previous = newest.chain if newest else START_OF_LOG
    if signing_key is not None:
        row.detail = {**row.detail, SIGNATURE: sign_event(signing_key, previous, event_entry(round_id, row))}
    row.chain = chain_digest(previous, event_entry(round_id, row))
    log_store.add_event(session, row)
    return row.chain


@contextmanager
def logged_attempt(database: Database, round_id: str, actor: str, action: str, now: datetime) -> Iterator[Session]:
    """A session that writes one step of a round. If the step is refused, it is undone and the refusal is logged."""
    with logged_refusal(database, round_id, actor, action, now), database.writing() as session:
        yield session


@contextmanager
def logged_refusal(database: Database, round_id: str, actor: str, action: str, now: datetime) -> Iterator[None]:
    """Log the refusal if one step of a round is refused; the caller undoes what the step wrote."""
    try:
        yield
    except FirstGlanceError as error:
        _log_refusal(database, round_id, actor, {"attempted": action, "why": str(error)}, now)
        raise


def log_refusal_once(database: Database, round_id: str, actor: str, attempted: str, why: str, now: datetime) -> None:
    """Log that somebody was refused to read something, the first time only."""

    def is_logged(session: Session) -> bool:
        return any(
            event.action == "refused" and event.actor == actor and event.detail.get("attempted") == attempted
            for event in log_store.events_of_round(session, round_id)
        )

    with database.reading() as session:
        if is_logged(session):
            return
    with database.writing() as session:
        if log_store.lock_log(session, round_id) and not is_logged(session):
            append_event(session, round_id, actor, "refused", {"attempted": attempted, "why": why}, now)


def round_events(session: Session, round_id: str) -> list[Event]:
    """The log, oldest entry first."""
    return [
        Event(row.number, row.at, row.actor, row.action, row.detail, row.chain)
        for row in log_store.events_of_round(session, round_id)
    ]


def is_by_shell(session: Session) -> bool:
    """Whether a command in the shell acts in this session, so that no sign-in says who it is."""
    return bool(session.info.get(VIA) == SHELL)


def has_proved_key(events: Sequence[Event]) -> bool:
    """Whether the log says that somebody proved to have a key of the round."""
    return any(event.action == "key proved" for event in events)


def lock_digest(session: Session, round_id: str) -> str | None:
    """The lock's digest, to be published: the chain digest of the log's entry "locked". None before the lock.

    It covers every event until then, and so the commitment, the end of every chain, and everyone who was enrolled.
    """
    event = log_store.newest_event_with(session, round_id, "locked")
    return None if event is None else event.chain


def is_log_locked(session: Session, round_id: str) -> bool:
    """Whether the log has the lock, which ended the judging for good: also in a round that was abandoned later."""
    return lock_digest(session, round_id) is not None


def result_digest(session: Session, round_id: str) -> str | None:
    """The result's digest, to be published: the chain digest of the newest unblinding or correction; None before.

    It covers the whole log until then, and so the lock as well.
    """
    events = [event for event in round_events(session, round_id) if event.action in RESULT_ACTIONS]
    return events[-1].chain if events else None


def latest_event(events: Sequence[Event], action: EventAction) -> Event:
    """The latest event with this action. Raises SealError if there is none, because the log must have one."""
    event = next((event for event in reversed(events) if event.action == action), None)
    if event is None:
        msg = f"The log has no entry “{action}”; it was changed. The round is not unblinded."
        raise SealError(msg)
    return event


def verify_log(session: Session, round_id: str) -> None:
    """Raise SealError naming the first event that does not follow from those before it in the chain."""
    if problem := log_problem(session, round_id):
        raise SealError(problem)


def log_problem(session: Session, round_id: str) -> str:
    """A sentence that names the first event that does not follow from those before it; empty if all do."""
    rows = log_store.events_of_round(session, round_id)
    broken = first_break(START_OF_LOG, ((event_entry(round_id, row), row.chain) for row in rows))
    if broken is None:
        return ""
    row = rows[broken]
    return f"The log was changed: event {row.number} ({row.action}) does not follow from those before it."


def _log_refusal(database: Database, round_id: str, actor: str, detail: JsonObject, now: datetime) -> None:
    with database.writing() as session:
        if log_store.lock_log(session, round_id):
            append_event(session, round_id, actor, "refused", detail, now)
