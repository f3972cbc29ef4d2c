"""Confidence intervals, and estimates with their intervals."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from scipy import stats

from app.rounds.planned_numbers import CONSTANTS

CONFIDENCE_LEVEL = CONSTANTS.level
"""The share of rounds in which an interval should contain the true value."""


class Interval(NamedTuple):
    """A confidence interval, lower limit first; in JSON a list of its two limits."""

    lower: float
    upper: float

    @property
    def width(self) -> float:
        """The upper minus the lower limit."""
        return self.upper - self.lower


@dataclass(frozen=True)
class Estimate:
    """An estimated number with its confidence interval."""

    value: float
    interval: Interval


def normal_quantile(confidence: float = CONFIDENCE_LEVEL) -> float:
    """The z for which P(-z < Z < z) = `confidence` if Z is standard normal: 1.96 for 95 %."""
    return float(stats.norm.ppf((1 + confidence) / 2))


def student_quantile(degrees_of_freedom: float, confidence: float = CONFIDENCE_LEVEL) -> float:
    """The t for which P(-t < T < t) = `confidence` if T has Student's distribution."""
    return float(stats.t.ppf((1 + confidence) / 2, degrees_of_freedom))


def symmetric_interval(
    centre: float, half_width: float, smallest: float = -math.inf, largest: float = math.inf
) -> Interval:
    """`centre` plus and minus `half_width`, cut off at the smallest and largest value that the quantity can have."""
    return Interval(max(smallest, centre - half_width), min(largest, centre + half_width))
