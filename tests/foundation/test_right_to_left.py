"""Names that are read from right to left, within sentences that are not."""

import pytest

from app.foundation.right_to_left import isolate_right_to_left


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("solu 44.4 %", "solu 44.4 %"),
        ("größer 3", "größer 3"),
        ("של 44.4 %", "\u2068של\u2069 44.4 %"),
        ("onload=x> של 44.4 % (24.6 to 66.3 %)", "onload=x> \u2068של\u2069 44.4 % (24.6 to 66.3 %)"),
        ("של 2 של; solu 4", "\u2068של 2 של\u2069; solu 4"),
        ("של solu نص", "\u2068של\u2069 solu \u2068نص\u2069"),
    ],
)
def test_runs_of_right_to_left_letters_are_isolated(text: str, shown: str) -> None:
    assert isolate_right_to_left(text) == shown
