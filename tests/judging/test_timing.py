"""When an item was shown and how long it was attended to: the page's word, within what the server knows."""

from datetime import UTC, datetime, timedelta

import pytest

from app.judging.answer import PageTiming

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOON - timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("elapsed", "noted", "shown"),
    [
        (0.1, ago(4), ago(4)),  # loaded again: the first display counts
        (30.0, ago(4), ago(30)),  # shown from what was fetched ahead, before the server knew
        (30.0, None, ago(30)),
        (None, ago(4), ago(4)),
        (None, None, NOON),
        (None, NOON + timedelta(seconds=5), NOON),
    ],
)
def test_an_item_was_shown_when_the_first_of_two_witnesses_says(
    elapsed: float | None, noted: datetime | None, shown: datetime
) -> None:
    assert PageTiming(elapsed_seconds=elapsed).shown_at(noted, NOON) == shown


def test_an_answer_that_waited_was_given_earlier() -> None:
    timing = PageTiming(elapsed_seconds=10.0, attentive_seconds=8.0, delay_seconds=60.0)
    assert timing.judged_at(NOON) == ago(60)
    assert timing.shown_at(ago(5), NOON) == ago(70)
    assert timing.active_seconds(ago(5), NOON) == 8.0


@pytest.mark.parametrize(("active", "seconds"), [(3.5, 3.5), (500.0, 4.0), (None, 4.0)])
def test_nobody_attends_longer_than_the_item_was_there(active: float | None, seconds: float) -> None:
    assert PageTiming(elapsed_seconds=0.1, attentive_seconds=active).active_seconds(ago(4), NOON) == seconds
