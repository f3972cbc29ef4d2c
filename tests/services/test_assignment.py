import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from app.foundation.digest import sha256
from app.foundation.errors import LifecycleError
from app.judging.answer import Answer, PageTiming
from app.rounds.design import Design
from app.services import assignment, evaluator_session, item_pages, judging, rounds
from app.store.engine import Database
from app.store.tables import AssignmentRow, ChainEntryRow, EvaluatorRow, ItemRow, SlotRow
from tests.conftest import Clock
from tests.services.stages import ADMIN, open_draft


def open_round_with(database: Database, design: Design, paths: dict[str, Path], clock: Clock, evaluators: int) -> str:
    """An open round with so many evaluators, whose session tokens are their ids."""
    with database.writing() as session:
        round_id = rounds.create_round(session, design, paths, ADMIN, clock())
    open_draft(database, round_id, clock, tuple(f"E{number:03}" for number in range(evaluators)))
    with database.writing() as session:
        for evaluator in session.scalars(select(EvaluatorRow)):
            evaluator.session_sha256, evaluator.consented_at = sha256(evaluator.id.encode()), clock()
    return round_id


def with_leases(design: Design, neurons: int, overlap: int = 3) -> Design:
    return design.with_changes(
        assignment="overlap", neurons=neurons, overlap=overlap, evaluators=3, hypothesis=False, lease_minutes=60
    )


def evaluator_ids(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(EvaluatorRow.id).order_by(EvaluatorRow.name)))


def due_answer(database: Database, evaluator_id: str, clock: Clock) -> Answer | None:
    """An answer to what the evaluator is asked now, leased if need be; None when there is nothing for them."""
    with database.writing() as session:
        visit = evaluator_session.visit_by_session(session, evaluator_id)
        item_page = item_pages.due_item_page(session, visit)
        if item_page is None and assignment.lease_next_item(session, visit.evaluator_id, clock()):
            item_page = item_pages.due_item_page(session, visit)
    return Answer(item_page.due.item_code, item_page.due.answer_id, "verdict", "interpretable") if item_page else None


def record(database: Database, evaluator_id: str, answer: Answer, clock: Clock) -> None:
    with database.writing() as session:
        visit = evaluator_session.visit_for_writing(session, evaluator_id)
        judging.record_answer(session, visit, answer, PageTiming(), clock())


def answer_all(database: Database, evaluator_id: str, clock: Clock) -> list[str]:
    """Let the evaluator answer until there is nothing for them; the items in order."""
    item_codes = []
    while answer := due_answer(database, evaluator_id, clock):
        record(database, evaluator_id, answer, clock)
        item_codes.append(answer.item_code)
    return item_codes


def flag(database: Database, evaluator_id: str, item_code: str, clock: Clock) -> None:
    with database.writing() as session:
        visit = evaluator_session.visit_for_writing(session, evaluator_id)
        judging.flag_item(session, visit, judging.FlagReport(item_code, "distress"), clock())


def items_may_come_free(database: Database, evaluator_id: str) -> bool:
    with database.reading() as session:
        return assignment.items_may_come_free(session, evaluator_id)


def judgments_by_item(database: Database) -> Counter[str]:
    with database.reading() as session:
        pairs = session.execute(
            select(ChainEntryRow.item, ChainEntryRow.evaluator_id).where(ChainEntryRow.kind == "judgment")
        ).all()
    assert len(set(pairs)) == len(pairs), "someone judged an item twice"
    return Counter(item_code for item_code, _ in pairs)


def slots_of(database: Database) -> list[SlotRow]:
    with database.reading() as session:
        return list(session.scalars(select(SlotRow)))


