"""The area under the ROC curve: how well one number tells two groups apart.

AUC = P(first > second) + P(tie)/2, with the variance of DeLong, DeLong & Clarke-Pearson (1988, Biometrics 44:837-845)
by midranks (Sun & Xu 2014), in n log n.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from app.statistics.proportions import CONFIDENCE_LEVEL, Estimate, Interval

Floats = NDArray[np.float64]


def stratified_auc(groups: list[tuple[Floats, Floats]]) -> Estimate | None:
    """The AUC within strata, weighted by their numbers of pairs; None if no stratum has two of each group."""
    usable = [(first, second) for first, second in groups if min(first.size, second.size) >= 2]
    if not usable:
        return None
    weights = np.array([first.size * second.size for first, second in usable], dtype=np.float64)
    weights /= weights.sum()
    parts = [_auc(first, second) for first, second in usable]
    value = float(weights @ np.array([one for one, _ in parts]))
    error = math.sqrt(float(weights**2 @ np.array([variance for _, variance in parts])))
    reach = float(stats.norm.ppf((1 + CONFIDENCE_LEVEL) / 2)) * error
    return Estimate(value, Interval(max(0.0, value - reach), min(1.0, value + reach)))


def _auc(first: Floats, second: Floats) -> tuple[float, float]:
    ranks = stats.rankdata(np.concatenate([first, second]))
    above = (ranks[: first.size] - stats.rankdata(first)) / second.size
    below = 1 - (ranks[first.size :] - stats.rankdata(second)) / first.size
    variance = float(above.var(ddof=1)) / first.size + float(below.var(ddof=1)) / second.size
    return float(above.mean()), variance
