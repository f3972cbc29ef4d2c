"""Permutation test and bootstrap, compared with brute force."""

import itertools

import numpy as np
import pytest

from app.statistics.mantel_haenszel import StratumComparison
from app.statistics.resampling import bootstrap_fractions, permutation_p_value
from tests.statistics.samples import make_sample


def test_the_permutation_p_value_agrees_with_counting_all_permutations() -> None:
    first, second = [1.0, 2 / 3, 1.0, 1 / 3], [0.0, 1 / 3, 0.0, 2 / 3, 0.0]
    mean_verdicts = first + second
    observed = abs(np.mean(first) - np.mean(second))
    is_as_far = [
        abs(
            np.mean([mean_verdicts[i] for i in treatment_indices])
            - np.mean([mean_verdicts[i] for i in range(9) if i not in treatment_indices])
        )
        >= observed - 1e-9
        for treatment_indices in itertools.combinations(range(9), 4)
    ]
    comparison = StratumComparison("", make_sample(*first, digest="a"), make_sample(*second, digest="b"))
    assert permutation_p_value([comparison], "s", permutation_count=50_000) == pytest.approx(
        np.mean(is_as_far), abs=0.005
    )
    swapped = StratumComparison("", comparison.reference_sample, comparison.treatment_sample)
    assert permutation_p_value([swapped], "s") == permutation_p_value([comparison], "s")


def test_bootstrap_fractions_have_the_mean_and_variance_of_the_sample() -> None:
    sample = make_sample(*[1.0] * 12, *[0.5] * 20, *[0.0] * 28)
    draws = bootstrap_fractions(sample, "seed")
    assert draws.mean() == pytest.approx(sample.fraction, abs=0.003)
    assert draws.var() == pytest.approx(sample.variance, rel=0.06)
