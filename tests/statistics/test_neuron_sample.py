"""The fraction that a sample of neurons estimates, compared with plain formulas."""

import pytest

from app.statistics.neuron_sample import merge_samples
from app.statistics.proportions import wilson_interval
from tests.statistics.samples import make_sample


def test_a_sample_with_one_judgment_per_neuron_has_the_plain_wilson_interval() -> None:
    sample = make_sample(*[1.0] * 21, *[0.0] * 39)
    assert sample.effective_n == 60
    assert sample.estimate_fraction().interval == wilson_interval(0.35, 60)


def test_dead_neurons_count_as_neurons_that_nobody_found_interpretable() -> None:
    assert make_sample(1, 0, 1, dead=2).fraction == pytest.approx(make_sample(1, 0, 1, 0, 0).fraction)
    assert make_sample(1, 0, 1, dead=2).variance == pytest.approx(make_sample(1, 0, 1, 0, 0).variance)


def test_merged_strata_weigh_as_much_as_they_have_neurons() -> None:
    first, second = make_sample(1, 1, 0), make_sample(0, 0, 0, 0, 1, 0)
    merged = merge_samples((first, second))
    assert merged.fraction == pytest.approx(3 / 9)
    assert merged.variance == pytest.approx((3 / 9) ** 2 * first.variance + (6 / 9) ** 2 * second.variance)
