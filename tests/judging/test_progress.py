"""Where an evaluator stands, and what undo reaches."""

from dataclasses import replace

import pytest

from app.foundation.errors import JudgmentError
from app.judging.answer import Answer, require_answer_in_turn, require_same_answer
from app.judging.worklist import UNDOABLE, StandingAnswer, Worklist

ORDER = tuple(f"item{number}" for number in range(15))


def sheet(judged: int, latest: str | None = None, step: str = "hypothesis") -> Worklist:
    given = tuple(StandingAnswer(code, "interpretable", "hypothesis", 1) for code in ORDER[:judged])
    if given and step == "verdict":
        given = (*given[:-1], replace(given[-1], step="verdict", revision=0))
    latest = latest or (ORDER[judged - 1] if judged else None)
    return Worklist(ORDER, given, frozenset(), latest, asks_second_step=True)


def test_the_first_item_comes_first() -> None:
    place = sheet(0).due_question()
    assert place is not None
    assert (place.item_code, place.asks, place.key) == ("item0", "verdict", "item0.0")


def test_the_hypothesis_follows_its_verdict() -> None:
    place = sheet(3, step="verdict").due_question()
    assert place is not None
    assert (place.item_code, place.asks, place.key) == ("item2", "hypothesis", "item2.1")
    without = replace(sheet(3, step="verdict"), asks_second_step=False).due_question()
    assert without is not None
    assert without.item_code == "item3"


def test_a_skipped_item_does_not_come_back() -> None:
    place = replace(sheet(2), skipped=frozenset({"item2"})).due_question()
    assert place is not None
    assert place.item_code == "item3"


def test_nothing_is_left_at_the_end() -> None:
    assert sheet(15).due_question() is None
    assert sheet(14).next_verdict(ignoring="item14") is None


def test_undo_walks_back_ten_answers() -> None:
    done, reached, item = sheet(13), [], "item13"
    while (earlier := done.undoable_item_before(item)) is not None:
        reached.append(earlier)
        item = earlier
    assert reached == [f"item{number}" for number in range(12, 12 - UNDOABLE, -1)]
    assert done.change_of_verdict("item2") is None
    assert done.change_of_verdict("item3") is not None


def test_undo_does_not_reach_a_locked_answer() -> None:
    some = sheet(3)
    locked = replace(
        some, standing_answers=(*some.standing_answers[:2], replace(some.standing_answers[2], locked=True))
    )
    assert locked.change_of_verdict("item2") is None
    assert locked.undoable_item_before("item3") == "item1"


def test_from_a_second_step_undo_reaches_the_verdict_just_given() -> None:
    asked = sheet(3, step="verdict")
    assert asked.undo_target("item2") == "item2"
    assert asked.undo_target("item2", revision=1) == "item1"  # that is the page which changes it
    assert (
        replace(
            asked, standing_answers=(*asked.standing_answers[:2], replace(asked.standing_answers[2], locked=True))
        ).undo_target("item2")
        == "item1"
    )
    assert asked.undo_target("item3") == "item2"
    assert asked.undo_target(None) == "item2"


def test_a_second_step_that_was_left_is_asked_after_all() -> None:
    left = sheet(3, step="verdict")
    changed = left.with_answer(left.standing_answers[1].revised("not_interpretable", "verdict"), "item1.2")
    due = changed.due_question()
    assert due is not None
    assert (due.item_code, due.asks) == ("item1", "hypothesis")
    written = (
        changed.with_answer(due.standing_answer.revised("not_interpretable", "hypothesis"), "item1.3")
        if due.standing_answer
        else changed
    )
    due = written.due_question()
    assert due is not None
    assert (due.item_code, due.asks, due.key) == ("item2", "hypothesis", "item2.1")
    passed_over = written.with_skipped("item2").due_question()
    assert passed_over is not None
    assert (passed_over.item_code, passed_over.asks) == ("item3", "verdict")


def test_what_was_passed_over_after_its_verdict_is_out_of_reach() -> None:
    without = sheet(3).with_skipped("item2")
    assert without.change_of_verdict("item2") is None
    assert without.undo_target("item3") == "item1"
    assert without.finished_count == 3


@pytest.mark.parametrize(
    "answer",
    [
        Answer("elsewhere", "elsewhere.0", "verdict", "interpretable"),
        Answer("item5", "item5.0", "verdict", "interpretable"),
        Answer("item3", "item3.1", "verdict", "interpretable"),
        Answer("item3", "item3.0", "hypothesis"),
        Answer("item2", "item2.1", "verdict", "interpretable"),
    ],
)
def test_an_answer_out_of_turn_is_refused(answer: Answer) -> None:
    with pytest.raises(JudgmentError):
        require_answer_in_turn(sheet(3), answer)


def test_an_answer_in_turn_is_taken() -> None:
    require_answer_in_turn(sheet(3), Answer("item3", "item3.0", "verdict", "interpretable"))
    require_answer_in_turn(sheet(3), Answer("item2", "item2.2", "verdict", "not_interpretable"))
    require_answer_in_turn(sheet(3, step="verdict"), Answer("item2", "item2.1", "hypothesis"))


def test_a_repetition_is_no_contradiction() -> None:
    said = Answer("item3", "item3.0", "verdict", "interpretable")
    require_same_answer(said, said, "YES")
    with pytest.raises(JudgmentError, match=r"You already answered this item: YES\."):
        require_same_answer(said, replace(said, verdict="not_interpretable"), "YES")
    written = Answer("item3", "item3.1", "hypothesis", None, "fruit")
    require_same_answer(replace(written, verdict="interpretable"), written, "YES")
    with pytest.raises(JudgmentError, match="already wrote something else"):
        require_same_answer(replace(written, verdict="interpretable"), replace(written, hypothesis="music"), "YES")
