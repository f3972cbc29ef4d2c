"""Agreement between evaluators: percent agreement, Gwet's AC1, Krippendorff's alpha. Missing judgments allowed.

All three are functions of sums over units, so that a bootstrap over units is a product of two matrices.
Formulas: Gwet (2014), Handbook of Inter-Rater Reliability, chapter 2, for percent agreement and AC1;
Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C, nominal data.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.statistics.proportions import Interval
from app.statistics.resampling import bootstrap_interval

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AgreementCoefficient:
    """A coefficient of agreement; either part is None where it is not defined."""

    value: float | None
    interval: Interval | None


@dataclass(frozen=True)
class Agreement:
    """The three coefficients over the same units."""

    unit_count: int
    """Units with at least two judgments."""
    percent: AgreementCoefficient
    ac1: AgreementCoefficient
    alpha: AgreementCoefficient


def agreement_with_intervals(counts: Floats, source: np.random.Generator) -> Agreement:
    """Coefficients with bootstrap intervals.

    Args:
        counts: how many judgments put each unit in each category, shape [units, categories].
        source: the generator that resamples units.
    """
    patterns, frequencies = np.unique(counts, axis=0, return_counts=True)
    parts = _sums_by_unit(patterns)
    weights = frequencies.astype(np.int64)
    found = []
    for place in range(3):
        value = coefficients((weights @ parts)[None, :], counts.shape[1])[place, 0]

        def statistic(draws: Floats, place: int = place) -> Floats:
            return np.asarray(coefficients(draws @ parts, counts.shape[1])[place])

        defined = bool(np.isfinite(value))
        interval = bootstrap_interval(weights, statistic, source) if defined else None
        found.append(AgreementCoefficient(float(value) if defined else None, interval))
    paired = int(frequencies[patterns.sum(axis=1) >= 2].sum())
    return Agreement(paired, *found)


def agreement_coefficients(counts: Floats) -> tuple[float, float, float]:
    """Percent agreement, AC1 and alpha of a table of counts, NaN where one is not defined."""
    sums = _sums_by_unit(counts).sum(axis=0, keepdims=True)
    percent, ac1, alpha = coefficients(sums, counts.shape[1])[:, 0]
    return float(percent), float(ac1), float(alpha)


def coefficients(sums: Floats, categories: int) -> Floats:
    """The three coefficients from sums over units as `_sums_by_unit` lays them out: [rows, sums] -> [3, rows]."""
    paired, agreeing, rated = sums[:, 0], sums[:, 1], sums[:, 2]
    shares = sums[:, 3 : 3 + categories]
    matches, totals = sums[:, 3 + categories], sums[:, 4 + categories :]
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = agreeing / paired
        prevalence = shares / rated[:, None]
        chance = (prevalence * (1 - prevalence)).sum(axis=1) / (categories - 1)
        ac1 = (percent - chance) / (1 - chance)
        everyone = totals.sum(axis=1)
        expected = (totals * (totals - 1)).sum(axis=1) / (everyone * (everyone - 1))
        alpha = (matches / everyone - expected) / (1 - expected)
    return np.stack([percent, ac1, alpha])


def _sums_by_unit(counts: Floats) -> Floats:
    """What the coefficients need of each unit.

    Columns: judged twice or more, share of agreeing pairs, judged at all, share of each category, matching pairs
    as Krippendorff counts them, and for units judged twice or more the count of each category.
    """
    judged = counts.sum(axis=1)
    twice = judged >= 2
    pairs = (counts * (counts - 1)).sum(axis=1)
    agreeing = np.where(twice, pairs / np.maximum(judged * (judged - 1), 1), 0.0)
    shares = counts / np.maximum(judged, 1)[:, None]
    matches = np.where(twice, pairs / np.maximum(judged - 1, 1), 0.0)
    paired = counts * twice[:, None]
    columns = [twice.astype(np.float64), agreeing, (judged > 0).astype(np.float64)]
    return np.column_stack([*columns, shares, matches, paired])
