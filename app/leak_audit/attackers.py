"""Machine attackers: can a program tell two groups of items apart by some features of them? Pure.

Two attackers (logistic regression, gradient boosting) each give every item an out-of-fold score; the statistic is the
larger of their AUCs. Its p-value comes from permuting the labels within strata, as the arms were randomised.
Permutations stop once ten of them reach the observed AUC (Besag and Clifford 1991), which keeps p valid.
scikit-learn is the optional extra `audit`, so it is imported in the functions that need it.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from app.foundation.arrays import FloatMatrix, IntVector
from app.foundation.errors import SettingsError

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    Attackers = Mapping[str, BaseEstimator]

FOLDS = 5
PERMUTATIONS = 49
EXTREME_PERMUTATIONS_TO_STOP = 10
"""The test stops after so many permutations that reach the observed AUC: there is no leak then."""
POWER = 0.8
ALPHA = 0.02
"""A p of at most this says that the attackers tell the groups apart; it is the smallest p that PERMUTATIONS give."""
AUC_DIGITS = 12
"""AUCs are rounded to so many decimals: rounding errors are smaller, and real differences are far larger."""
NO_INFORMATION = 0.5
"""The AUC of scores that give nothing away."""


@dataclass(frozen=True)
class AttackResult:
    """The AUCs of the attackers, and the p-value of the larger one."""

    aucs: dict[str, float]
    """{attacker: AUC of its out-of-fold scores}; 0.5 gives nothing away."""
    p: float
    permutation_count: int
    detectable_auc: float
    """With so many items, an attacker of this AUC is recognised four times out of five."""
    item_count: int
    feature_names: tuple[str, ...]
    """The features that vary; the attackers got these and no others."""

    @property
    def leaks(self) -> bool:
        """Whether the attackers did better than shuffled labels can explain."""
        return self.p <= ALPHA


def attack_features(
    features: FloatMatrix,
    feature_names: Sequence[str],
    labels: IntVector,
    strata: Sequence[str],
    generator: np.random.Generator,
    permutation_limit: int = PERMUTATIONS,
) -> AttackResult:
    """Attack `features` [item, feature] with 0/1 `labels` [item] in `strata` [item].

    Raises SettingsError if scikit-learn is not installed.
    """
    varies = np.ptp(features, axis=0) > 0
    varying_names = tuple(np.array(feature_names)[varies].tolist())
    group_sizes = np.bincount(labels, minlength=2)
    detectable = detectable_auc(int(group_sizes[0]), int(group_sizes[1]))
    if not varying_names or group_sizes.min() < FOLDS:
        return AttackResult({}, 1.0, 0, detectable, len(labels), varying_names)
    scaled = stats.zscore(features[:, varies])
    folds = generator.permutation(len(labels)) % FOLDS
    with _fast_small_fits():
        attackers = _attackers()
        aucs = {name: _out_of_fold_auc(attacker, scaled, labels, folds) for name, attacker in attackers.items()}
        shuffled = (_permuted_within_strata(labels, strata, generator) for _ in range(permutation_limit))
        largest_aucs = (
            max(_out_of_fold_auc(attacker, scaled, permuted, folds) for attacker in attackers.values())
            for permuted in shuffled
        )
        p, permutation_count = _permutation_p(max(aucs.values()), largest_aucs)
    return AttackResult(aucs, p, permutation_count, detectable, len(labels), varying_names)


def _permutation_p(observed: float, permuted: Iterable[float]) -> tuple[float, int]:
    """(p of the observed statistic among permuted ones, how many permutations were used)."""
    count = as_good = 0
    for statistic in permuted:
        count += 1
        as_good += statistic >= observed
        if as_good == EXTREME_PERMUTATIONS_TO_STOP:
            return as_good / count, count
    return (as_good + 1) / (count + 1), count


def detectable_auc(first_size: int, second_size: int, alpha: float = ALPHA) -> float:
    """The smallest AUC that groups of these sizes show at `alpha` with probability 0.8 (normal approximation).

    The null variance of an AUC is (m + n + 1) / (12 m n) (Hanley and McNeil 1982).
    """
    if not first_size or not second_size:
        return 1.0
    standard_error = math.sqrt((first_size + second_size + 1) / (12 * first_size * second_size))
    return min(1.0, 0.5 + float(stats.norm.ppf(1 - alpha) + stats.norm.ppf(POWER)) * standard_error)


def _out_of_fold_auc(attacker: "BaseEstimator", features: FloatMatrix, labels: IntVector, folds: IntVector) -> float:
    """AUC of the scores [item] that an attacker gives to each fold after it was fitted to the others."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import PredefinedSplit, cross_val_predict

    if any(len(np.unique(labels[folds != fold])) < 2 for fold in range(FOLDS)):
        return NO_INFORMATION  # no attacker can be fitted to items of a single group
    scores = cross_val_predict(attacker, features, labels, cv=PredefinedSplit(folds), method="predict_proba")[:, 1]
    # The library adds up trapezoids, so that equal AUCs may differ in their last digits; the permutations count ties.
    return round(float(roc_auc_score(labels, scores)), AUC_DIGITS)


def _permuted_within_strata(labels: IntVector, strata: Sequence[str], generator: np.random.Generator) -> IntVector:
    shuffled = labels.copy()
    stratum_names = np.array(strata)
    for stratum in sorted(set(strata)):
        positions = np.flatnonzero(stratum_names == stratum)
        shuffled[positions] = labels[generator.permutation(positions)]
    return shuffled


@contextmanager
def _fast_small_fits() -> Iterator[None]:
    """Use one thread and skip input checks: for fits this small, threads and checks take many times longer."""
    try:
        from sklearn import config_context
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        msg = "The audit's attackers need scikit-learn; install the extra: pip install 'firstglance[audit]'."
        raise SettingsError(msg) from error
    with threadpool_limits(1), config_context(assume_finite=True, skip_parameter_validation=True):
        yield


def _attackers() -> "Attackers":
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    return {
        "logistic regression": LogisticRegression(solver="newton-cholesky"),
        "gradient boosting": GradientBoostingClassifier(n_estimators=10, max_depth=2, random_state=0),
    }
