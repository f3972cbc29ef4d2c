"""Holm's adjustment, compared with statsmodels' to the last bit."""

import gc

import numpy as np
from statsmodels.stats.multitest import multipletests

from app.statistics.holm import holm_adjusted


def test_the_adjustment_is_that_of_statsmodels() -> None:
    gc.freeze()  # statsmodels collects all garbage in each call
    random = np.random.default_rng(0)
    for count in (1, 2, 3, 4, 10, 40):
        for _ in range(20):
            p_values = np.round(random.random(count) ** 3, 2).tolist()  # many ties
            assert holm_adjusted(p_values) == multipletests(p_values, method="holm")[1].tolist()


def test_a_known_example_is_adjusted_as_by_hand() -> None:
    assert holm_adjusted([0.01, 0.04, 0.03, 0.005]) == [0.03, 0.06, 0.06, 0.02]
