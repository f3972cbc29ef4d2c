"""How good the measurement was: agreement, controls of known truth, drift over the order, time."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.verdict_table import VerdictTable
from app.report.number_text import limits, number
from app.statistics.agreement import Agreement, AgreementCoefficient, agreement_coefficients, agreement_with_intervals
from app.statistics.proportions import wilson_interval
from app.statistics.resampling import seeded_generator
from app.unblinding.observations import Observation

Floats = NDArray[np.float64]
MOST_PAIRED = 20
"""Evaluators up to which every pair is shown."""
FIFTHS = 5


def agreements(table: VerdictTable, observations: Sequence[Observation], frame: AnalysisFrame) -> dict[str, Any]:
    """Between evaluators, over all items and within arm; within evaluators, over hidden repeats; and by pair."""
    return {
        "between": _agreement(_counts(table), frame, "between", table.key()),
        "within_arm": {
            arm: _agreement(_counts(table.of(arm)), frame, "within arm", table.of(arm).key()) for arm in frame.arms
        },
        "within_evaluator": _agreement(_repeat_counts(observations), frame, "repeats", table.key()),
        "pairs": _pairs(table),
        "leniency": [
            {"evaluator": name, "fraction": number(_mean(table.of(evaluator=name).yes))} for name in table.evaluators
        ],
    }


def controls(observations: Sequence[Observation]) -> dict[str, Any]:
    """Acceptance of planted items and along the purity ladder: each evaluator's curve and everyone's."""
    planted = [one for one in observations if one.allocated.kind == "planted"]
    ladder = [one for one in observations if one.allocated.kind == "purity"]
    names = sorted({one.evaluator for one in ladder})
    return {
        "planted": _accepted(planted),
        "planted_by_evaluator": [
            {"evaluator": name} | _accepted([one for one in planted if one.evaluator == name])
            for name in sorted({one.evaluator for one in planted})
        ],
        "ladder": _curve(ladder),
        "ladder_by_evaluator": [
            {"evaluator": name, "curve": _curve([one for one in ladder if one.evaluator == name])} for name in names
        ],
    }


def drift(table: VerdictTable) -> dict[str, Any]:
    """Do verdicts change along the order? Fractions by fifth, and a test by the order's own randomisation.

    The orders are uniform shuffles, so within an evaluator the sum of (position - mean)(verdict - mean) has mean 0
    and variance (sum of squares)(sum of squares) / (n - 1), whatever the verdicts are.
    """
    score = variance = span = 0.0
    for name in table.evaluators:
        rows = table.of(evaluator=name)
        if rows.rows < 3:
            continue
        place, verdict = rows.position - rows.position.mean(), rows.yes - rows.yes.mean()
        score += float(place @ verdict)
        span += float(place @ place)
        variance += float((place @ place) * (verdict @ verdict)) / (rows.rows - 1)
    defined = variance > 0
    z = score / variance**0.5 if defined else None
    return {
        "per_100_items": number(100 * score / span) if span > 0 else None,
        "p": number(2 * float(stats.norm.sf(abs(z)))) if z is not None else None,
        "fifths": _fifths(table),
    }


def times(table: VerdictTable, frame: AnalysisFrame) -> dict[str, Any]:
    """Active seconds per judgment: median and quartiles, overall, by arm and by evaluator."""
    return {
        "all": _quartiles(table.seconds),
        "by_arm": {arm: _quartiles(table.of(arm).seconds) for arm in frame.arms},
        "by_evaluator": [
            {"evaluator": name} | _quartiles(table.of(evaluator=name).seconds) for name in table.evaluators
        ],
        "hours": number(float(table.seconds.sum()) / 3600),
        "revised": int((table.revisions > 0).sum()),
        "revised_by_arm": {arm: int((table.of(arm).revisions > 0).sum()) for arm in frame.arms},
    }


def _counts(table: VerdictTable) -> Floats:
    """[items, (NOT, INTERPRETABLE)]."""
    if not table.rows:
        return np.zeros((0, 2))
    _, row = np.unique(table.item, return_inverse=True)
    yes = np.bincount(row, weights=table.yes)
    return np.column_stack([np.bincount(row) - yes, yes])


def _repeat_counts(observations: Sequence[Observation]) -> Floats:
    first = {(one.evaluator, one.allocated.item): one for one in observations if one.allocated.kind != "repeat"}
    pairs = []
    for one in observations:
        original = first.get((one.evaluator, one.allocated.repeats or ""))
        if one.allocated.kind == "repeat" and original is not None:
            votes = [each.judgment.verdict == "interpretable" for each in (original, one)]
            pairs.append([2 - sum(votes), sum(votes)])
    return np.array(pairs, dtype=np.float64).reshape(-1, 2)


def _agreement(counts: Floats, frame: AnalysisFrame, purpose: str, key: str) -> dict[str, Any]:
    if not (counts.sum(axis=1) >= 2).any():
        empty = {"estimate": None, "interval": None}
        return {"units": 0, "percent": empty, "ac1": empty, "alpha": empty}
    found: Agreement = agreement_with_intervals(counts, seeded_generator(frame.seed, f"agreement {purpose}", key))
    return {
        "units": found.unit_count,
        "percent": _coefficient(found.percent),
        "ac1": _coefficient(found.ac1),
        "alpha": _coefficient(found.alpha),
    }


def _coefficient(one: AgreementCoefficient) -> dict[str, Any]:
    return {"estimate": number(one.value), "interval": limits(one.interval)}


def _pairs(table: VerdictTable) -> list[dict[str, Any]]:
    if len(table.evaluators) > MOST_PAIRED:
        return []
    verdicts = np.full((len(table.evaluators), len(table.items)), np.nan)
    verdicts[table.evaluator, table.item] = table.yes
    found = []
    for one, other in combinations(range(len(table.evaluators)), 2):
        both = np.isfinite(verdicts[one]) & np.isfinite(verdicts[other])
        votes = verdicts[one][both] + verdicts[other][both]
        names = {"first": table.evaluators[one], "second": table.evaluators[other], "items": int(both.sum())}
        if not both.any():
            found.append(names | {"percent": None, "ac1": None})
            continue
        percent, ac1, _ = agreement_coefficients(np.column_stack([2 - votes, votes]))
        found.append(names | {"percent": number(percent), "ac1": number(ac1)})
    return found


def _accepted(observations: Sequence[Observation]) -> dict[str, Any]:
    marks = [one.judgment.verdict == "interpretable" for one in observations]
    if not marks:
        return {"judgments": 0, "interpretable": 0, "fraction": None, "interval": None}
    fraction = sum(marks) / len(marks)
    return {
        "judgments": len(marks),
        "interpretable": sum(marks),
        "fraction": fraction,
        "interval": limits(wilson_interval(fraction, len(marks))),
    }


def _curve(ladder: Sequence[Observation]) -> list[dict[str, Any]]:
    steps = sorted({one.allocated.purity for one in ladder if one.allocated.purity is not None})
    return [{"purity": step} | _accepted([one for one in ladder if one.allocated.purity == step]) for step in steps]


def _fifths(table: VerdictTable) -> list[dict[str, Any]]:
    """By fifth of each evaluator's own order."""
    if not table.rows:
        return []
    longest = np.zeros(len(table.evaluators))
    np.maximum.at(longest, table.evaluator, table.position + 1)
    fifth = np.minimum(FIFTHS - 1, FIFTHS * table.position // longest[table.evaluator])
    found = []
    for place in range(FIFTHS):
        rows = table.where(fifth == place)
        seconds = _quartiles(rows.seconds)
        found.append(
            {"fifth": place + 1, "judgments": rows.rows, "fraction": number(_mean(rows.yes))}
            | {"median_seconds": seconds["median"]}
        )
    return found


def _quartiles(seconds: Floats) -> dict[str, Any]:
    if not seconds.size:
        return {"judgments": 0, "median": None, "quartiles": None, "under_a_minute": None}
    low, middle, high = (float(one) for one in np.quantile(seconds, [0.25, 0.5, 0.75]))
    under = float((seconds < 60).mean())
    return {"judgments": int(seconds.size), "median": middle, "quartiles": [low, high], "under_a_minute": under}


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if values.size else None
