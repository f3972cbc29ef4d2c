"""Whether what identifies units by their text may be read: not while a round on the same models is open.

With an archive of one of its models, or with the items and the allocation of an earlier round on it, an item of an open
round is found by its text, and with it the arm: also if the archive is of another site, of other units or of more text,
since much of what makes them fire is the same. An override gives a reason, which the log of every such round keeps: its
report begins with “Blind broken”.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from app.archive.archive import Archive
from app.evidence.entries import EventAction
from app.foundation.errors import AccessError
from app.rounds.lifecycle import State, require_reason
from app.services.archives import archive_fingerprints
from app.services.log import append_event, log_refusal_once
from app.services.related_rounds import rounds_of_models, rounds_on_same_models
from app.store import log as log_store
from app.store import rounds as round_store
from app.store.engine import Database

OPEN_STATES: tuple[State, ...] = ("sealed", "collecting")
"""The states in which an item's arm must stay unknown: from the seal until the lock."""


def rounds_on_archive(session: Session, archive: Archive) -> tuple[str, ...]:
    """Ids of the rounds on the model of this archive."""
    return rounds_of_models(session, archive_fingerprints(archive))


def browse_archive(database: Database, archive: Archive, by: str, reason: str | None, now: datetime) -> None:
    """Write into the logs of all rounds on the model of an archive, once, that `by` looks at it.

    While one of them is open, it needs a reason, which breaks the blind; without one it is refused with AccessError,
    and these logs say so. The logs do not say which archive it was: nobody is to learn it before the unblinding.
    """
    with database.reading() as session:
        open_ids = _unbroken(session, rounds_on_archive(session, archive), by)
    if open_ids and reason is None:
        refusal = explain_refusal(open_ids)
        for round_id in open_ids:
            log_refusal_once(database, round_id, by, "browse archives", refusal, now)
        raise AccessError(refusal)
    with database.writing() as session:
        if open_ids:
            break_blind(session, open_ids, by, reason or "", now)
        for round_id in rounds_on_archive(session, archive):
            if not _has_browsed(session, round_id, by, "archives browsed", "archives shown"):
                append_event(session, round_id, by, "archives shown", {}, now)


def open_rounds_beside(session: Session, round_id: str, by: str) -> list[str]:
    """Ids of the other open rounds on the models of a round whose blind `by` has not broken yet."""
    return _unbroken(session, [other for other in rounds_on_same_models(session, round_id) if other != round_id], by)


def round_titles(session: Session, round_ids: Collection[str]) -> dict[str, str]:
    """{id: title} of rounds."""
    return {round_id: round_store.find_round(session, round_id).title for round_id in round_ids}


def require_no_open_round(session: Session, round_id: str, by: str) -> None:
    """Raise AccessError if models of the round are judged in another round now."""
    if open_ids := open_rounds_beside(session, round_id, by):
        raise AccessError(explain_refusal(open_ids))


def break_blind(session: Session, open_ids: Collection[str], by: str, reason: str, now: datetime) -> None:
    """Write into the logs of open rounds that `by` reads what identifies their items.

    Raises InputError without a reason.
    """
    checked_reason = require_reason(reason)
    for round_id in open_ids:
        append_event(session, round_id, by, "archives browsed", {"reason": checked_reason}, now)


def explain_refusal(open_ids: Collection[str]) -> str:
    """The sentence that refuses, and says what to do."""
    names = ", ".join(open_ids)
    return (
        f"The same models are judged blind in an open round ({names}), and this text would tell which item is which. "
        "Wait for its lock. Or give a reason, on the gallery's page or with --break-blind: the log keeps it, and the "
        "report of the open round begins with “Blind broken”."
    )


def _unbroken(session: Session, round_ids: Collection[str], by: str) -> list[str]:
    return [
        round_id
        for round_id in round_ids
        if round_store.find_round(session, round_id).state in OPEN_STATES
        and not _has_browsed(session, round_id, by, "archives browsed")
    ]


def _has_browsed(session: Session, round_id: str, by: str, *actions: EventAction) -> bool:
    return any(event.action in actions and event.actor == by for event in log_store.events_of_round(session, round_id))
