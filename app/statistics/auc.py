"""The area under the ROC curve (AUC): how well one number tells two groups apart.

For m values X of the first group and n values Y of the second, θ = P(X > Y) + P(X = Y) / 2. DeLong, DeLong &
Clarke-Pearson (1988, Biometrics 44:837-845) give its variance by two components, computed here from midranks in n log n
(Sun & Xu 2014, IEEE Signal Process Lett 21:1389-1393):

    V10_i = (rank of X_i among all - rank of X_i among the X) / n
    V01_j = 1 - (rank of Y_j among all - rank of Y_j among the Y) / m
    θ = mean(V10)          var(θ) = s²(V10) / m + s²(V01) / n
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from app.foundation.arrays import Floats
from app.rounds.planned_numbers import CONSTANTS
from app.statistics.intervals import Estimate, normal_quantile, symmetric_interval


def stratified_auc(groups_by_stratum: Sequence[tuple[Floats, Floats]]) -> Estimate | None:
    """The mean of the strata's AUCs, weighted by their numbers of pairs; 0.5 if the groups cannot be told apart.

    Args:
        groups_by_stratum: the values of the first group [item] and of the second group [item], for each stratum.

    Returns:
        None if no stratum has two values of each group.
    """
    usable = [
        (first, second)
        for first, second in groups_by_stratum
        if min(first.size, second.size) >= CONSTANTS.fewest_items_for_auc
    ]
    if not usable:
        return None
    weights = np.array([first.size * second.size for first, second in usable], dtype=np.float64)
    weights /= weights.sum()
    within = [_auc_and_variance(first, second) for first, second in usable]
    auc = float(weights @ np.array([theta for theta, _ in within]))
    standard_error = math.sqrt(float(weights**2 @ np.array([variance for _, variance in within])))
    return Estimate(auc, symmetric_interval(auc, normal_quantile() * standard_error, 0.0, 1.0))


def _auc_and_variance(x: Floats, y: Floats) -> tuple[float, float]:
    """θ and var(θ) of one stratum's values x [m] and y [n]."""
    ranks = stats.rankdata(np.concatenate([x, y]))
    v10 = (ranks[: x.size] - stats.rankdata(x)) / y.size
    v01 = 1 - (ranks[x.size :] - stats.rankdata(y)) / x.size
    variance = float(v10.var(ddof=1)) / x.size + float(v01.var(ddof=1)) / y.size
    return float(v10.mean()), variance
