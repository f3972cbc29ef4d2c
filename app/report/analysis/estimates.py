"""What the parts of an analysis share: numbers that JSON can hold, estimates, and results of one evaluator."""

import math
from dataclasses import dataclass

from app.statistics.intervals import Estimate, Interval

Number = int | float
"""A count; it is not whole if dead neurons count in proportion to the judged ones."""


@dataclass(frozen=True)
class ReportedEstimate:
    """A number with its 95 % interval; each is None if it cannot be computed."""

    estimate: float | None
    interval: Interval | None


NO_ESTIMATE = ReportedEstimate(None, None)


@dataclass(frozen=True)
class NamedEvaluator:
    """The evaluator whom a result is about."""

    evaluator: str
    """The evaluator's pseudonym."""


def report_estimate(estimate: Estimate | None) -> ReportedEstimate:
    """An estimate with its interval, both None if it cannot be made."""
    if estimate is None:
        return NO_ESTIMATE
    return ReportedEstimate(finite_number(estimate.value), finite_interval(estimate.interval))


def finite_number(value: float | None) -> float | None:
    """A finite float, or None."""
    if value is None or not math.isfinite(value):
        return None
    return float(value) + 0.0  # minus zero becomes zero


def finite_interval(interval: Interval | None) -> Interval | None:
    """An interval with finite limits, or None."""
    if interval is None or not (math.isfinite(interval.lower) and math.isfinite(interval.upper)):
        return None
    return Interval(interval.lower + 0.0, interval.upper + 0.0)


def whole_number(value: float) -> Number:
    """A count as an integer if it is one up to rounding errors."""
    return round(value) if abs(value - round(value)) < 1e-9 else value
