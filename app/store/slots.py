"""SQL of slots: in an overlap design each item has k slots, one for each judgment that it needs.

One conditional UPDATE leases a slot, so two evaluators can never have the same one; the unique constraint on
(round, item, copy) of assignments is a second guard. Nothing is counted, and only open slots are read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Update, func, select, update
from sqlalchemy.orm import Session

from app.store.tables import AssignmentRow, EvaluatorRow, SlotRow

FREE_SLOTS = update(SlotRow).values(evaluator_id=None, leased_until=None, judged=False)


@dataclass(frozen=True)
class Slot:
    """A slot for one judgment of an item."""

    item_code: str
    judgment_number: int
    """Which of the item's k judgments it is, from 0: the column `copy`."""


def add_slots(session: Session, slots: Sequence[SlotRow]) -> None:
    """Insert the slots of a round."""
    session.add_all(slots)
    session.flush()


def open_slots(session: Session, evaluator: EvaluatorRow, first_place: int, now: datetime, limit: int) -> list[Slot]:
    """Open slots of items never assigned to this evaluator: from the place `first_place` on, then from the start."""
    query = (
        select(SlotRow.item, SlotRow.copy)
        .where(SlotRow.round_id == evaluator.round_id, _is_open(now), _never_assigned(evaluator))
        .order_by(SlotRow.place)
        .limit(limit)
    )
    rows = session.execute(query.where(SlotRow.place >= first_place)).all()
    if len(rows) < limit:
        rows = [*rows, *session.execute(query.where(SlotRow.place < first_place)).all()]
    return [Slot(item_code, judgment_number) for item_code, judgment_number in rows[:limit]]


def lease_slot(session: Session, evaluator: EvaluatorRow, slot: Slot, now: datetime, lease_end: datetime) -> bool:
    """Lease the slot if it is open, also after another evaluator's lease expired. Returns whether it was open."""
    lease = (
        update(SlotRow)
        .where(_is_slot(evaluator.round_id, slot), _is_open(now))
        .values(evaluator_id=evaluator.id, leased_until=lease_end)
    )
    if not _changes_a_row(session, lease):
        return False
    expired = (
        AssignmentRow.round_id == evaluator.round_id,
        AssignmentRow.item == slot.item_code,
        AssignmentRow.copy == slot.judgment_number,
    )
    session.execute(update(AssignmentRow).where(*expired).values(copy=None))
    return True


def append_assignment(session: Session, evaluator: EvaluatorRow, slot: Slot, lease_end: datetime) -> None:
    """Add the item at the end of the evaluator's order."""
    query = select(func.max(AssignmentRow.position)).where(AssignmentRow.evaluator_id == evaluator.id)
    last_position = session.scalar(query)
    row = AssignmentRow(
        evaluator_id=evaluator.id,
        round_id=evaluator.round_id,
        item=slot.item_code,
        position=0 if last_position is None else last_position + 1,
        copy=slot.judgment_number,
        leased_until=lease_end,
    )
    session.add(row)
    session.flush()


def close_leased_slot(session: Session, evaluator: EvaluatorRow, item_code: str) -> bool:
    """Close the slot that this evaluator leased for the item. Returns False if they have no such lease."""
    leased = (*_leased_by(evaluator, item_code), SlotRow.judged.is_(False))
    return _changes_a_row(session, update(SlotRow).where(*leased).values(judged=True))


def open_slots_of_item(session: Session, round_id: str, item_code: str, now: datetime) -> list[Slot]:
    """The open slots of one item."""
    query = select(SlotRow.copy).where(SlotRow.round_id == round_id, SlotRow.item == item_code, _is_open(now))
    return [Slot(item_code, judgment_number) for judgment_number in session.scalars(query.order_by(SlotRow.copy))]


def record_judgment_number(session: Session, evaluator: EvaluatorRow, slot: Slot) -> None:
    """Record in the assignment which of the item's k judgments is this evaluator's."""
    session.get_one(AssignmentRow, (evaluator.id, slot.item_code)).copy = slot.judgment_number
    session.flush()


def latest_items(session: Session, evaluator_id: str, count: int) -> list[str]:
    """The items that were assigned to the evaluator last, the newest first."""
    query = select(AssignmentRow.item).where(AssignmentRow.evaluator_id == evaluator_id)
    return list(session.scalars(query.order_by(AssignmentRow.position.desc()).limit(count)))


def has_unjudged_slot(session: Session, round_id: str) -> bool:
    """Whether the round has a slot without a judgment, open or leased."""
    query = select(SlotRow.item).where(SlotRow.round_id == round_id, SlotRow.judged.is_(False)).limit(1)
    return session.scalar(query) is not None


def has_unjudged_slot_for(session: Session, evaluator: EvaluatorRow) -> bool:
    """Whether an item that was never assigned to this evaluator has a slot without a judgment."""
    query = select(SlotRow.item).where(
        SlotRow.round_id == evaluator.round_id, SlotRow.judged.is_(False), _never_assigned(evaluator)
    )
    return session.scalar(query.limit(1)) is not None


def free_slot(session: Session, evaluator: EvaluatorRow, item_code: str) -> None:
    """Open the evaluator's slot of an item again; the assignment stays, so that they never get the item twice."""
    session.execute(FREE_SLOTS.where(*_leased_by(evaluator, item_code)))


def free_slots_of_evaluator(session: Session, evaluator: EvaluatorRow) -> None:
    """Open every slot of an evaluator again, judged or not."""
    session.execute(FREE_SLOTS.where(SlotRow.evaluator_id == evaluator.id))


def _leased_by(evaluator: EvaluatorRow, item_code: str) -> tuple[ColumnElement[bool], ...]:
    return SlotRow.round_id == evaluator.round_id, SlotRow.item == item_code, SlotRow.evaluator_id == evaluator.id


def _never_assigned(evaluator: EvaluatorRow) -> ColumnElement[bool]:
    assignments = select(AssignmentRow.item).where(
        AssignmentRow.evaluator_id == evaluator.id, AssignmentRow.item == SlotRow.item
    )
    return ~assignments.exists()


def _is_open(now: datetime) -> ColumnElement[bool]:
    is_free = SlotRow.evaluator_id.is_(None) | (SlotRow.leased_until < now)
    return SlotRow.judged.is_(False) & is_free


def _is_slot(round_id: str, slot: Slot) -> ColumnElement[bool]:
    return (SlotRow.round_id == round_id) & (SlotRow.item == slot.item_code) & (SlotRow.copy == slot.judgment_number)


def _changes_a_row(session: Session, statement: Update) -> bool:
    """Run an update. Returns whether it changed a row."""
    return bool(getattr(session.execute(statement), "rowcount", 0))
