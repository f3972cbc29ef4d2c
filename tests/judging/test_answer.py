"""Which answer is in turn, what a repeated answer id means, and how a page's clock is used."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.foundation.errors import JudgmentError
from app.judging.answer import Answer, PageTiming, require_answer_in_turn, require_same_answer
from tests.judging.worklists import judged_worklist

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def before_noon(seconds: float) -> datetime:
    return NOON - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "answer",
    [
        Answer("elsewhere", "elsewhere.0", "verdict", "interpretable"),
        Answer("item5", "item5.0", "verdict", "interpretable"),
        Answer("item3", "item3.1", "verdict", "interpretable"),
        Answer("item3", "item3.0", "hypothesis"),
        Answer("item2", "item2.1", "verdict", "interpretable"),
    ],
    ids=[
        "another's item",
        "a later item",
        "a later answer id",
        "a hypothesis before its verdict",
        "an answer id used before",
    ],
)
def test_an_answer_out_of_turn_is_refused(answer: Answer) -> None:
    with pytest.raises(JudgmentError):
        require_answer_in_turn(judged_worklist(3), answer)


def test_an_answer_in_turn_is_taken() -> None:
    require_answer_in_turn(judged_worklist(3), Answer("item3", "item3.0", "verdict", "interpretable"))
    require_answer_in_turn(judged_worklist(3), Answer("item2", "item2.2", "verdict", "not_interpretable"))
    second_step = Answer("item2", "item2.1", "hypothesis")
    require_answer_in_turn(judged_worklist(3, last_step="verdict"), second_step)


def test_an_answer_with_a_known_id_must_have_the_same_verdict() -> None:
    stored = Answer("item3", "item3.0", "verdict", "interpretable")
    require_same_answer(stored, stored, "YES")
    with pytest.raises(JudgmentError, match=r"You already answered this item: YES\."):
        require_same_answer(stored, replace(stored, verdict="not_interpretable"), "YES")


def test_an_answer_with_a_known_id_must_have_the_same_texts() -> None:
    answer = Answer("item3", "item3.1", "hypothesis", None, "fruit")
    stored = replace(answer, verdict="interpretable")
    require_same_answer(stored, answer, "YES")
    with pytest.raises(JudgmentError, match="already wrote something else"):
        require_same_answer(stored, replace(answer, hypothesis="music"), "YES")


@pytest.mark.parametrize(
    ("elapsed_seconds", "noted_at", "shown_at"),
    [
        (0.1, before_noon(4), before_noon(4)),  # loaded again: the first display counts
        (30.0, before_noon(4), before_noon(30)),  # shown from what was fetched ahead, before the server knew
        (30.0, None, before_noon(30)),
        (None, before_noon(4), before_noon(4)),
        (None, None, NOON),
        (None, NOON + timedelta(seconds=5), NOON),
        (604_000.0, None, before_noon(40)),  # never before the entry before
        (604_000.0, before_noon(4), before_noon(40)),
        (604_000.0, before_noon(50), before_noon(50)),  # displayed, then another answer was changed
    ],
)
def test_the_display_time_is_the_earlier_of_the_page_s_and_the_server_s(
    elapsed_seconds: float | None, noted_at: datetime | None, shown_at: datetime
) -> None:
    assert PageTiming(elapsed_seconds=elapsed_seconds).shown_at(noted_at, before_noon(40), NOON) == shown_at


def test_an_answer_that_waited_for_the_network_keeps_the_seconds_that_it_took() -> None:
    timing = PageTiming(elapsed_seconds=10.0, attentive_seconds=8.0, delay_seconds=60.0)
    shown_at = timing.shown_at(before_noon(5), before_noon(90), NOON)
    assert shown_at == before_noon(70)
    assert timing.active_seconds(shown_at, NOON) == 8.0


@pytest.mark.parametrize(("attentive_seconds", "active_seconds"), [(3.5, 3.5), (500.0, 4.0), (None, 4.0)])
def test_active_seconds_never_exceed_the_time_on_screen(attentive_seconds: float | None, active_seconds: float) -> None:
    timing = PageTiming(elapsed_seconds=0.1, attentive_seconds=attentive_seconds)
    assert timing.active_seconds(before_noon(4), NOON) == active_seconds
