"""SQL of slots: the k judgments that each item is to have when overlap is limited.

A slot is taken by one conditional UPDATE, so two evaluators can never have the same one, and the unique constraint on
(round, item, copy) of assignments stands behind it. Nothing is counted and nothing but open slots is looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from app.store.tables import AssignmentRow, EvaluatorRow, SlotRow


@dataclass(frozen=True)
class Slot:
    """One judgment that is still wanted."""

    item: str
    copy: int


def add_slots(session: Session, rows: Sequence[SlotRow]) -> None:
    """Insert the slots of a round."""
    session.add_all(rows)
    session.flush()


def lock_evaluator(session: Session, evaluator_id: str) -> EvaluatorRow:
    """The evaluator; nobody else gives them items until this transaction ends."""
    return session.get_one(EvaluatorRow, evaluator_id, with_for_update=True, populate_existing=True)


def open_slots(session: Session, evaluator: EvaluatorRow, pivot: int, now: datetime, limit: int) -> list[Slot]:
    """Open slots of items that this evaluator was never given, from `pivot` upwards and then from the start."""
    query = (
        select(SlotRow.item, SlotRow.copy)
        .where(SlotRow.round_id == evaluator.round_id, _open(now), _new_to(evaluator))
        .order_by(SlotRow.place)
        .limit(limit)
    )
    found = session.execute(query.where(SlotRow.place >= pivot)).all()
    if len(found) < limit:
        found = [*found, *session.execute(query.where(SlotRow.place < pivot)).all()]
    return [Slot(item, copy) for item, copy in found[:limit]]


def lease_slot(session: Session, evaluator: EvaluatorRow, slot: Slot, now: datetime, until: datetime) -> bool:
    """Lease the slot if it is still open, taking it from whoever let it expire; whether it was."""
    done = session.execute(
        update(SlotRow)
        .where(_is(evaluator.round_id, slot), _open(now))
        .values(evaluator_id=evaluator.id, leased_until=until)
    )
    if not _touched(done):
        return False
    session.execute(
        update(AssignmentRow)
        .where(
            AssignmentRow.round_id == evaluator.round_id,
            AssignmentRow.item == slot.item,
            AssignmentRow.copy == slot.copy,
        )
        .values(copy=None)
    )
    return True


def append_assignment(session: Session, evaluator: EvaluatorRow, slot: Slot, until: datetime) -> None:
    """Put the item at the end of the evaluator's order."""
    last = select(func.max(AssignmentRow.position)).where(AssignmentRow.evaluator_id == evaluator.id)
    before = session.scalar(last)
    row = AssignmentRow(
        evaluator_id=evaluator.id,
        round_id=evaluator.round_id,
        item=slot.item,
        position=0 if before is None else before + 1,
        copy=slot.copy,
        leased_until=until,
    )
    session.add(row)
    session.flush()


def close_leased_slot(session: Session, evaluator: EvaluatorRow, item: str) -> bool:
    """Close the slot that this evaluator leased for the item; False if the lease was lost, or there are no slots."""
    done = session.execute(
        update(SlotRow)
        .where(
            SlotRow.round_id == evaluator.round_id,
            SlotRow.item == item,
            SlotRow.evaluator_id == evaluator.id,
            SlotRow.judged.is_(False),
        )
        .values(judged=True)
    )
    return _touched(done)


def open_slots_of_item(session: Session, round_id: str, item: str, now: datetime) -> list[Slot]:
    """Slots of one item that nobody has."""
    query = select(SlotRow.copy).where(SlotRow.round_id == round_id, SlotRow.item == item, _open(now))
    return [Slot(item, copy) for copy in session.scalars(query.order_by(SlotRow.copy))]


def set_assignment_copy(session: Session, evaluator: EvaluatorRow, slot: Slot) -> None:
    """Say which of the item's judgments this evaluator's is."""
    session.get_one(AssignmentRow, (evaluator.id, slot.item)).copy = slot.copy
    session.flush()


def latest_items(session: Session, evaluator_id: str, count: int) -> list[str]:
    """The items given last, the newest first."""
    query = select(AssignmentRow.item).where(AssignmentRow.evaluator_id == evaluator_id)
    return list(session.scalars(query.order_by(AssignmentRow.position.desc()).limit(count)))


def has_unjudged_slot(session: Session, round_id: str) -> bool:
    """Whether some slot still waits for a judgment, leased or not."""
    query = select(SlotRow.item).where(SlotRow.round_id == round_id, SlotRow.judged.is_(False)).limit(1)
    return session.scalar(query) is not None


def has_unjudged_slot_for(session: Session, evaluator: EvaluatorRow) -> bool:
    """The same among the items that this evaluator was never given."""
    query = select(SlotRow.item).where(
        SlotRow.round_id == evaluator.round_id, SlotRow.judged.is_(False), _new_to(evaluator)
    )
    return session.scalar(query.limit(1)) is not None


def free_slot(session: Session, evaluator: EvaluatorRow, item: str) -> None:
    """Open the evaluator's slot of an item again; the assignment stays, so that they are not given it twice."""
    mine = (SlotRow.round_id == evaluator.round_id, SlotRow.item == item, SlotRow.evaluator_id == evaluator.id)
    session.execute(update(SlotRow).where(*mine).values(evaluator_id=None, leased_until=None, judged=False))


def _new_to(evaluator: EvaluatorRow) -> ColumnElement[bool]:
    had = select(AssignmentRow.item).where(
        AssignmentRow.evaluator_id == evaluator.id, AssignmentRow.item == SlotRow.item
    )
    return ~had.exists()


def _open(now: datetime) -> ColumnElement[bool]:
    free = SlotRow.evaluator_id.is_(None) | (SlotRow.leased_until < now)
    return SlotRow.judged.is_(False) & free


def _is(round_id: str, slot: Slot) -> ColumnElement[bool]:
    return (SlotRow.round_id == round_id) & (SlotRow.item == slot.item) & (SlotRow.copy == slot.copy)


def _touched(result: object) -> bool:
    return bool(getattr(result, "rowcount", 0))
