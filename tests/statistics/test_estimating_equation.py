"""The estimating equation, compared with the plain difference and its sandwich variance."""

import math
from dataclasses import replace

import numpy as np
import pytest

from app.statistics.estimating_equation import MOST_GEE_CLUSTERS, RegressionData, gee_difference
from app.statistics.mantel_haenszel import StratumComparison, mantel_haenszel_difference
from tests.statistics.samples import make_sample


def simulate_judgments(neurons_per_arm: int, evaluator_count: int = 3) -> RegressionData:
    generator = np.random.default_rng(9)
    chance = generator.uniform(size=2 * neurons_per_arm) * np.repeat([1.0, 0.7], neurons_per_arm)
    verdicts = (generator.uniform(size=(2 * neurons_per_arm, evaluator_count)) < chance[:, None]).astype(float)
    neuron, evaluator = np.indices(verdicts.shape)
    return RegressionData(
        verdicts.ravel(),
        (neuron.ravel() < neurons_per_arm).astype(float),
        np.zeros(verdicts.size, int),
        evaluator.ravel(),
        neuron.ravel(),
    )


def test_the_estimating_equation_gives_the_plain_difference_and_the_sandwich() -> None:
    regression_data = simulate_judgments(60)
    estimate = gee_difference(regression_data)
    assert estimate is not None
    means = regression_data.score.reshape(120, 3).mean(axis=1)
    assert estimate.value == pytest.approx(means[:60].mean() - means[60:].mean())
    sandwich = mantel_haenszel_difference(
        [StratumComparison(str(i), make_sample(*means[:60]), make_sample(*means[60:])) for i in range(2)]
    )
    width = sandwich.interval.width * math.sqrt(2)
    assert estimate.interval.width == pytest.approx(width, rel=0.02)


def test_least_squares_for_many_neurons_gives_the_same_estimate() -> None:
    regression_data = simulate_judgments(40)
    by_gee = gee_difference(regression_data)
    by_least_squares = gee_difference(regression_data, most_clusters=1)
    assert MOST_GEE_CLUSTERS > 100
    assert by_gee is not None
    assert by_least_squares is not None
    assert by_least_squares.value == pytest.approx(by_gee.value)
    assert by_least_squares.interval.width == pytest.approx(by_gee.interval.width, rel=1e-6)


def test_a_perfect_fit_has_no_interval() -> None:
    regression_data = simulate_judgments(10)
    assert gee_difference(replace(regression_data, score=regression_data.in_treatment.copy())) is None
