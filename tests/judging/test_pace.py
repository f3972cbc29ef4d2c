"""What is left, how long it takes at an evaluator's own pace, and when to rest."""

from datetime import UTC, datetime, timedelta

import pytest

from app.judging.pace import daily_cap_reached, evaluator_pace, practice_passed
from app.judging.public_design import PublicDesign
from app.judging.worklist import StandingAnswer, Worklist
from app.tasks.item import PracticeAnswer

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ITEM_CODES = ("practice", *(f"item{number}" for number in range(20)))


def judged_worklist(judged_count: int, seconds: float = 60.0, flagged: frozenset[str] = frozenset()) -> Worklist:
    """The practice item and some others are judged, at noon."""
    answers = tuple(
        StandingAnswer(
            item_code=code,
            verdict="interpretable",
            step="hypothesis",
            revision=1,
            first_verdict="interpretable",
            first_judged_at=NOON,
            first_active_seconds=seconds,
        )
        for code in ITEM_CODES[: judged_count + 1]
    )
    return Worklist(ITEM_CODES, answers, flagged, ITEM_CODES[judged_count], frozenset({"practice"}))


def empty_worklist(flagged: frozenset[str] = frozenset()) -> Worklist:
    return Worklist(ITEM_CODES, (), flagged, None, frozenset({"practice"}))


def test_practice_counts_for_nothing() -> None:
    worklist = judged_worklist(4)
    assert worklist.finished_count == 4
    assert (worklist.number_and_total("item4"), worklist.number_and_total("practice")) == ((5, 20), (1, 1))
    assert evaluator_pace(worklist, PublicDesign(), NOON).items_left == 16


def test_a_skipped_item_is_not_left() -> None:
    assert evaluator_pace(judged_worklist(4, flagged=frozenset({"item7"})), PublicDesign(), NOON).items_left == 15


def test_a_skipped_practice_item_is_no_item_done() -> None:
    worklist = empty_worklist(flagged=frozenset({"practice"}))
    assert (worklist.finished_count, evaluator_pace(worklist, PublicDesign(), NOON).items_left) == (0, 20)


def test_a_pace_needs_five_answers() -> None:
    assert evaluator_pace(judged_worklist(4), PublicDesign(), NOON).minutes_left is None
    pace = evaluator_pace(judged_worklist(8, seconds=90), PublicDesign(), NOON)
    assert pace.minutes_left == pytest.approx(12 * 1.5)
    assert pace.hours_left == 0.5


def test_an_evaluator_who_was_away_is_welcomed_and_not_sent_to_rest() -> None:
    design = PublicDesign(break_every=5)
    assert evaluator_pace(judged_worklist(5), design, NOON).break_due
    pace = evaluator_pace(judged_worklist(5), design, NOON + timedelta(hours=1))
    assert pace.returning
    assert not pace.break_due


def test_the_daily_cap_ends_with_the_day() -> None:
    design = PublicDesign(daily_cap=5)
    assert evaluator_pace(judged_worklist(5), design, NOON).daily_cap_reached
    assert not evaluator_pace(judged_worklist(4), design, NOON).daily_cap_reached
    assert not evaluator_pace(judged_worklist(5), design, NOON + timedelta(days=1)).daily_cap_reached


def test_nobody_knows_how_many_items_are_left_where_they_are_leased() -> None:
    pace = evaluator_pace(judged_worklist(8), PublicDesign(assignment="overlap"), NOON + timedelta(hours=1))
    assert pace.returning
    assert (pace.items_left, pace.minutes_left, pace.hours_left) == (None, None, None)


def test_the_answer_that_reaches_the_cap_is_known_before_it_is_given() -> None:
    assert daily_cap_reached(judged_worklist(4), PublicDesign(daily_cap=5), NOON, coming=1)
    assert not daily_cap_reached(judged_worklist(4), PublicDesign(daily_cap=6), NOON, coming=1)
    assert not daily_cap_reached(judged_worklist(4), PublicDesign(), NOON, coming=1)


def test_practice_is_passed_by_first_answers() -> None:
    answers: dict[str, PracticeAnswer] = {"practice": {"verdict": "not_interpretable", "rule": ""}}
    design = PublicDesign(training=1, training_pass=1, practice_answers=answers)
    assert not practice_passed(judged_worklist(0), design)
    assert practice_passed(judged_worklist(0), PublicDesign(training=1, practice_answers=answers))
    assert practice_passed(empty_worklist(), design)


def test_a_flagged_practice_item_is_finished_and_not_right() -> None:
    answers: dict[str, PracticeAnswer] = {"practice": {"verdict": "interpretable", "rule": ""}}
    design = PublicDesign(training=1, training_pass=1, practice_answers=answers)
    assert not practice_passed(empty_worklist(flagged=frozenset({"practice"})), design)
    assert practice_passed(judged_worklist(0, flagged=frozenset({"practice"})), design)  # a right answer stays right
