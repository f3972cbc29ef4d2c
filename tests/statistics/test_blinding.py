"""Blinding indices where their value is known."""

import numpy as np
import pytest

from app.statistics.blinding import bang_indices, james_index


@pytest.mark.parametrize(
    ("counts", "expected"),
    [([[10, 0], [0, 10], [0, 0]], 0.0), ([[5, 5], [5, 5], [0, 0]], 0.5), ([[0, 0], [0, 0], [8, 9]], 1.0)],
)
def test_james_index_is_0_if_all_guess_right_and_1_if_nobody_knows(counts: list[list[float]], expected: float) -> None:
    index = james_index(np.array(counts, dtype=float))
    assert index is not None
    assert index.value == pytest.approx(expected)


def test_blinding_indices_without_guesses_are_not_defined() -> None:
    empty = np.zeros((3, 2))
    assert james_index(empty) is None
    assert bang_indices(empty) == (None, None)
    assert james_index(np.array([[7.0, 0], [0, 0], [0, 0]])) is None
