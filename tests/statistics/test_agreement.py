"""Coefficients of agreement, compared with counting pairs."""

import numpy as np
import pytest

from app.statistics.agreement import agreement_coefficients, agreement_with_intervals
from app.statistics.resampling import seeded_generator


def test_agreement_coefficients_equal_those_from_counting_pairs() -> None:
    generator = np.random.default_rng(3)
    counts = np.column_stack(
        [3 - (interpretable_counts := generator.integers(0, 4, 200)), interpretable_counts]
    ).astype(float)
    pairs = [(a * (a - 1) + b * (b - 1)) / 6 for a, b in counts]
    percent, ac1, alpha = agreement_coefficients(counts)
    assert percent == pytest.approx(np.mean(pairs))
    share = interpretable_counts.mean() / 3
    assert ac1 == pytest.approx((percent - 2 * share * (1 - share)) / (1 - 2 * share * (1 - share)))
    agreement = agreement_with_intervals(counts, seeded_generator("s", "test", "k"))
    assert agreement.unit_count == 200
    for coefficient, value in zip(
        (agreement.percent_agreement, agreement.ac1, agreement.alpha), (percent, ac1, alpha), strict=True
    ):
        assert coefficient.value == pytest.approx(value)
        assert coefficient.interval is not None
        assert coefficient.interval.lower < value < coefficient.interval.upper


def test_alpha_is_not_defined_if_all_judgments_are_the_same() -> None:
    agreement = agreement_with_intervals(np.array([[3.0, 0.0]] * 10), seeded_generator("s", "test", "k"))
    assert agreement.percent_agreement.value == 1
    assert agreement.ac1.value == 1
    assert agreement.alpha.value is None
