import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.foundation.digest import sha256
from app.foundation.errors import LifecycleError
from app.judging.answer import Answer, PageTiming
from app.judging.public_design import PublicDesign
from app.rounds.design import Design
from app.rounds.item import Item
from app.services import assignment, evaluator_session, item_pages, judging, rounds, seals
from app.store.engine import Database
from app.store.tables import AssignmentRow, EvaluatorRow, FlagRow, ItemRow, JudgmentRow, SlotRow
from app.web.evaluator.padding import response_sizes
from tests.conftest import Clock
from tests.services.conftest import ADMIN

RECIPIENTS = [seals.new_key().recipient, seals.new_key().recipient]


def render(item: Item, _: PublicDesign) -> bytes:
    return json.dumps(item.content()["passages"]).encode()


def opened(database: Database, design: Design, paths: dict[str, Path], clock: Clock, people: int) -> str:
    """An open round with that many evaluators, whose session tokens are their ids."""
    with database.writing() as session:
        made = rounds.create_round(session, design, paths, ADMIN, clock())
        options = seals.SealOptions(measure=response_sizes)
        seals.seal_round(session, made, RECIPIENTS, render, ADMIN, clock(), options)
        rounds.open_round(session, made, ADMIN, clock())
        for number in range(people):
            rounds.invite_evaluator(session, made, f"E{number:03}", False, ADMIN, clock())
        for who in session.scalars(select(EvaluatorRow)):
            who.session_sha256, who.consented_at = sha256(who.id.encode()), clock()
    return made


def overlapping(design: Design, **changes: Any) -> Design:
    settings = {"assignment": "overlap", "overlap": 3, "evaluators": 3, "hypothesis": False, "lease_minutes": 60}
    return design.with_changes(**settings | changes)


def people_of(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(EvaluatorRow.id).order_by(EvaluatorRow.name)))


def due(database: Database, who: str, clock: Clock) -> Answer | None:
    """What the evaluator is to answer now, leased if need be."""
    with database.writing() as session:
        visit = evaluator_session.visit_by_session(session, who)
        item_page = item_pages.due_item_page(session, visit)
        if item_page is None and assignment.lease_next_item(session, visit.evaluator_id, clock()):
            item_page = item_pages.due_item_page(session, visit)
    return Answer(item_page.due.item_code, item_page.due.key, "verdict", "interpretable") if item_page else None


def answer(database: Database, who: str, given: Answer, clock: Clock) -> None:
    with database.writing() as session:
        judging.record_answer(session, evaluator_session.visit_for_writing(session, who), given, PageTiming(), clock())


def judged_by_item(database: Database) -> Counter[str]:
    with database.reading() as session:
        pairs = session.execute(select(JudgmentRow.item, JudgmentRow.evaluator_id)).all()
    assert len(set(pairs)) == len(pairs), "someone judged an item twice"
    return Counter(item for item, _ in pairs)


