"""Writes numbers as text in the way that reports print them."""

from app.foundation.typography import NO_BREAK_SPACE, with_minus_sign
from app.statistics.intervals import Interval


def points(fraction: float) -> str:
    """A difference of fractions as text in percentage points with its sign: +21.7."""
    return with_minus_sign(f"{100 * fraction + 0.0:+.1f}")


def percent(fraction: float | None) -> str:
    """A fraction as text in per cent with one decimal: 35.0 %."""
    return "none" if fraction is None else f"{100 * fraction:.1f}{NO_BREAK_SPACE}%"


def percent_range(interval: Interval | None) -> str:
    """An interval of a fraction as text: 24.2 to 47.6 %."""
    if interval is None:
        return "no interval"
    return f"{100 * interval.lower:.1f} to {100 * interval.upper:.1f}{NO_BREAK_SPACE}%"


def points_range(interval: Interval | None) -> str:
    """An interval of a difference as text: -2.6 to +36.0, with a real minus sign."""
    return f"{points(interval.lower)} to {points(interval.upper)}" if interval else "no interval"


def seconds_text(seconds: float) -> str:
    """A time in seconds as text, short ones with a decimal: 42 s, 3.8 s."""
    if seconds < 0.05:
        return f"under 0.1{NO_BREAK_SPACE}s"
    return f"{seconds:.1f}{NO_BREAK_SPACE}s" if seconds < 9.95 else f"{seconds:.0f}{NO_BREAK_SPACE}s"
