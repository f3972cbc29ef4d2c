"""Differences and ratios pooled over strata by Mantel and Haenszel.

With one judgment per neuron the point estimates are the textbook's (Rothman, Greenland & Lash 2008, chapter 15):
weights n1 n0 / (n1 + n0) on each stratum's difference, and on numerator and denominator of the ratio. The variance
is the stratified sandwich over neurons, which stays right when a neuron has several judgments.
"""

import math
from dataclasses import dataclass

from scipy import stats

from app.statistics.neuron_sample import NeuronSample
from app.statistics.proportions import CONFIDENCE_LEVEL, Estimate, Interval, square_and_add_difference


@dataclass(frozen=True)
class StratumComparison:
    """Two arms where they are compared."""

    name: str
    treatment: NeuronSample
    """The arm whose advantage is measured."""
    reference: NeuronSample
    """The reference arm."""

    @property
    def weight(self) -> float:
        """Mantel-Haenszel weight n1 n0 / (n1 + n0), in neurons."""
        return (
            self.treatment.neuron_count
            * self.reference.neuron_count
            / (self.treatment.neuron_count + self.reference.neuron_count)
        )

    @property
    def difference(self) -> float:
        """First less second fraction."""
        return self.treatment.fraction - self.reference.fraction

    @property
    def variance(self) -> float:
        """Variance of the difference; an arm without spread lends the one that its Wilson interval implies."""
        return _variance(self.treatment) + _variance(self.reference)

    def estimate_difference(self) -> Estimate:
        """The difference with its square-and-add interval."""
        return square_and_add_difference(self.treatment.estimate_fraction(), self.reference.estimate_fraction())


@dataclass(frozen=True)
class Heterogeneity:
    """Cochran's Q: do the strata differ more than their own uncertainty explains?"""

    q: float
    degrees_of_freedom: int
    p_value: float


def mantel_haenszel_difference(strata: list[StratumComparison], level: float = CONFIDENCE_LEVEL) -> Estimate:
    """The Mantel-Haenszel difference with the stratified sandwich interval; one stratum keeps its own interval."""
    if len(strata) == 1:
        return strata[0].estimate_difference()
    total = sum(one.weight for one in strata)
    value = sum(one.weight * one.difference for one in strata) / total
    error = math.sqrt(sum(one.weight**2 * one.variance for one in strata)) / total
    reach = float(stats.norm.ppf((1 + level) / 2)) * error
    return Estimate(value, Interval(max(-1.0, value - reach), min(1.0, value + reach)))


def mantel_haenszel_ratio(strata: list[StratumComparison]) -> float | None:
    """The Mantel-Haenszel ratio; None if the reference arm has no INTERPRETABLE neuron."""
    below = sum(one.weight * one.reference.fraction for one in strata)
    return sum(one.weight * one.treatment.fraction for one in strata) / below if below > 0 else None


def cochran_q_test(strata: list[StratumComparison]) -> Heterogeneity | None:
    """Q over the strata's differences around the pooled one; None for a single stratum."""
    if len(strata) < 2:
        return None
    centre = mantel_haenszel_difference(strata).value
    q = sum((one.difference - centre) ** 2 / one.variance for one in strata)
    degrees = len(strata) - 1
    return Heterogeneity(q, degrees, float(stats.chi2.sf(q, degrees)))


def _variance(sample: NeuronSample) -> float:
    spread = sample.variance
    if spread > 0:
        return spread
    implied = sample.estimate_fraction().interval.width / (2 * float(stats.norm.ppf((1 + CONFIDENCE_LEVEL) / 2)))
    return implied**2