def test_64_workers_judge_every_item_exactly_three_times(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    """A pool of about 20 items, overlap 3, everyone at once; nobody is left without work while there is some."""
    open_round_with(database_with_admin, with_leases(design, neurons=12), paths, clock, 64)
    barrier = threading.Barrier(64)

    def work(evaluator_id: str) -> int:
        barrier.wait()
        return len(answer_all(database_with_admin, evaluator_id, clock))

    with ThreadPoolExecutor(64) as pool:
        answer_count = sum(pool.map(work, evaluator_ids(database_with_admin)))
    with database_with_admin.reading() as session:
        item_codes = set(session.scalars(select(ItemRow.code)))
    assert 16 <= len(item_codes) <= 24
    assert judgments_by_item(database_with_admin) == dict.fromkeys(item_codes, 3)
    assert answer_count == 3 * len(item_codes)
    assert all(slot.judged for slot in slots_of(database_with_admin))


def test_a_lease_that_expires_goes_to_someone_else_and_the_late_answer_is_an_extra_one(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    open_round_with(database_with_admin, with_leases(design, neurons=4, overlap=1), paths, clock, 2)
    slow, quick = evaluator_ids(database_with_admin)
    late_answer = due_answer(database_with_admin, slow, clock)
    assert late_answer is not None
    item_code = late_answer.item_code
    assert item_code not in answer_all(database_with_admin, quick, clock)
    clock.move(61 * 60)
    assert answer_all(database_with_admin, quick, clock) == [item_code]
    record(database_with_admin, slow, late_answer, clock)
    with database_with_admin.reading() as session:
        query = select(AssignmentRow.evaluator_id, AssignmentRow.copy).where(AssignmentRow.item == item_code)
        copies = dict(session.execute(query).all())
    assert copies == {slow: None, quick: 0}
    assert judgments_by_item(database_with_admin)[item_code] == 2


def test_a_late_answer_counts_if_nobody_else_has_leased_the_item(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    open_round_with(database_with_admin, with_leases(design, neurons=4), paths, clock, 1)
    (slow,) = evaluator_ids(database_with_admin)
    answer = due_answer(database_with_admin, slow, clock)
    assert answer is not None
    clock.move(100 * 60)
    record(database_with_admin, slow, answer, clock)
    assert sum(slot.judged for slot in slots_of(database_with_admin)) == 1


def test_an_evaluator_without_work_learns_whether_some_may_come(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    open_round_with(database_with_admin, with_leases(design, neurons=4, overlap=1), paths, clock, 2)
    slow, quick = evaluator_ids(database_with_admin)
    answer = due_answer(database_with_admin, slow, clock)
    assert answer is not None
    answer_all(database_with_admin, quick, clock)
    assert items_may_come_free(database_with_admin, quick)
    record(database_with_admin, slow, answer, clock)
    assert not items_may_come_free(database_with_admin, quick)


@pytest.mark.parametrize("judged_before", [False, True], ids=["unjudged", "judged"])
def test_a_flagged_item_goes_to_someone_else_and_never_back(
    database_with_admin: Database,
    design: Design,
    paths: dict[str, Path],
    clock: Clock,
    judged_before: bool,
) -> None:
    open_round_with(database_with_admin, with_leases(design, neurons=4, overlap=1), paths, clock, 2)
    flagging, next_evaluator = evaluator_ids(database_with_admin)
    answer = due_answer(database_with_admin, flagging, clock)
    assert answer is not None
    if judged_before:
        record(database_with_admin, flagging, answer, clock)
    flag(database_with_admin, flagging, answer.item_code, clock)
    assert answer.item_code not in answer_all(database_with_admin, flagging, clock)
    assert not items_may_come_free(database_with_admin, flagging)
    assert items_may_come_free(database_with_admin, next_evaluator)
    assert answer_all(database_with_admin, next_evaluator, clock) == [answer.item_code]
    assert all(slot.judged for slot in slots_of(database_with_admin))


def test_a_crossed_design_has_nothing_to_lease(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    open_round_with(database_with_admin, design, paths, clock, 1)
    with database_with_admin.writing() as session:
        assert not assignment.lease_next_item(session, evaluator_ids(database_with_admin)[0], clock())


def test_each_evaluator_has_an_order_of_their_own_over_all_items(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    round_id = open_round_with(database_with_admin, design, paths, clock, 3)
    with database_with_admin.reading() as session:
        codes = set(session.scalars(select(ItemRow.code).where(ItemRow.round_id == round_id)))
        orders = []
        for evaluator_id in evaluator_ids(database_with_admin):
            query = select(AssignmentRow.item).where(AssignmentRow.evaluator_id == evaluator_id)
            orders.append(tuple(session.scalars(query.order_by(AssignmentRow.position))))
    assert all(set(order) == codes and len(order) == len(codes) for order in orders)
    assert len(set(orders)) == 3


def test_blocks_give_everyone_their_share_and_every_item_its_judgments(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    blocks = design.with_changes(assignment="blocks", overlap=2, block=4, hypothesis=False, evaluators=4)
    round_id = open_round_with(database_with_admin, blocks, paths, clock, 0)
    with database_with_admin.reading() as session:
        item_codes = set(session.scalars(select(ItemRow.code)))
    with pytest.raises(LifecycleError, match=r"All [0-9]+ blocks are assigned"):
        for number in range(100):
            with database_with_admin.writing() as session:
                rounds.invite_evaluator(session, round_id, f"B{number}", False, ADMIN, clock())
    with database_with_admin.reading() as session:
        assignments = session.execute(select(AssignmentRow.item, AssignmentRow.copy)).all()
        sizes = Counter(session.scalars(select(AssignmentRow.evaluator_id)))
    assert len(set(assignments)) == len(assignments)
    assert Counter(item_code for item_code, _ in assignments) == dict.fromkeys(item_codes, 2)
    assert max(sizes.values()) <= 4
