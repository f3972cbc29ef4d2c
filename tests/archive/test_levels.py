"""Strengths and levels: the same rule for every arm."""

import numpy as np
import pytest

from app.archive.levels import proportional_levels, rank_levels, relative_strength, strength_level


@pytest.mark.parametrize(
    ("strength", "expected"), [(0.0, 0), (0.0999, 0), (0.1, 1), (0.2, 1), (0.2001, 2), (0.6, 3), (0.81, 5), (1.0, 5)]
)
def test_levels_are_fifths_of_strength_and_none_below_a_tenth(strength: float, expected: int) -> None:
    assert strength_level(strength) == expected


def test_strength_is_relative_to_the_largest_activation_and_never_negative() -> None:
    assert relative_strength(-3, 2) == 0
    assert relative_strength(1, 4) == 0.25
    assert relative_strength(1, -1) == 0
    assert proportional_levels([4, 1, -2, 0.3], 4) == (5, 2, 0, 0)


def test_rank_levels_mark_a_hundred_tokens_twenty_at_each_level() -> None:
    windows = [[float(60 - position) for position in range(60)], [float(position % 7) for position in range(90)]]
    levels = rank_levels(windows)
    assert levels is not None
    counts = np.bincount(np.concatenate(levels), minlength=6)
    assert counts[1:].tolist() == [20] * 5
    assert levels[0][:20] == (5,) * 20
    assert rank_levels([[1.0] * 99]) is None
