"""Wilson's interval and the effective sample size at their limits."""

import pytest

from app.statistics.proportions import effective_sample_size, wilson_interval


def test_the_effective_sample_size_stays_between_neurons_and_judgments() -> None:
    assert effective_sample_size(0.5, 0.0, 60, 180) == 60
    assert effective_sample_size(0.5, 0.25 / 100, 60, 180) == pytest.approx(100)
    assert effective_sample_size(0.5, 0.25 / 20, 60, 180) == 60
    assert effective_sample_size(0.5, 0.25 / 500, 60, 180) == 180


def test_a_fraction_of_no_neurons_is_refused() -> None:
    with pytest.raises(ValueError, match="no interval"):
        wilson_interval(0.5, 0)
