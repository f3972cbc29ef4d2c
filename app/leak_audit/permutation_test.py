"""Does anything about items go with their arms? One permutation test over all features at once. Pure.

The arms are shuffled within strata, as they were randomised. Four statistics look for different leaks: the feature
that goes best with the arms, all features together, the pair of features that goes best with the arms (also a feature
with itself, so that “long or short, but never medium” is found), and the feature that goes best with the arms of a
single stratum. They are combined by the smallest of their p-values, whose own distribution under the same shuffles
gives the p-value of the test (Westfall and Young 1993).
So the p is exact, however many features there are and however they depend on each other.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from scipy.special import gammaln
from scipy.stats import rankdata

from app.foundation.arrays import Bools, FloatMatrix, Floats, Ints, IntVector

REFUSAL_P = 0.0005
"""A p of at most this stops the seal: of 2,000 rounds without a leak, chance stops one."""
WARNING_P = 0.02
"""A p of at most this is shown, and stops nothing."""
FIRST_SHUFFLES = 499
"""If these show nothing that is worth a warning, the test ends: it is quick where there is no leak."""
SHUFFLES = 19_999
SHUFFLES_AT_ONCE = 500
MOST_PAIRED = 60
"""Only so many features are paired, so that the pairs stay a few thousand."""
STATISTIC_DIGITS = 2
"""Sums of ranks are rounded to so many decimals: equal arrangements have equal statistics then."""


@dataclass(frozen=True)
class PermutationTest:
    """What the test of all features found."""

    p: float
    shuffle_count: int
    strongest: str
    """The feature that goes best with the arms; empty if no feature varies within a stratum."""
    item_count: int
    feature_count: int
    """The features that vary within a stratum."""
    plain_leak_p: float
    """The p that a plain leak has with so many items, as `plain_leak_p` counts it."""


@dataclass(frozen=True)
class _TestedColumns:
    """The ranked columns that the statistics look at."""

    single: FloatMatrix
    """[item, feature]"""
    paired: FloatMatrix
    """[item, pair]"""
    by_stratum: tuple[tuple[IntVector, FloatMatrix], ...]
    """For each stratum its items' positions, and the features that vary in it; none if there is one stratum."""


def association_test(
    features: FloatMatrix,
    feature_names: Sequence[str],
    arm_labels: IntVector,
    strata: Sequence[str],
    generator: np.random.Generator,
) -> PermutationTest:
    """Test whether `features` [item, feature] go with `arm_labels` [item] (0, 1, 2, ...) within `strata` [item]."""
    if len(np.unique(arm_labels)) < 2:
        return PermutationTest(1.0, 0, "", len(arm_labels), 0, 1.0)
    stratum_positions = _positions_by_stratum(strata)
    single, varies = _ranked_columns(features, stratum_positions)
    if not varies.any():
        return PermutationTest(1.0, 0, "", len(arm_labels), 0, plain_leak_p(arm_labels, strata))
    names = [name for name, is_varying in zip(feature_names, varies, strict=True) if is_varying]
    tested_columns = _tested_columns(single, stratum_positions)
    observed, strengths = _statistics(arm_labels[np.newaxis], tested_columns)
    shuffled = np.empty((0, observed.shape[1]))
    for shuffle_limit in (FIRST_SHUFFLES, SHUFFLES):
        batches = _shuffled_arms(arm_labels, stratum_positions, shuffle_limit - len(shuffled), generator)
        shuffled = np.concatenate([shuffled, *(_statistics(batch, tested_columns)[0] for batch in batches)])
        p = _combined_p(observed, shuffled)
        if p > WARNING_P:
            break
    strongest = names[int(strengths[0].argmax())]
    return PermutationTest(p, len(shuffled), strongest, len(arm_labels), len(names), plain_leak_p(arm_labels, strata))


def plain_leak_p(arm_labels: IntVector, strata: Sequence[str]) -> float:
    """The p of a plain leak: a feature that all items of one arm have, and no other item, and that nothing else shows.

    It is the share of the arrangements of that arm in which a feature looks the same, arms that have equally many items
    in every stratum included, times the number of statistics, each of which has such arrangements of its own; of the
    arms, the one whose leak has the largest.
    """
    arm_count = int(arm_labels.max()) + 1
    counts = np.array(
        [np.bincount(arm_labels[positions], minlength=arm_count) for positions in _positions_by_stratum(strata)]
    )  # [stratum, arm]
    sizes = counts.sum(axis=1, keepdims=True)
    log_arrangements = (gammaln(sizes + 1) - gammaln(counts + 1) - gammaln(sizes - counts + 1)).sum(axis=0)  # [arm]
    arms_alike = Counter(tuple(column) for column in counts.T.tolist())
    shares = [
        arms_alike[tuple(column)] * math.exp(-log_count)
        for column, log_count in zip(counts.T.tolist(), log_arrangements.tolist(), strict=True)
        if any(column)
    ]
    statistic_count = 3 if len(counts) == 1 else 4
    return min(1.0, max(statistic_count * max(shares), 1 / (SHUFFLES + 1)))


