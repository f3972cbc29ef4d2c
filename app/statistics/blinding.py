"""Blinding indices: what guesses of the arm say about the blind, answers of "don't know" included.

James et al. (1996, Stat Med 15:1421-1434): one index for both arms, 1 if all say "don't know", 1/2 for guessing at
random, 0 if all guess right. Bang, Ni & Davis (2004, Control Clin Trials 25:143-156): one index per arm, the share of
right guesses minus the share of wrong ones, 0 for guessing at random. Both treat guesses as independent. An evaluator's
guesses are not, so a report shows a bootstrap over evaluators beside them.

Counts are arrays [guess, truth]: the guess is the first arm, the second arm or "don't know", the truth is the first or
the second arm.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from app.foundation.arrays import Floats
from app.statistics.intervals import CONFIDENCE_LEVEL, Interval, normal_quantile, symmetric_interval

JAMES_WEIGHTS = np.array([[0.0, 0.5], [0.5, 0.0]])
"""The weight w_ij of guess i under truth j: a right guess counts 0, a wrong guess 1/2 ("don't know" counts 1)."""


@dataclass(frozen=True)
class BlindingIndex:
    """A blinding index with its standard error."""

    value: float
    standard_error: float

    @property
    def interval(self) -> Interval:
        """The two-sided 95 % interval."""
        return symmetric_interval(self.value, normal_quantile() * self.standard_error)

    @property
    def one_sided_limits(self) -> Interval:
        """The lower and the upper one-sided 95 % limit, as is customary for Bang's index."""
        return symmetric_interval(self.value, float(stats.norm.ppf(CONFIDENCE_LEVEL)) * self.standard_error)


def james_index(guess_counts: Floats) -> BlindingIndex | None:
    """James' index of counts [guess, truth], with its asymptotic variance (v1 + v2) / n.

        BI = (1 + P_DK + (1 - P_DK) K_D) / 2          K_D = (P_Do - P_De) / P_De

    P_DK is the share of "don't know". P_Do is the observed and P_De the expected disagreement among the other guesses.

    Returns:
        None without guesses, or if P_De is 0 because all guessed one arm and only that arm was shown.
    """
    n = float(guess_counts.sum())
    if n == 0:
        return None
    p = guess_counts / n
    w, p_guessed = JAMES_WEIGHTS, p[:2]
    p_dk = float(p[2].sum())
    p_d = 1 - p_dk
    if p_d <= 0:
        return BlindingIndex(1.0, 0.0)
    p_guess, p_truth = p_guessed.sum(axis=1), p_guessed.sum(axis=0)
    scaled_p_de = float(p_guess @ w @ p_truth)  # P_De (1 - P_DK)²
    if scaled_p_de <= 0:
        return None
    k_d = (float((w * p_guessed).sum()) / p_d - scaled_p_de / p_d**2) / (scaled_p_de / p_d**2)
    marginal = (w.T @ p_guess)[None, :] + (w @ p_truth)[:, None]
    v1 = float((p_guessed * p_d**2 * (p_d * w - (1 + k_d) * marginal) ** 2).sum()) / (4 * scaled_p_de**2)
    v2 = p_dk * p_d - p_d * (1 + k_d) * (p_dk + p_d * (1 + k_d) / 4)
    return BlindingIndex((1 + p_dk + p_d * k_d) / 2, math.sqrt(max(0.0, v1 + v2) / n))


def bang_indices(guess_counts: Floats) -> tuple[BlindingIndex | None, BlindingIndex | None]:
    """Bang's index of the first and of the second arm, from counts [guess, truth]; None for an arm without guesses."""
    first = _bang_index(right=guess_counts[0, 0], wrong=guess_counts[1, 0], unsure=guess_counts[2, 0])
    second = _bang_index(right=guess_counts[1, 1], wrong=guess_counts[0, 1], unsure=guess_counts[2, 1])
    return first, second


def _bang_index(right: float, wrong: float, unsure: float) -> BlindingIndex | None:
    """BI = p_right - p_wrong with variance (p_right + p_wrong - BI²) / n."""
    n = float(right + wrong + unsure)
    if n == 0:
        return None
    index = float(right - wrong) / n
    return BlindingIndex(index, math.sqrt((float(right + wrong) / n - index**2) / n))
