"""Giving items to evaluators. It knows codes and distances, and cannot reach an arm.

Crossed: everyone gets every item, in an order of their own, when they are invited. Blocks: everyone gets one block.
Overlap: items are leased one at a time, so that evaluators can come and go, and each item gets exactly as many
judgments as the design says; an answer that comes after its lease has gone to someone else is kept as an extra one.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.foundation.errors import LifecycleError
from app.rounds.blocks import blocks, columns_of
from app.rounds.ordering import breaches, order
from app.rounds.randomness import SecretRandom
from app.store import rounds as round_store
from app.store import slots as slot_store
from app.store.tables import AssignmentRow, EvaluatorRow, SlotRow

PLACE_BITS = 62
CHOICES = 12
"""Open slots looked at for one that keeps its distances."""


def make_slots(session: Session, round_id: str) -> None:
    """Make the k slots of every item, at random places, if the design's overlap is limited. Called at the seal."""
    row = round_store.round_row(session, round_id)
    if row.public_design.get("assignment") != "overlap":
        return
    places = SecretRandom(str(row.commitment), "places")
    codes = round_store.apart(session, round_id, training=False)
    copies = int(str(row.public_design["overlap"]))
    made = [
        SlotRow(round_id=round_id, item=code, copy=copy, place=places.getrandbits(PLACE_BITS))
        for code in codes
        for copy in range(copies)
    ]
    slot_store.add(session, made)


def assign(session: Session, evaluator: EvaluatorRow) -> int:
    """Write the evaluator's training items and, unless items are leased, the whole order. Called at the invitation.

    Returns how many pairs of items that share a window stand nearer than they should, for the log.
    """
    public = round_store.round_row(session, evaluator.round_id).public_design
    training = round_store.apart(session, evaluator.round_id, training=True)
    _give(session, evaluator, ((code, None) for code in order(training, evaluator.order_seed)), 0)
    apart = round_store.apart(session, evaluator.round_id, training=False)
    codes: Iterable[str] = () if public.get("assignment") == "overlap" else apart
    copy = None
    if public.get("assignment") == "blocks":
        codes, copy = _block(session, evaluator, public, list(apart))
    placed = order(list(codes), evaluator.order_seed, apart)
    _give(session, evaluator, ((code, copy) for code in placed), len(training))
    return breaches(placed, apart)


def claim(session: Session, evaluator_id: str, now: datetime) -> bool:
    """Lease the next item to the evaluator; whether there is one. False in designs without leases."""
    evaluator = slot_store.hold(session, evaluator_id)
    public = round_store.round_row(session, evaluator.round_id).public_design
    if public.get("assignment") != "overlap":
        return False
    until = now + timedelta(minutes=int(str(public["lease_minutes"])))
    recent = slot_store.recent(session, evaluator_id, CHOICES)
    pivot = SecretRandom(evaluator.order_seed, f"claim {recent[0] if recent else ''}").getrandbits(PLACE_BITS)
    while wanted := slot_store.wanted(session, evaluator, pivot, now, CHOICES):
        for slot in _preferred(session, evaluator.round_id, wanted, recent):
            if slot_store.take(session, evaluator, slot, now, until):
                slot_store.give(session, evaluator, slot, until)
                return True
    return False


def incomplete(session: Session, round_id: str) -> bool:
    """Whether a design with limited overlap still lacks judgments: an open slot, or a block that nobody finished."""
    public = round_store.round_row(session, round_id).public_design
    if public.get("assignment") == "overlap":
        return slot_store.any_unjudged(session, round_id)
    codes = round_store.apart(session, round_id, training=False)
    copies = int(str(public["overlap"]))
    wanted = columns_of(len(codes), int(str(public["block"])), copies) * copies
    done = [
        one for one in round_store.tallies(session, round_id).values() if one.assigned and one.judged >= one.assigned
    ]
    return len(done) < wanted


def waiting(session: Session, evaluator_id: str) -> bool:
    """Whether items that this evaluator never had are still open, so that who has nothing now may have some later."""
    return slot_store.any_to_come(session, round_store.evaluator(session, evaluator_id))


def release(session: Session, evaluator_id: str, item: str) -> None:
    """Free the slot of an item that was passed over, for others: whoever was given an item once never is again."""
    slot_store.free(session, round_store.evaluator(session, evaluator_id), item)


def judged(session: Session, evaluator: EvaluatorRow, item: str, now: datetime) -> None:
    """Close the slot of an item that was judged; if its lease was lost, take an open copy, or be an extra one."""
    if slot_store.mark_judged(session, evaluator, item):
        return
    for slot in slot_store.open_copies(session, evaluator.round_id, item, now):
        if slot_store.take(session, evaluator, slot, now, now):
            slot_store.set_copy(session, evaluator, slot)
            slot_store.mark_judged(session, evaluator, item)
            return


def _give(session: Session, evaluator: EvaluatorRow, codes: Iterable[tuple[str, int | None]], first: int) -> None:
    rows = [
        AssignmentRow(evaluator_id=evaluator.id, round_id=evaluator.round_id, item=code, position=position, copy=copy)
        for position, (code, copy) in enumerate(codes, start=first)
    ]
    round_store.add_assignments(session, rows)


def _block(
    session: Session, evaluator: EvaluatorRow, public: dict[str, Any], codes: list[str]
) -> tuple[tuple[str, ...], int]:
    """The first block that nobody has, and which of each item's judgments it is."""
    seed = str(round_store.round_row(session, evaluator.round_id).commitment)
    copies = int(public["overlap"])
    laid = blocks(codes, int(public["block"]), copies, seed)
    taken = {one.block for one in round_store.evaluators(session, evaluator.round_id)}
    number = next((number for number in range(len(laid)) if number not in taken), None)
    if number is None:
        msg = f"All {len(laid)} blocks of this design are given out; reissue the link of someone who did not come."
        raise LifecycleError(msg)
    evaluator.block = number
    return laid[number], number // (len(laid) // copies)


def _preferred(
    session: Session, round_id: str, wanted: list[slot_store.Slot], recent: list[str]
) -> list[slot_store.Slot]:
    """Those that keep their distance from what the evaluator saw last, before the others."""
    apart = round_store.apart_of(session, round_id, [slot.item for slot in wanted])

    def too_near(slot: slot_store.Slot) -> bool:
        return any(apart[slot.item].get(item, 0) > back for back, item in enumerate(recent, start=1))

    return sorted(wanted, key=too_near)
