"""Where an evaluator stands, and what undo reaches."""

from dataclasses import replace

import pytest

from app.foundation.errors import JudgmentError
from app.judging.answer import Answer, require_same, require_turn
from app.judging.worklist import UNDOABLE, StandingAnswer, Worklist

ORDER = tuple(f"item{number}" for number in range(15))


def sheet(judged: int, latest: str | None = None, step: str = "hypothesis") -> Worklist:
    given = tuple(StandingAnswer(code, "interpretable", "hypothesis", 1) for code in ORDER[:judged])
    if given and step == "verdict":
        given = (*given[:-1], replace(given[-1], step="verdict", revision=0))
    return Worklist(ORDER, given, frozenset(), latest or (ORDER[judged - 1] if judged else None))


def test_the_first_item_comes_first() -> None:
    place = sheet(0).place(second=True)
    assert place is not None
    assert (place.item, place.question, place.key) == ("item0", "verdict", "item0.0")


def test_the_hypothesis_follows_its_verdict() -> None:
    place = sheet(3, step="verdict").place(second=True)
    assert place is not None
    assert (place.item, place.question, place.key) == ("item2", "hypothesis", "item2.1")
    without = sheet(3, step="verdict").place(second=False)
    assert without is not None
    assert without.item == "item3"


def test_a_skipped_item_does_not_come_back() -> None:
    place = replace(sheet(2), skipped=frozenset({"item2"})).place(second=True)
    assert place is not None
    assert place.item == "item3"


def test_nothing_is_left_at_the_end() -> None:
    assert sheet(15).place(second=True) is None
    assert sheet(14).after("item14") is None


def test_undo_walks_back_ten_answers() -> None:
    done, reached, item = sheet(13), [], "item13"
    while (earlier := done.before(item)) is not None:
        reached.append(earlier)
        item = earlier
    assert reached == [f"item{number}" for number in range(12, 12 - UNDOABLE, -1)]
    assert done.changeable("item2") is None
    assert done.changeable("item3") is not None


def test_undo_does_not_reach_a_locked_answer() -> None:
    some = sheet(3)
    locked = replace(some, given=(*some.given[:2], replace(some.given[2], locked=True)))
    assert locked.changeable("item2") is None
    assert locked.before("item3") == "item1"


def test_from_a_second_step_undo_reaches_the_verdict_just_given() -> None:
    asked = sheet(3, step="verdict")
    assert asked.earlier("item2") == "item2"
    assert asked.earlier("item2", revision=1) == "item1"  # that is the page which changes it
    assert replace(asked, given=(*asked.given[:2], replace(asked.given[2], locked=True))).earlier("item2") == "item1"
    assert asked.earlier("item3") == "item2"
    assert asked.earlier(None) == "item2"


def test_a_second_step_that_was_left_is_asked_after_all() -> None:
    left = sheet(3, step="verdict")
    changed = left.answered(left.given[1].then("not_interpretable", "verdict"), "item1.2")
    due = changed.place(second=True)
    assert due is not None
    assert (due.item, due.question) == ("item1", "hypothesis")
    written = changed.answered(due.given.then("not_interpretable", "hypothesis"), "item1.3") if due.given else changed
    due = written.place(second=True)
    assert due is not None
    assert (due.item, due.question, due.key) == ("item2", "hypothesis", "item2.1")
    passed_over = written.passed_over("item2").place(second=True)
    assert passed_over is not None
    assert (passed_over.item, passed_over.question) == ("item3", "verdict")


def test_what_was_passed_over_after_its_verdict_is_out_of_reach() -> None:
    without = sheet(3).passed_over("item2")
    assert without.changeable("item2") is None
    assert without.earlier("item3") == "item1"
    assert without.done == 3


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
        require_turn(sheet(3), answer, second=True)


def test_an_answer_in_turn_is_taken() -> None:
    require_turn(sheet(3), Answer("item3", "item3.0", "verdict", "interpretable"), second=True)
    require_turn(sheet(3), Answer("item2", "item2.2", "verdict", "not_interpretable"), second=True)
    require_turn(sheet(3, step="verdict"), Answer("item2", "item2.1", "hypothesis"), second=True)


def test_a_repetition_is_no_contradiction() -> None:
    said = Answer("item3", "item3.0", "verdict", "interpretable")
    require_same(said, said, "YES")
    with pytest.raises(JudgmentError, match=r"You had already answered this item: YES\."):
        require_same(said, replace(said, verdict="not_interpretable"), "YES")
    written = Answer("item3", "item3.1", "hypothesis", None, "fruit")
    require_same(replace(written, verdict="interpretable"), written, "YES")
    with pytest.raises(JudgmentError, match="already written something else"):
        require_same(replace(written, verdict="interpretable"), replace(written, hypothesis="music"), "YES")
