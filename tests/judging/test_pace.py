"""What is left, how long it takes at one's own pace, and when to rest."""

from datetime import UTC, datetime, timedelta

import pytest

from app.judging.pace import daily_cap_reached, evaluator_pace, practice_passed
from app.judging.public_design import PublicDesign
from app.judging.worklist import StandingAnswer, Worklist

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ORDER = ("practice", *(f"item{number}" for number in range(20)))


def sheet(judged: int, seconds: float = 60.0, skipped: frozenset[str] = frozenset()) -> Worklist:
    given = tuple(
        StandingAnswer(
            item,
            "interpretable",
            "hypothesis",
            1,
            first_verdict="interpretable",
            first_judged_at=NOON,
            first_active_seconds=seconds,
        )
        for item in ORDER[: judged + 1]
    )
    return Worklist(ORDER, given, skipped, ORDER[judged], frozenset({"practice"}))


def test_practice_counts_for_nothing() -> None:
    found = sheet(4)
    assert (found.finished_count, found.number_and_total("item4"), found.number_and_total("practice")) == (
        4,
        (5, 20),
        (1, 1),
    )
    assert evaluator_pace(found, PublicDesign(), NOON).items_left == 16


def test_what_is_passed_over_is_not_left() -> None:
    assert evaluator_pace(sheet(4, skipped=frozenset({"item7"})), PublicDesign(), NOON).items_left == 15


def test_practice_that_is_passed_over_is_no_item_done() -> None:
    found = Worklist(ORDER, (), frozenset({"practice"}), None, frozenset({"practice"}))
    assert (found.finished_count, evaluator_pace(found, PublicDesign(), NOON).items_left) == (0, 20)


def test_a_pace_needs_five_answers() -> None:
    assert evaluator_pace(sheet(4), PublicDesign(), NOON).minutes_left is None
    found = evaluator_pace(sheet(8, seconds=90), PublicDesign(), NOON)
    assert found.minutes_left == pytest.approx(12 * 1.5)
    assert found.hours_left == 0.5


def test_who_was_away_is_welcomed_and_not_sent_to_rest() -> None:
    design = PublicDesign(break_every=5)
    assert evaluator_pace(sheet(5), design, NOON).break_due
    later = evaluator_pace(sheet(5), design, NOON + timedelta(hours=1))
    assert later.returning
    assert not later.break_due


def test_the_daily_cap_ends_with_the_day() -> None:
    design = PublicDesign(daily_cap=5)
    assert evaluator_pace(sheet(5), design, NOON).daily_cap_reached
    assert not evaluator_pace(sheet(4), design, NOON).daily_cap_reached
    assert not evaluator_pace(sheet(5), design, NOON + timedelta(days=1)).daily_cap_reached


def test_where_items_are_leased_nobody_knows_how_many_are_left() -> None:
    found = evaluator_pace(sheet(8), PublicDesign(assignment="overlap"), NOON + timedelta(hours=1))
    assert found.returning
    assert (found.items_left, found.minutes_left, found.hours_left) == (None, None, None)


def test_the_answer_that_reaches_the_cap_is_known_before_it_is_given() -> None:
    assert daily_cap_reached(sheet(4), PublicDesign(daily_cap=5), NOON, coming=1)
    assert not daily_cap_reached(sheet(4), PublicDesign(daily_cap=6), NOON, coming=1)
    assert not daily_cap_reached(sheet(4), PublicDesign(), NOON, coming=1)


def test_practice_is_passed_by_first_answers() -> None:
    answers = {"practice": {"verdict": "not_interpretable", "rule": ""}}
    design = PublicDesign(training=1, training_pass=1, training_answers=answers)
    assert not practice_passed(sheet(0), design)
    assert practice_passed(sheet(0), PublicDesign(training=1, training_answers=answers))
    assert practice_passed(Worklist(ORDER, (), frozenset(), None, frozenset({"practice"})), design)
