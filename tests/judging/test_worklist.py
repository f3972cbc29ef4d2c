"""Where an evaluator stands, and what undo reaches."""

from dataclasses import replace

from app.judging.worklist import MOST_CHANGEABLE_ANSWERS, DueQuestion, Worklist
from tests.judging.worklists import ITEM_CODES, judged_worklist, with_locked_answer


def due_question(worklist: Worklist) -> DueQuestion:
    question = worklist.due_question()
    assert question is not None
    return question


def test_the_first_item_comes_first() -> None:
    question = due_question(judged_worklist(0))
    assert (question.item_code, question.asks, question.answer_id) == ("item0", "verdict", "item0.0")


def test_the_hypothesis_follows_its_verdict() -> None:
    question = due_question(judged_worklist(3, last_step="verdict"))
    assert (question.item_code, question.asks, question.answer_id) == ("item2", "hypothesis", "item2.1")


def test_the_next_verdict_follows_where_the_design_asks_for_verdicts_alone() -> None:
    verdicts_only = replace(judged_worklist(3, last_step="verdict"), asks_second_step=False)
    assert due_question(verdicts_only).item_code == "item3"


def test_a_flagged_item_does_not_come_back() -> None:
    assert due_question(judged_worklist(2).with_flagged("item2")).item_code == "item3"


def test_nothing_is_due_at_the_end() -> None:
    assert judged_worklist(15).due_question() is None
    assert judged_worklist(14).next_verdict(ignoring="item14") is None


def test_practice_items_are_numbered_by_themselves() -> None:
    worklist = replace(judged_worklist(0), practice_items=frozenset({"item0", "item1"}))
    assert worklist.number_and_total("item1") == (2, 2)
    assert worklist.number_and_total("item2") == (1, 13)
    assert worklist.counted_items == ITEM_CODES[2:]


def test_undo_walks_back_ten_answers() -> None:
    worklist = judged_worklist(13)
    reached = []
    item = worklist.changeable_item_before("item13")
    while item is not None:
        reached.append(item)
        item = worklist.changeable_item_before(item)
    assert reached == [f"item{number}" for number in range(12, 12 - MOST_CHANGEABLE_ANSWERS, -1)]
    assert worklist.change_of_verdict("item2") is None
    assert worklist.change_of_verdict("item3") is not None


def test_undo_does_not_reach_a_locked_answer() -> None:
    worklist = with_locked_answer(judged_worklist(3), 2)
    assert worklist.change_of_verdict("item2") is None
    assert worklist.changeable_item_before("item3") == "item1"


def test_undo_reaches_the_verdict_just_given_from_its_second_step() -> None:
    worklist = judged_worklist(3, last_step="verdict")
    assert worklist.undo_target("item2") == "item2"
    assert worklist.undo_target("item2", revision=1) == "item1"  # that is the page which changes it
    assert with_locked_answer(worklist, 2).undo_target("item2") == "item1"
    assert worklist.undo_target("item3") == "item2"
    assert worklist.undo_target(None) == "item2"


def test_a_second_step_left_open_by_undo_is_asked_later() -> None:
    left = judged_worklist(3, last_step="verdict")
    changed = left.with_answer(left.standing_answers[1].revised("not_interpretable", "verdict"), "item1.2")
    question = due_question(changed)
    assert (question.item_code, question.asks) == ("item1", "hypothesis")
    assert question.standing_answer is not None
    written = changed.with_answer(question.standing_answer.revised("not_interpretable", "hypothesis"), "item1.3")
    question = due_question(written)
    assert (question.item_code, question.asks, question.answer_id) == ("item2", "hypothesis", "item2.1")
    question = due_question(written.with_flagged("item2"))
    assert (question.item_code, question.asks) == ("item3", "verdict")


def test_the_verdict_of_a_flagged_item_cannot_be_changed() -> None:
    worklist = judged_worklist(3).with_flagged("item2")
    assert worklist.change_of_verdict("item2") is None
    assert worklist.undo_target("item3") == "item1"
    assert worklist.finished_count == 3


def test_a_worklist_has_the_id_of_every_answer() -> None:
    worklist = judged_worklist(3)
    answered = worklist.with_answer(worklist.standing_answers[2].revised("cannot_judge", "verdict"), "item2.2")
    assert answered.answer_ids == {"item2.2"}
    assert [answer.verdict for answer in answered.standing_answers] == ["interpretable"] * 2 + ["cannot_judge"]
