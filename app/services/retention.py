"""What is deleted about evaluators some time after their round: link and session, which lead from a person to answers.

The answers stay, because the lock names the end of every chain: without them nobody could check the result.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.store import evaluators as evaluator_store
from app.store import log as log_store
from app.store import rounds as round_store

FORGOTTEN = "forgotten "
"""How the text begins that stands in place of the digest of a deleted link: no link has it as its digest."""


def delete_expired_links(session: Session, retention_days: int, now: datetime) -> int:
    """Delete link and session of everyone whose round was locked or abandoned so many days ago; returns how many.

    0 days delete nothing.
    """
    if retention_days == 0:
        return 0
    latest_end = now - timedelta(days=retention_days)
    ended_rounds = [row.id for row in round_store.all_rounds(session) if _has_ended_by(session, row.id, latest_end)]
    expired = [
        evaluator
        for round_id in ended_rounds
        for evaluator in evaluator_store.evaluators_of_round(session, round_id)
        if not evaluator.token_sha256.startswith(FORGOTTEN)
    ]
    for evaluator in expired:
        evaluator.token_sha256, evaluator.session_sha256 = f"{FORGOTTEN}{evaluator.id}", None
    return len(expired)


def _has_ended_by(session: Session, round_id: str, latest_end: datetime) -> bool:
    """Whether the round was locked, or abandoned without a lock, at this time or before."""
    end = log_store.newest_event_with(session, round_id, "locked") or log_store.newest_event_with(
        session, round_id, "abandoned"
    )
    return end is not None and end.at <= latest_end
