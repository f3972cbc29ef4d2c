"""Machine attackers: can a program tell two groups of items apart by some features of them? Pure.

Two attackers (logistic regression, gradient boosting) each give every item an out-of-fold score; the statistic is the
larger of their AUCs. One p over all of it comes from permuting the labels within strata, as the arms were randomised.
Permutations stop early once ten of them beat the observed AUC (Besag and Clifford 1991), which keeps p valid.
scikit-learn is the optional extra `audit`.
"""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from app.foundation.errors import SettingsError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FOLDS = 5
PERMUTATIONS = 49
ENOUGH = 10
"""Permutations at least as good as the observed one after which more would change nothing."""
POWER = 0.8
ALPHA = 0.02
"""The gate: a p this small is a leak; it is the smallest that PERMUTATIONS can give."""


@dataclass(frozen=True)
class Attacked:
    """How well the attackers did."""

    aucs: dict[str, float]
    """{attacker: AUC of its out-of-fold scores}; 0.5 gives nothing away."""
    p: float
    permutations: int
    detectable: float
    """The AUC that this many items would show as a leak four times out of five."""
    items: int
    features: tuple[str, ...]

    @property
    def leaks(self) -> bool:
        """Whether the attackers did better than shuffled labels allow."""
        return self.p <= ALPHA


def attack(
    features: Floats, names: Sequence[str], labels: Ints, strata: Sequence[str], source: np.random.Generator,
    permutations: int = PERMUTATIONS,
) -> Attacked:  # fmt: skip
    """Attack `features` [item, feature] with 0/1 `labels` [item] in `strata` [item].

    Raises SettingsError if scikit-learn is not installed.
    """
    kept = np.ptp(features, axis=0) > 0
    varied = stats.zscore(features[:, kept])
    used = tuple(name for name, keep in zip(names, kept, strict=True) if keep)
    sizes = np.bincount(labels, minlength=2)
    found = detectable(int(sizes[0]), int(sizes[1]))
    if not used or sizes.min() < FOLDS:
        return Attacked({}, 1.0, 0, found, len(labels), used)
    attackers = _attackers()
    folds = source.permutation(len(labels)) % FOLDS
    with _one_thread():
        aucs = {name: _auc(make, varied, labels, folds) for name, make in attackers.items()}
        observed, better, done = max(aucs.values()), 0, 0
        while done < permutations and better < ENOUGH:
            shuffled = _permuted(labels, strata, source)
            better += max(_auc(make, varied, shuffled, folds) for make in attackers.values()) >= observed
            done += 1
    p = better / done if better == ENOUGH else (better + 1) / (done + 1)
    return Attacked(aucs, p, done, found, len(labels), used)


def detectable(first: int, second: int) -> float:
    """The smallest AUC that groups of these sizes show at ALPHA with probability 0.8 (normal approximation).

    The null variance of an AUC is (m + n + 1) / (12 m n) (Hanley and McNeil 1982).
    """
    if not first or not second:
        return 1.0
    spread = math.sqrt((first + second + 1) / (12 * first * second))
    return min(1.0, 0.5 + float(stats.norm.ppf(1 - ALPHA) + stats.norm.ppf(POWER)) * spread)


def auc(scores: Floats, labels: Ints) -> float:
    """Probability that a 1 scores above a 0, ties half (Mann and Whitney)."""
    ranks = stats.rankdata(scores)
    ones = int(labels.sum())
    zeros = len(labels) - ones
    return float((ranks[labels == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def _one_thread() -> AbstractContextManager[Any]:
    """Fits this small are many times slower when several threads share them."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(1)
    return limits


def _auc(make: Callable[[], Any], features: Floats, labels: Ints, folds: Ints) -> float:
    scores = np.zeros(len(labels))
    for fold in range(FOLDS):
        held = folds == fold
        if len(set(labels[~held])) < 2:
            scores[held] = 0.5
            continue
        scores[held] = make().fit(features[~held], labels[~held]).predict_proba(features[held])[:, 1]
    return auc(scores, labels)


def _permuted(labels: Ints, strata: Sequence[str], source: np.random.Generator) -> Ints:
    shuffled = labels.copy()
    named = np.array(strata)
    for stratum in sorted(set(strata)):
        places = np.flatnonzero(named == stratum)
        shuffled[places] = labels[source.permutation(places)]
    return shuffled


def _attackers() -> dict[str, Callable[[], Any]]:
    try:
        from sklearn.ensemble import GradientBoostingClassifier
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        msg = "The audit's attackers need scikit-learn; install the extra: pip install 'firstglance[audit]'."
        raise SettingsError(msg) from error
    return {
        "logistic regression": lambda: LogisticRegression(solver="newton-cholesky"),
        "gradient boosting": lambda: GradientBoostingClassifier(n_estimators=10, max_depth=2, random_state=0),
    }
