"""Intervals of fractions and of their differences.

Wilson's score interval comes from statsmodels. The square-and-add interval of a difference is Newcombe's (1998,
Stat Med 17:873-890, method 10), which needs no more than the two fractions and their own intervals, so that it
serves fractions with an effective sample size as it serves plain ones.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

from statsmodels.stats.proportion import proportion_confint

CONFIDENCE_LEVEL = 0.95


class Interval(NamedTuple):
    """A confidence interval, lower limit first; in JSON a list of its two limits."""

    lower: float
    upper: float

    @property
    def width(self) -> float:
        """Upper less lower limit."""
        return self.upper - self.lower

    def mirrored(self) -> "Interval":
        """The interval of the negated quantity."""
        return Interval(-self.upper, -self.lower)


@dataclass(frozen=True)
class Estimate:
    """A number and its interval."""

    value: float
    interval: Interval


def wilson_interval(fraction: float, n: float, level: float = CONFIDENCE_LEVEL) -> Interval:
    """Wilson's score interval of `fraction` from `n` (effective, so not always whole) observations.

    Raises:
        ValueError: `n` is not positive.
    """
    if n <= 0:
        msg = f"a fraction of {n} observations has no interval"
        raise ValueError(msg)
    lower, upper = proportion_confint(fraction * n, n, alpha=1 - level, method="wilson")
    return Interval(0.0 if fraction <= 0 else float(lower), 1.0 if fraction >= 1 else float(upper))


def effective_sample_size(fraction: float, variance: float, smallest: float, largest: float) -> float:
    """How many independent observations the fraction is worth: p(1 - p) / variance, within [smallest, largest].

    `variance` is that of the fraction, s²/k for k neurons; `smallest` is k and stands where the variance is 0, so
    that an interval is never narrower than its neurons without a spread to show for it; `largest` is the number of
    judgments. (Korn & Graubard 1998, Surv Methodol 24:193-201, for the idea.)
    """
    if variance <= 0:
        return smallest
    worth = fraction * (1 - fraction) / variance
    return min(max(worth, smallest), max(largest, smallest))


def square_and_add_difference(first: Estimate, second: Estimate) -> Estimate:
    """The difference first - second with the interval made of the two intervals.

    lower = d - sqrt((p1 - l1)² + (u2 - p2)²), upper = d + sqrt((u1 - p1)² + (p2 - l2)²).
    """
    difference = first.value - second.value
    below = math.hypot(first.value - first.interval.lower, second.interval.upper - second.value)
    above = math.hypot(first.interval.upper - first.value, second.value - second.interval.lower)
    return Estimate(difference, Interval(max(-1.0, difference - below), min(1.0, difference + above)))