def _positions_by_stratum(strata: Sequence[str]) -> list[IntVector]:
    stratum_names = np.array(strata)
    return [np.flatnonzero(stratum_names == stratum) for stratum in sorted(set(strata))]


def _ranked_columns(features: FloatMatrix, stratum_positions: Sequence[IntVector]) -> tuple[FloatMatrix, Bools]:
    """The columns that vary within a stratum, as ranks of mean 0 in every stratum and variance 1; and which vary."""
    ranks = rankdata(features, axis=0)
    for positions in stratum_positions:
        ranks[positions] = rankdata(features[positions], axis=0) / (len(positions) + 1)
        ranks[positions] -= ranks[positions].mean(axis=0)
    spreads = ranks.std(axis=0)
    varies = spreads > 1e-9
    return ranks[:, varies] / spreads[varies], varies


def _tested_columns(single: FloatMatrix, stratum_positions: Sequence[IntVector]) -> _TestedColumns:
    paired, _ = _ranked_columns(_products(single[:, :MOST_PAIRED]), stratum_positions)
    by_stratum = [
        (positions, _ranked_columns(single[positions], [np.arange(len(positions))])[0])
        for positions in (stratum_positions if len(stratum_positions) > 1 else ())
    ]
    return _TestedColumns(single, paired, tuple(block for block in by_stratum if block[1].shape[1]))


def _products(features: FloatMatrix) -> FloatMatrix:
    """The products of all pairs of columns, and the squares, [item, pair]."""
    pairs = list(combinations_with_replacement(range(features.shape[1]), 2))
    first, second = np.array(pairs).T
    return features[:, first] * features[:, second]


def _shuffled_arms(
    arm_labels: IntVector, stratum_positions: Sequence[IntVector], count: int, generator: np.random.Generator
) -> Iterator[Ints]:
    """Batches of `count` shuffles in all of the arms within strata, [shuffle, item]."""
    for start in range(0, count, SHUFFLES_AT_ONCE):
        batch = np.tile(arm_labels, (min(SHUFFLES_AT_ONCE, count - start), 1))
        for positions in stratum_positions:
            batch[:, positions] = generator.permuted(batch[:, positions], axis=1)
        yield batch


def _statistics(arm_labels: Ints, tested_columns: _TestedColumns) -> tuple[FloatMatrix, FloatMatrix]:
    """The statistics of each row of `arm_labels` [shuffle, item], and the strength of every single feature."""
    strengths = _between_arms(arm_labels, tested_columns.single)
    parts = [strengths.max(axis=1), strengths.sum(axis=1)]
    if tested_columns.paired.shape[1]:
        parts.append(_between_arms(arm_labels, tested_columns.paired).max(axis=1))
    within = [
        _between_arms(arm_labels[:, positions], block).max(axis=1) for positions, block in tested_columns.by_stratum
    ]
    if within:
        parts.append(np.max(within, axis=0))
    return np.round(np.stack(parts, axis=1), STATISTIC_DIGITS), strengths


def _between_arms(arm_labels: Ints, features: FloatMatrix) -> FloatMatrix:
    """How far the arms' means of each column lie apart, as in the test of Kruskal and Wallis, [shuffle, column].

    Columns have mean 0, so that the last arm's sums are what the others' lack.
    """
    narrow = features.astype(np.float32)
    strengths = np.zeros((len(arm_labels), features.shape[1]), dtype=np.float32)
    last_sums = np.zeros_like(strengths)
    *first_arms, last_arm = np.unique(arm_labels[0])
    for arm in first_arms:
        sums = (arm_labels == arm).astype(np.float32) @ narrow
        strengths += sums**2 / (arm_labels[0] == arm).sum()
        last_sums -= sums
    strengths += last_sums**2 / (arm_labels[0] == last_arm).sum()
    return strengths.astype(np.float64)


def _combined_p(observed: FloatMatrix, shuffled: FloatMatrix) -> float:
    """The p of the smallest p-value among the statistics [shuffle, statistic], with the observed row as one of all."""
    statistics = np.concatenate([observed, shuffled])
    p_values = rankdata(-statistics, method="max", axis=0) / len(statistics)
    smallest: Floats = p_values.min(axis=1)
    return float(np.mean(smallest <= smallest[0]))
