"""Agreement between evaluators: percent agreement, Gwet's AC1 and Krippendorff's alpha. Judgments may be missing.

r_ik of the r_i judgments of unit i are in category k, of q categories. n units are judged, n' of them at least twice.

    p_a   = 1/n' Σ_i Σ_k r_ik (r_ik - 1) / (r_i (r_i - 1))         percent agreement, over units with r_i ≥ 2
    π_k   = 1/n Σ_i r_ik / r_i                                     prevalence of category k
    p_e   = 1/(q - 1) Σ_k π_k (1 - π_k)                            agreement by chance
    AC1   = (p_a - p_e) / (1 - p_e)
    o     = Σ_i Σ_k r_ik (r_ik - 1) / (r_i - 1)                    matching pairs, over units with r_i ≥ 2
    N_k   = Σ_i r_ik                                               judgments in category k, over units with r_i ≥ 2
    A_e   = Σ_k N_k (N_k - 1) / (N (N - 1)), N = Σ_k N_k           agreement by chance
    alpha = (o / N - A_e) / (1 - A_e)

Gwet (2014), Handbook of Inter-Rater Reliability, chapter 2, for p_a and AC1; Krippendorff (2011), Computing
Krippendorff's Alpha-Reliability, section C, for alpha of nominal data. All three are functions of sums over units, so a
bootstrap over units is a product of two matrices.
"""

from dataclasses import dataclass

import numpy as np

from app.foundation.arrays import Floats
from app.rounds.planned_numbers import CONSTANTS
from app.statistics.intervals import Interval
from app.statistics.resampling import BOOTSTRAP_RESAMPLES, bootstrap_interval


@dataclass(frozen=True)
class AgreementCoefficient:
    """A coefficient of agreement with its bootstrap interval; each is None where it is not defined."""

    value: float | None
    interval: Interval | None


@dataclass(frozen=True)
class Agreement:
    """The three coefficients over the same units."""

    unit_count: int
    """Units with at least two judgments."""
    percent_agreement: AgreementCoefficient
    ac1: AgreementCoefficient
    alpha: AgreementCoefficient


def agreement_with_intervals(
    category_counts: Floats, generator: np.random.Generator, resample_count: int = BOOTSTRAP_RESAMPLES
) -> Agreement:
    """Percent agreement, AC1 and alpha, each with a bootstrap interval over units.

    Args:
        category_counts: how many judgments put each unit into each category: [unit, category].
        generator: the source of the draws.
        resample_count: how often the units are resampled.
    """
    patterns, frequencies = np.unique(category_counts, axis=0, return_counts=True)
    pattern_counts = frequencies.astype(np.int64)
    terms, category_count = _unit_terms(patterns), category_counts.shape[1]
    values = _coefficients((pattern_counts @ terms)[None, :], category_count)[:, 0]
    coefficients = []
    for index, value in enumerate(values):

        def resampled_coefficient(resampled: Floats, index: int = index) -> Floats:
            return np.asarray(_coefficients(resampled @ terms, category_count)[index])

        if np.isfinite(value):
            interval = bootstrap_interval(pattern_counts, resampled_coefficient, generator, resample_count)
            coefficients.append(AgreementCoefficient(float(value), interval))
        else:
            coefficients.append(AgreementCoefficient(None, None))
    return Agreement(
        int(frequencies[patterns.sum(axis=1) >= CONSTANTS.fewest_judgments_for_agreement].sum()), *coefficients
    )


def agreement_coefficients(category_counts: Floats) -> tuple[float, float, float]:
    """Percent agreement, AC1 and alpha of counts [unit, category]; NaN where one is not defined."""
    sums = _unit_terms(category_counts).sum(axis=0, keepdims=True)
    percent, ac1, alpha = _coefficients(sums, category_counts.shape[1])[:, 0]
    return float(percent), float(ac1), float(alpha)


def _unit_terms(category_counts: Floats) -> Floats:
    """What each unit adds to the sums that the coefficients are made of: [unit, category] -> [unit, 4 + 2q].

    The terms, in order: whether r_i ≥ 2; the unit's share of agreeing pairs; whether r_i ≥ 1; its share of each of the
    q categories; and, if r_i ≥ 2, its matching pairs o and its judgments in each of the q categories.
    """
    r_i = category_counts.sum(axis=1)
    judged_twice = r_i >= CONSTANTS.fewest_judgments_for_agreement
    pairs = (category_counts * (category_counts - 1)).sum(axis=1)
    agreeing = np.where(judged_twice, pairs / np.maximum(r_i * (r_i - 1), 1), 0.0)
    shares = category_counts / np.maximum(r_i, 1)[:, None]
    matching = np.where(judged_twice, pairs / np.maximum(r_i - 1, 1), 0.0)
    columns = [judged_twice.astype(np.float64), agreeing, (r_i > 0).astype(np.float64)]
    return np.column_stack([*columns, shares, matching, category_counts * judged_twice[:, None]])


def _coefficients(sums: Floats, category_count: int) -> Floats:
    """The three coefficients from sums over units of what `_unit_terms` lists: [draw, 4 + 2q] -> [3, draw]."""
    q = category_count
    n_twice, agreeing, n = sums[:, 0], sums[:, 1], sums[:, 2]
    shares, o, n_k = sums[:, 3 : 3 + q], sums[:, 3 + q], sums[:, 4 + q :]
    with np.errstate(divide="ignore", invalid="ignore"):
        p_a = agreeing / n_twice
        pi = shares / n[:, None]
        p_e = (pi * (1 - pi)).sum(axis=1) / (q - 1)
        ac1 = (p_a - p_e) / (1 - p_e)
        total = n_k.sum(axis=1)
        a_e = (n_k * (n_k - 1)).sum(axis=1) / (total * (total - 1))
        alpha = (o / total - a_e) / (1 - a_e)
    return np.stack([p_a, ac1, alpha])
