"""Sentences about the result itself: the primary difference, and the step that made this version. Pure."""

from datetime import datetime

from app.report.analysis.primary import Contrast
from app.report.number_text import points, points_range

UNSIGNED_RESULT = (
    "The round's key did not sign this result in the log: the key was missing at that step, or somebody changed the "
    "log later. The numbers follow from judgments and log as they stand now; whether these are what was locked, only "
    "the published digests of lock and result confirm."
)


def signature_note(*, unsigned: bool) -> str:
    """What a page says of a result that the round's key did not sign; empty for any other."""
    return UNSIGNED_RESULT if unsigned else ""


def state_primary_comparison(difference: Contrast) -> str:
    """The primary comparison with its arms, interval, p-value and method."""
    return f"Primary comparison, {difference.treatment} minus {difference.reference}: {describe_difference(difference)}"


def describe_difference(difference: Contrast) -> str:
    """The difference with its interval, its p-value and the method."""
    if difference.estimate is None:
        return "The arms cannot be compared."
    numbers = f"{points(difference.estimate)} percentage points, 95 % interval {points_range(difference.interval)}"
    p_value = "" if difference.p is None else f"; permutation p {_p_value_text(difference.p)}"
    return f"{numbers}{p_value} ({difference.method})."


def describe_result_step(version: int, by: str, at: datetime, reason: str) -> str:
    """Who made this version of the result, when and why."""
    step = "Unblinded" if version == 1 else f"Corrected (version {version} of the result)"
    return f"{step} by {by} on {at.strftime('%-d %B %Y, %H:%M')} UTC. Reason: {' '.join(reason.split())}"


def _p_value_text(p_value: float) -> str:
    return "under 0.001" if p_value < 0.001 else f"{p_value:.3f}"
