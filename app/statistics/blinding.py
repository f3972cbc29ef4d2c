"""Blinding indices from guesses by truth, the "don't know" answers included.

James et al. (1996, Stat Med 15:1421-1434): one index, 1 if all say "don't know", 1/2 for guessing at random, 0 if
all guess right. Bang, Ni & Davis (2004, Control Clin Trials 25:143-156): one index per arm, the share right less the
share wrong, 0 for guessing at random. Both treat guesses as independent; evaluators repeat themselves, so a bootstrap
over evaluators stands beside them in a report.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from app.statistics.proportions import CONFIDENCE_LEVEL, Interval

Floats = NDArray[np.float64]
WEIGHTS = np.array([[0.0, 0.5], [0.5, 0.0]])
"""James: a right guess counts 0, a wrong one a half, "don't know" 1."""


@dataclass(frozen=True)
class BlindingIndex:
    """A blinding index with its standard error."""

    value: float
    standard_error: float

    @property
    def interval(self) -> Interval:
        """Two-sided 95 % interval."""
        return self._reach((1 + CONFIDENCE_LEVEL) / 2)

    @property
    def one_sided_limits(self) -> Interval:
        """Lower and upper one-sided 95 % limits, the custom for Bang's index."""
        return self._reach(CONFIDENCE_LEVEL)

    def _reach(self, quantile: float) -> Interval:
        reach = float(stats.norm.ppf(quantile)) * self.standard_error
        return Interval(self.value - reach, self.value + reach)


def james_index(counts: Floats) -> BlindingIndex | None:
    """James' index of counts, rows = guess (first arm, second arm, don't know), columns = truth (first, second).

    None without guesses, or where agreement by chance is not defined because all guessed one arm and one arm only
    was shown.
    """
    total = float(counts.sum())
    if total == 0:
        return None
    shares = counts / total
    unsure = float(shares[2].sum())
    sure = 1 - unsure
    if sure <= 0:
        return BlindingIndex(1.0, 0.0)
    guessed, truth = shares[:2].sum(axis=1), shares[:2].sum(axis=0)
    spread = float(guessed @ WEIGHTS @ truth)
    if spread <= 0:
        return None
    kappa = (float((WEIGHTS * shares[:2]).sum()) / sure - spread / sure**2) / (spread / sure**2)
    marginal = (WEIGHTS.T @ guessed)[None, :] + (WEIGHTS @ truth)[:, None]
    first = float((shares[:2] * sure**2 * (sure * WEIGHTS - (1 + kappa) * marginal) ** 2).sum()) / (4 * spread**2)
    second = unsure * sure - sure * (1 + kappa) * (unsure + sure * (1 + kappa) / 4)
    return BlindingIndex((1 + unsure + sure * kappa) / 2, math.sqrt(max(0.0, first + second) / total))


def bang_indices(counts: Floats) -> tuple[BlindingIndex | None, BlindingIndex | None]:
    """Bang's index of each arm, from counts as `james` takes them; None for an arm without guesses."""
    return _bang(counts[0, 0], counts[1, 0], counts[2, 0]), _bang(counts[1, 1], counts[0, 1], counts[2, 1])


def _bang(right: float, wrong: float, unsure: float) -> BlindingIndex | None:
    total = float(right + wrong + unsure)
    if total == 0:
        return None
    value = float(right - wrong) / total
    return BlindingIndex(value, math.sqrt((float(right + wrong) / total - value**2) / total))
