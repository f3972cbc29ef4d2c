"""SQL of time stamps, which are added and read, never changed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.store.tables import ChainEntryRow, TimestampRow


def add_timestamp(session: Session, row: TimestampRow) -> None:
    """Insert a time stamp."""
    session.add(row)
    session.flush()


def timestamps_of_round(session: Session, round_id: str) -> Sequence[TimestampRow]:
    """Every time stamp of the round, in the order in which they were stored."""
    return session.scalars(
        select(TimestampRow).where(TimestampRow.round_id == round_id).order_by(TimestampRow.id)
    ).all()


def first_entry_at(session: Session, round_id: str) -> datetime | None:
    """The time of the earliest entry in any evaluator's chain; None if nobody has judged."""
    return session.scalar(select(func.min(ChainEntryRow.at)).where(ChainEntryRow.round_id == round_id))