def test_64_workers_judge_every_item_exactly_three_times(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    """A pool of about 20 items, overlap 3, everyone at once; nobody is left without work while there is some."""
    opened(database_with_admin, overlapping(design, neurons=12), paths, clock, 64)
    barrier = threading.Barrier(64)

    def work(who: str) -> int:
        barrier.wait()
        count = 0
        while given := due(database_with_admin, who, clock):
            answer(database_with_admin, who, given, clock)
            count += 1
        return count

    with ThreadPoolExecutor(64) as pool:
        done = sum(pool.map(work, people_of(database_with_admin)))
    with database_with_admin.reading() as session:
        items = set(session.scalars(select(ItemRow.code)))
        slots = session.scalars(select(SlotRow)).all()
    assert 16 <= len(items) <= 24
    assert judged_by_item(database_with_admin) == dict.fromkeys(items, 3)
    assert done == 3 * len(items)
    assert all(slot.judged for slot in slots)


def test_a_lease_that_expires_goes_to_someone_else_and_the_late_answer_is_kept_as_an_extra_one(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    opened(database_with_admin, overlapping(design, neurons=4, overlap=1), paths, clock, 2)
    slow, quick = people_of(database_with_admin)
    held = due(database_with_admin, slow, clock)
    assert held is not None
    item = held.item_code
    while given := due(database_with_admin, quick, clock):
        assert given.item_code != item
        answer(database_with_admin, quick, given, clock)
    clock.move(61 * 60)
    again = due(database_with_admin, quick, clock)
    assert again is not None
    assert again.item_code == item
    answer(database_with_admin, quick, again, clock)
    answer(database_with_admin, slow, held, clock)
    with database_with_admin.reading() as session:
        copies = dict(
            session.execute(
                select(AssignmentRow.evaluator_id, AssignmentRow.copy).where(AssignmentRow.item == item)
            ).all()
        )
    assert copies == {slow: None, quick: 0}
    assert judged_by_item(database_with_admin)[item] == 2


def test_a_late_answer_counts_if_nobody_else_has_taken_the_item(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    opened(database_with_admin, overlapping(design, neurons=4), paths, clock, 1)
    (slow,) = people_of(database_with_admin)
    given = due(database_with_admin, slow, clock)
    assert given is not None
    clock.move(100 * 60)
    answer(database_with_admin, slow, given, clock)
    with database_with_admin.reading() as session:
        assert sum(slot.judged for slot in session.scalars(select(SlotRow))) == 1


def test_an_evaluator_without_work_is_told_whether_some_may_come(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    opened(database_with_admin, overlapping(design, neurons=4, overlap=1), paths, clock, 2)
    slow, quick = people_of(database_with_admin)
    given = due(database_with_admin, slow, clock)
    while other := due(database_with_admin, quick, clock):
        answer(database_with_admin, quick, other, clock)
    with database_with_admin.reading() as session:
        assert assignment.items_may_come_free(session, quick)
    assert given is not None
    answer(database_with_admin, slow, given, clock)
    with database_with_admin.reading() as session:
        assert not assignment.items_may_come_free(session, quick)


def pass_over(database: Database, who: str, item: str, clock: Clock) -> None:
    with database.writing() as session:
        flag = FlagRow(item=item, kind="distress", comment="")
        judging.flag_item(session, evaluator_session.visit_for_writing(session, who), flag, clock())


@pytest.mark.parametrize("judged_first", [False, True], ids=["unjudged", "judged"])
def test_an_item_that_was_passed_over_goes_to_someone_else_and_never_back(
    database_with_admin: Database,
    design: Design,
    paths: dict[str, Path],
    clock: Clock,
    judged_first: bool,
) -> None:
    opened(database_with_admin, overlapping(design, neurons=4, overlap=1), paths, clock, 2)
    reader, other = people_of(database_with_admin)
    given = due(database_with_admin, reader, clock)
    assert given is not None
    item = given.item_code
    if judged_first:
        answer(database_with_admin, reader, given, clock)
    pass_over(database_with_admin, reader, item, clock)
    while given := due(database_with_admin, reader, clock):
        assert given.item_code != item
        answer(database_with_admin, reader, given, clock)
    with database_with_admin.reading() as session:
        assert not assignment.items_may_come_free(session, reader)
        assert assignment.items_may_come_free(session, other)
    left = due(database_with_admin, other, clock)
    assert left is not None
    assert left.item_code == item
    answer(database_with_admin, other, left, clock)
    with database_with_admin.reading() as session:
        assert all(slot.judged for slot in session.scalars(select(SlotRow)))


def test_a_crossed_design_has_nothing_to_lease(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    opened(database_with_admin, design, paths, clock, 1)
    with database_with_admin.writing() as session:
        assert not assignment.lease_next_item(session, people_of(database_with_admin)[0], clock())


def test_blocks_give_everyone_their_share_and_every_item_its_judgments(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    blocks = design.with_changes(assignment="blocks", overlap=2, block=4, hypothesis=False, evaluators=4)
    made = opened(database_with_admin, blocks, paths, clock, 0)
    with database_with_admin.reading() as session:
        items = set(session.scalars(select(ItemRow.code)))
    with pytest.raises(LifecycleError, match="blocks of this design are given out"):
        for number in range(100):
            with database_with_admin.writing() as session:
                rounds.invite_evaluator(session, made, f"B{number}", False, ADMIN, clock())
    with database_with_admin.reading() as session:
        given = session.execute(select(AssignmentRow.item, AssignmentRow.copy)).all()
        sizes = Counter(session.scalars(select(AssignmentRow.evaluator_id)))
    assert len(set(given)) == len(given)
    assert Counter(item for item, _ in given) == dict.fromkeys(items, 2)
    assert max(sizes.values()) <= 4
