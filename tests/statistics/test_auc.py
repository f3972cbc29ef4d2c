"""The area under the ROC curve, compared with counting pairs and by simulation."""

import math

import numpy as np
import pytest

from app.statistics.auc import stratified_auc


def test_the_auc_is_the_share_of_pairs_in_which_the_first_is_larger() -> None:
    generator = np.random.default_rng(1)
    first, second = generator.integers(0, 12, 40).astype(float), generator.integers(0, 9, 30).astype(float)
    won = np.mean([(a > b) + 0.5 * (a == b) for a in first for b in second])
    estimate = stratified_auc([(first, second)])
    assert estimate is not None
    assert estimate.value == pytest.approx(won)
    swapped = stratified_auc([(second, first)])
    assert swapped is not None
    assert swapped.value == pytest.approx(1 - won)
    assert stratified_auc([(first[:1], second)]) is None


def test_auc_intervals_contain_the_true_value_often_enough() -> None:
    generator = np.random.default_rng(2)
    truth = 0.5 * (1 + math.erf(1 / 2))  # two normals a distance 1 apart
    hits = 0
    for _ in range(300):
        estimate = stratified_auc([(generator.normal(1, 1, 60), generator.normal(0, 1, 60))])
        assert estimate is not None
        hits += estimate.interval.lower <= truth <= estimate.interval.upper
    assert hits / 300 > 0.9
