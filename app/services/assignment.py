"""Assign items to evaluators. This module knows codes and what items show, and cannot reach an arm.

Crossed: everyone gets every item, in an order of their own, when they are invited. Blocks: everyone gets one block.
Overlap: items are leased one at a time, so that evaluators can come and go, and each item gets exactly as many
judgments as the design says. If the lease expired and another evaluator has it now, a late answer is an extra judgment.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.foundation.errors import LifecycleError
from app.judging.public_design import PublicDesign
from app.rounds.blocks import balanced_blocks, blocks_per_replicate
from app.rounds.neighbours import distances_between, too_near
from app.rounds.ordering import Distances, count_breaches, evaluator_order
from app.rounds.randomness import SecretRandom
from app.store import evaluators as evaluator_store
from app.store import rounds as round_store
from app.store import slots as slot_store
from app.store.tables import AssignmentRow, EvaluatorRow, SlotRow

PLACE_BITS = 62
SLOTS_CONSIDERED = 12
"""So many open slots are compared to find one whose item keeps its distances."""


def make_slots(session: Session, round_id: str) -> None:
    """Make the k slots of every item, in a random order, in an overlap design. The seal calls it."""
    round_row = round_store.find_round(session, round_id)
    design = PublicDesign.from_content(round_row.public_design)
    if design.assignment != "overlap":
        return
    generator = SecretRandom(str(round_row.commitment), "places")
    codes = round_store.item_codes(session, round_id, practice=False)
    slots = [
        SlotRow(round_id=round_id, item=code, copy=judgment_number, place=generator.getrandbits(PLACE_BITS))
        for code in codes
        for judgment_number in range(design.overlap)
    ]
    slot_store.add_slots(session, slots)


def round_distances(session: Session, round_id: str) -> dict[str, dict[str, int]]:
    """{code: {code of another item: least distance}} of the items that are no practice, from what they show."""
    codes = round_store.item_codes(session, round_id, practice=False)
    items = round_store.read_items(session, round_id, codes)
    return distances_between(items.values(), round_store.repeat_distance(session, round_id))


def assign_items(session: Session, evaluator: EvaluatorRow, distances: Distances | None = None) -> int:
    """Assign the evaluator's practice items and, unless items are leased, all other items. The invitation calls it.

    `distances` are those of the round, if the caller has them. Returns how many pairs of items are nearer to each other
    than their distance, for the log.
    """
    design = _public_design(session, evaluator.round_id)
    practice_codes = round_store.item_codes(session, evaluator.round_id, practice=True)
    _add_assignments(session, evaluator, evaluator_order(practice_codes, evaluator.order_seed), first_position=0)
    if design.assignment == "overlap":
        return 0
    distances = round_distances(session, evaluator.round_id) if distances is None else distances
    codes, judgment_number = list(distances), None
    if design.assignment == "blocks":
        codes, judgment_number = _claim_block(session, evaluator, design, codes)
    ordered = evaluator_order(codes, evaluator.order_seed, distances)
    _add_assignments(session, evaluator, ordered, first_position=len(practice_codes), judgment_number=judgment_number)
    return count_breaches(ordered, distances)


def lease_next_item(session: Session, evaluator_id: str, now: datetime) -> bool:
    """Lease the next item to the evaluator. Returns whether there was one; False in designs without leases."""
    evaluator = evaluator_store.lock_evaluator(session, evaluator_id)
    design = _public_design(session, evaluator.round_id)
    if design.assignment != "overlap":
        return False
    lease_end = now + timedelta(minutes=design.lease_minutes)
    latest = slot_store.latest_items(session, evaluator_id, SLOTS_CONSIDERED)
    generator = SecretRandom(evaluator.order_seed, f"claim {latest[0] if latest else ''}")
    first_place = generator.getrandbits(PLACE_BITS)
    while slots := slot_store.open_slots(session, evaluator, first_place, now, SLOTS_CONSIDERED):
        for slot in _distant_first(session, evaluator.round_id, slots, latest):
            if slot_store.lease_slot(session, evaluator, slot, now, lease_end):
                slot_store.append_assignment(session, evaluator, slot, lease_end)
                return True
    return False


def items_may_come_free(session: Session, evaluator_id: str) -> bool:
    """Whether items that were never assigned to this evaluator still lack judgments, so that some may come later."""
    return slot_store.has_unjudged_slot_for(session, evaluator_store.find_evaluator(session, evaluator_id))


def lacks_judgments(session: Session, round_id: str) -> bool:
    """Whether an overlap or block design lacks judgments: a slot without one, or a block that nobody finished."""
    design = _public_design(session, round_id)
    if design.assignment == "overlap":
        return slot_store.has_unjudged_slot(session, round_id)
    item_count = len(round_store.item_codes(session, round_id, practice=False))
    block_count = blocks_per_replicate(item_count, design.block, design.overlap) * design.overlap
    return finished_evaluators(session, round_id) < block_count


def finished_evaluators(session: Session, round_id: str) -> int:
    """How many evaluators have judged all items that are assigned to them."""
    tallies = round_store.tallies_by_evaluator(session, round_id).values()
    return sum(tally.assigned > 0 and tally.judged >= tally.assigned for tally in tallies)


def release_slot(session: Session, evaluator_id: str, item_code: str) -> None:
    """Open the slot of a flagged item to other evaluators; the one who flagged it never gets the item again."""
    slot_store.free_slot(session, evaluator_store.find_evaluator(session, evaluator_id), item_code)


def close_slot(session: Session, evaluator_id: str, item_code: str, now: datetime) -> None:
    """Close the slot of a judged item. If the lease was lost, close another open slot of the item, if there is one."""
    evaluator = evaluator_store.find_evaluator(session, evaluator_id)
    if slot_store.close_leased_slot(session, evaluator, item_code):
        return
    for slot in slot_store.open_slots_of_item(session, evaluator.round_id, item_code, now):
        if slot_store.lease_slot(session, evaluator, slot, now, now):
            slot_store.record_judgment_number(session, evaluator, slot)
            slot_store.close_leased_slot(session, evaluator, item_code)
            return


def _public_design(session: Session, round_id: str) -> PublicDesign:
    return PublicDesign.from_content(round_store.find_round(session, round_id).public_design)


def _add_assignments(
    session: Session,
    evaluator: EvaluatorRow,
    codes: Iterable[str],
    first_position: int,
    judgment_number: int | None = None,
) -> None:
    assignments = [
        AssignmentRow(
            evaluator_id=evaluator.id, round_id=evaluator.round_id, item=code, position=position, copy=judgment_number
        )
        for position, code in enumerate(codes, start=first_position)
    ]
    round_store.add_assignments(session, assignments)


def _claim_block(
    session: Session, evaluator: EvaluatorRow, design: PublicDesign, codes: list[str]
) -> tuple[list[str], int]:
    """(items of the first block that nobody has, number of each item's judgment that this evaluator gives)."""
    seed = str(round_store.find_round(session, evaluator.round_id).commitment)
    all_blocks = balanced_blocks(codes, design.block, design.overlap, seed)
    claimed = {row.block for row in evaluator_store.evaluators_of_round(session, evaluator.round_id)}
    number = next((number for number in range(len(all_blocks)) if number not in claimed), None)
    if number is None:
        msg = f"All {len(all_blocks)} blocks are assigned. Reissue the link of an evaluator who has not started."
        raise LifecycleError(msg)
    evaluator.block = number
    return list(all_blocks[number]), number // (len(all_blocks) // design.overlap)


def _distant_first(
    session: Session, round_id: str, slots: list[slot_store.Slot], latest: list[str]
) -> list[slot_store.Slot]:
    """The slots, first of them the first whose item keeps its distances from the evaluator's latest items."""
    repeat_distance = round_store.repeat_distance(session, round_id)
    items = round_store.read_items(session, round_id, [*latest, *(slot.item_code for slot in slots)])
    latest_items = [items[code] for code in latest]
    distant = next((slot for slot in slots if not too_near(items[slot.item_code], latest_items, repeat_distance)), None)
    return slots if distant is None else [distant, *(slot for slot in slots if slot != distant)]
