"""What is left, how long it takes at one's own pace, and when to rest."""

from datetime import UTC, datetime, timedelta

import pytest

from app.judging.pace import capped, pace, passed
from app.judging.public_design import PublicDesign
from app.judging.worklist import StandingAnswer, Worklist

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ORDER = ("practice", *(f"item{number}" for number in range(20)))


def sheet(judged: int, seconds: float = 60.0, skipped: frozenset[str] = frozenset()) -> Worklist:
    given = tuple(
        StandingAnswer(item, "interpretable", "hypothesis", 1, first="interpretable", at=NOON, seconds=seconds)
        for item in ORDER[: judged + 1]
    )
    return Worklist(ORDER, given, skipped, ORDER[judged], frozenset({"practice"}))


def test_practice_counts_for_nothing() -> None:
    found = sheet(4)
    assert (found.done, found.number("item4"), found.number("practice")) == (4, (5, 20), (1, 1))
    assert pace(found, PublicDesign(), NOON).left == 16


def test_what_is_passed_over_is_not_left() -> None:
    assert pace(sheet(4, skipped=frozenset({"item7"})), PublicDesign(), NOON).left == 15


def test_practice_that_is_passed_over_is_no_item_done() -> None:
    found = Worklist(ORDER, (), frozenset({"practice"}), None, frozenset({"practice"}))
    assert (found.done, pace(found, PublicDesign(), NOON).left) == (0, 20)


def test_a_pace_needs_five_answers() -> None:
    assert pace(sheet(4), PublicDesign(), NOON).minutes is None
    found = pace(sheet(8, seconds=90), PublicDesign(), NOON)
    assert found.minutes == pytest.approx(12 * 1.5)
    assert found.hours == 0.5


def test_who_was_away_is_welcomed_and_not_sent_to_rest() -> None:
    design = PublicDesign(break_every=5)
    assert pace(sheet(5), design, NOON).break_due
    later = pace(sheet(5), design, NOON + timedelta(hours=1))
    assert later.returning
    assert not later.break_due


def test_the_daily_cap_ends_with_the_day() -> None:
    design = PublicDesign(daily_cap=5)
    assert pace(sheet(5), design, NOON).capped
    assert not pace(sheet(4), design, NOON).capped
    assert not pace(sheet(5), design, NOON + timedelta(days=1)).capped


def test_where_items_are_leased_nobody_knows_how_many_are_left() -> None:
    found = pace(sheet(8), PublicDesign(assignment="overlap"), NOON + timedelta(hours=1))
    assert found.returning
    assert (found.left, found.minutes, found.hours) == (None, None, None)


def test_the_answer_that_reaches_the_cap_is_known_before_it_is_given() -> None:
    assert capped(sheet(4), PublicDesign(daily_cap=5), NOON, coming=1)
    assert not capped(sheet(4), PublicDesign(daily_cap=6), NOON, coming=1)
    assert not capped(sheet(4), PublicDesign(), NOON, coming=1)


def test_practice_is_passed_by_first_answers() -> None:
    answers = {"practice": {"verdict": "not_interpretable", "rule": ""}}
    design = PublicDesign(training=1, training_pass=1, training_answers=answers)
    assert not passed(sheet(0), design)
    assert passed(sheet(0), PublicDesign(training=1, training_answers=answers))
    assert passed(Worklist(ORDER, (), frozenset(), None, frozenset({"practice"})), design)
