"""What is deleted about evaluators some time after their round: link and session, which lead from a person to answers.

The answers of a locked round stay, because the lock names the end of every chain: without them nobody could check the
result. A round that was abandoned before its lock has no result; without a link nobody could delete their answers
there, so they are deleted with the link.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.services.log import is_log_locked
from app.services.own_data import erase
from app.store import evaluators as evaluator_store
from app.store import log as log_store
from app.store import rounds as round_store


def delete_expired_links(session: Session, retention_days: int, now: datetime) -> int:
    """Delete link and session of everyone whose round was locked or abandoned so many days ago; returns how many.

    In a round that was never locked, their answers and pseudonym are deleted with them. 0 days delete nothing.
    """
    if retention_days == 0:
        return 0
    latest_end = now - timedelta(days=retention_days)
    ended_rounds = [row.id for row in round_store.all_rounds(session) if _has_ended_by(session, row.id, latest_end)]
    expired = [
        evaluator
        for round_id in ended_rounds
        for evaluator in evaluator_store.evaluators_of_round(session, round_id)
        if not evaluator_store.is_link_forgotten(evaluator)
    ]
    for evaluator in expired:
        if evaluator.erased_at is not None or is_log_locked(session, evaluator.round_id):
            evaluator_store.forget_link(evaluator)
        else:
            erase(session, evaluator, now)
    return len(expired)


def _has_ended_by(session: Session, round_id: str, latest_end: datetime) -> bool:
    """Whether the round was locked, or abandoned without a lock, at this time or before."""
    end = log_store.newest_event_with(session, round_id, "locked") or log_store.newest_event_with(
        session, round_id, "abandoned"
    )
    return end is not None and end.at <= latest_end
