"""Differences and ratios of fractions, pooled over strata by Mantel and Haenszel.

With fractions p1 and p0 of n1 and n0 neurons in a stratum's treatment and reference arm:

    w = n1 n0 / (n1 + n0)
    difference = Σ w (p1 - p0) / Σ w          variance = Σ w² (v1 + v0) / (Σ w)²
    ratio = Σ w p1 / Σ w p0

With one judgment per neuron these are the textbook's point estimates (Rothman, Greenland & Lash 2008, Modern
Epidemiology, chapter 15). v1 and v0 are the variances of the fractions over neurons, so the variance of the difference
is the stratified sandwich, which is also right if a neuron has several judgments.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from app.statistics.intervals import CONFIDENCE_LEVEL, Estimate, normal_quantile, symmetric_interval
from app.statistics.neuron_sample import NeuronSample
from app.statistics.proportions import square_and_add_difference


@dataclass(frozen=True)
class StratumComparison:
    """The samples of two arms in one stratum."""

    name: str
    """The stratum's name."""
    treatment_sample: NeuronSample
    """The sample of the arm whose advantage is measured."""
    reference_sample: NeuronSample
    """The sample of the arm that it is measured against."""

    @property
    def weight(self) -> float:
        """The Mantel-Haenszel weight w = n1 n0 / (n1 + n0), in neurons."""
        n1, n0 = self.treatment_sample.neuron_count, self.reference_sample.neuron_count
        return n1 * n0 / (n1 + n0)

    @property
    def difference(self) -> float:
        """The treatment's fraction minus the reference's."""
        return self.treatment_sample.fraction - self.reference_sample.fraction

    @property
    def variance(self) -> float:
        """The variance v1 + v0 of the difference."""
        return _positive_variance(self.treatment_sample) + _positive_variance(self.reference_sample)

    def estimate_difference(self) -> Estimate:
        """The difference in this stratum with its square-and-add interval."""
        return square_and_add_difference(
            self.treatment_sample.estimate_fraction(), self.reference_sample.estimate_fraction()
        )


@dataclass(frozen=True)
class Heterogeneity:
    """Cochran's Q test: do the strata differ by more than their own uncertainty explains?"""

    q: float
    degrees_of_freedom: int
    p_value: float


def mantel_haenszel_difference(
    comparisons: Sequence[StratumComparison], confidence: float = CONFIDENCE_LEVEL
) -> Estimate:
    """The pooled difference with its stratified sandwich interval; a single stratum keeps its square-and-add interval.

    Raises:
        ZeroDivisionError: `comparisons` is empty.
    """
    if len(comparisons) == 1:
        return comparisons[0].estimate_difference()
    total = sum(comparison.weight for comparison in comparisons)
    difference = sum(comparison.weight * comparison.difference for comparison in comparisons) / total
    standard_error = math.sqrt(sum(comparison.weight**2 * comparison.variance for comparison in comparisons)) / total
    half_width = normal_quantile(confidence) * standard_error
    return Estimate(difference, symmetric_interval(difference, half_width, -1.0, 1.0))


def mantel_haenszel_ratio(comparisons: Sequence[StratumComparison]) -> float | None:
    """The pooled ratio of the fractions; None if no neuron of the reference arm counts."""
    numerator = sum(comparison.weight * comparison.treatment_sample.fraction for comparison in comparisons)
    denominator = sum(comparison.weight * comparison.reference_sample.fraction for comparison in comparisons)
    return numerator / denominator if denominator > 0 else None


def cochran_q_test(comparisons: Sequence[StratumComparison]) -> Heterogeneity | None:
    """Q = Σ (d - D)² / v over the strata's differences d, their variances v and the pooled difference D.

    Without heterogeneity Q has a chi-squared distribution whose degrees of freedom are the number of strata minus one
    (Cochran 1954, Biometrics 10:101-129). None for a single stratum.
    """
    if len(comparisons) < 2:
        return None
    pooled = mantel_haenszel_difference(comparisons).value
    q = sum((comparison.difference - pooled) ** 2 / comparison.variance for comparison in comparisons)
    degrees_of_freedom = len(comparisons) - 1
    return Heterogeneity(q, degrees_of_freedom, float(stats.chi2.sf(q, degrees_of_freedom)))


def _positive_variance(sample: NeuronSample) -> float:
    """The variance of the sample's fraction; if all verdicts agree, the variance that Wilson's interval implies."""
    variance = sample.variance
    if variance > 0:
        return variance
    implied_standard_error = sample.estimate_fraction().interval.width / (2 * normal_quantile())
    return implied_standard_error**2
