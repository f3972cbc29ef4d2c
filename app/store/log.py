"""SQL of the round's log. Events are added and read; there is no function that changes or removes one."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.evidence.entries import EventAction
from app.store.tables import EventRow, RoundRow


def lock_log(session: Session, round_id: str) -> bool:
    """Let only this transaction append to the round's log until it ends. Returns whether the round exists."""
    return session.scalar(select(RoundRow.id).where(RoundRow.id == round_id).with_for_update()) is not None


def newest_event(session: Session, round_id: str) -> EventRow | None:
    """The newest event of the round's log; None while it is empty."""
    query = select(EventRow).where(EventRow.round_id == round_id).order_by(EventRow.number.desc()).limit(1)
    return session.scalars(query).first()


def newest_event_with(session: Session, round_id: str, action: EventAction) -> EventRow | None:
    """The newest event of the round with this action; None if there is none."""
    query = select(EventRow).where(EventRow.round_id == round_id, EventRow.action == action)
    return session.scalars(query.order_by(EventRow.number.desc()).limit(1)).first()


def add_event(session: Session, event: EventRow) -> None:
    """Append an event; its number is unique within the round."""
    session.add(event)
    session.flush()


def events_of_round(session: Session, round_id: str) -> Sequence[EventRow]:
    """Every event of the round's log, oldest first."""
    return session.scalars(select(EventRow).where(EventRow.round_id == round_id).order_by(EventRow.number)).all()
