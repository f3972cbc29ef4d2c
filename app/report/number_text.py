"""Numbers as JSON: plain floats, None where something cannot be said, never a NaN."""

import math
from typing import Any

from app.statistics.intervals import Estimate, Interval

MINUS = "\N{MINUS SIGN}"
"""What a difference below zero is printed with."""
NARROW = "\N{NO-BREAK SPACE}"
"""Between a number and its unit, so that no line breaks there."""


def number(value: float | None) -> float | None:
    """A finite float, or None."""
    if value is None or not math.isfinite(value):
        return None
    return float(value) + 0.0  # minus zero becomes zero


def limits(interval: Interval | None) -> list[float] | None:
    """An interval as [lower, upper], or None."""
    if interval is None or not (math.isfinite(interval.lower) and math.isfinite(interval.upper)):
        return None
    return [interval.lower + 0.0, interval.upper + 0.0]


def estimated(estimate: Estimate | None) -> dict[str, Any]:
    """An estimate with its interval, both None if it cannot be made."""
    if estimate is None:
        return {"estimate": None, "interval": None}
    return {"estimate": number(estimate.value), "interval": limits(estimate.interval)}


def points(value: float) -> str:
    """A difference in percentage points with its sign: +21.7."""
    return f"{100 * value + 0.0:+.1f}".replace("-", MINUS)


def percent(value: float) -> str:
    """A fraction in per cent with one decimal: 35.0 %."""
    return f"{100 * value:.1f}{NARROW}%"


def percent_range(interval: list[float] | None) -> str:
    """An interval of a fraction: 24.2 to 47.6 %."""
    return f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f}{NARROW}%" if interval else "no interval"


def points_range(interval: list[float] | None) -> str:
    """An interval of a difference: -2.6 to +36.0, with a real minus sign."""
    return f"{points(interval[0])} to {points(interval[1])}" if interval else "no interval"
