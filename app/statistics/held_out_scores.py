"""Scores that tell two groups of items apart, each from items that have nothing in common with the one that is scored.

The attacker is ridge regression on kernels (Saunders, Gammerman & Vovk 1998, ICML). Every item is scored by a fit
without itself and without the items that it must not be compared with. With P the inverse of kernel plus penalty, S the
items left out and T all others, the inverse of a matrix in blocks gives

    K_ST (K_TT + penalty)⁻¹ = -P_SS⁻¹ P_ST

so that one inverse serves all fits, and scores are sums of group labels, which makes permutations cheap.
"""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from app.foundation.arrays import Bools, FloatMatrix, Floats
from app.rounds.planned_numbers import CONSTANTS


def standardised_columns(features: FloatMatrix) -> FloatMatrix:
    """The columns [item, column] that vary, with mean 0 and variance 1."""
    varies = np.ptp(features, axis=0) > CONSTANTS.tie_tolerance
    columns = features[:, varies]
    return (columns - columns.mean(axis=0)) / columns.std(axis=0) if columns.size else columns


def linear_kernel(standardised: FloatMatrix) -> FloatMatrix:
    """How alike items are in standardised columns [item, column]: their centred products, mean 1 on the diagonal."""
    return _centred(standardised @ standardised.T)


def gaussian_kernel(standardised: FloatMatrix) -> FloatMatrix:
    """How near items are to each other in standardised columns [item, column], centred, mean 1 on the diagonal."""
    squares = (standardised**2).sum(axis=1)
    distances = np.maximum(squares[:, np.newaxis] + squares - 2 * standardised @ standardised.T, 0)
    return _centred(np.exp(-distances / (2 * max(standardised.shape[1], 1))))


def held_out_weights(kernel: FloatMatrix, excluded_pairs: Bools) -> FloatMatrix:
    """The weights [item, other item] with which other items' labels give an item its score.

    `excluded_pairs` [item, item] is symmetric and true on its diagonal: which items a score is fitted without.
    """
    inverse = np.linalg.inv(kernel + CONSTANTS.attack_penalty * np.eye(len(kernel)))
    weights = np.zeros_like(kernel)
    for index, without in enumerate(excluded_pairs):
        positions, fitted = np.flatnonzero(without), np.flatnonzero(~without)
        own = (positions == index).astype(np.float64)
        row = np.linalg.solve(inverse[np.ix_(positions, positions)], own)
        weights[index, fitted] = -row @ inverse[np.ix_(positions, fitted)]
    return weights


def held_out_aucs(
    weights: FloatMatrix, excluded_pairs: Bools, labels: Bools, positions_by_stratum: Sequence[Sequence[int]]
) -> Floats:
    """The AUC [draw] of the scores of each row of `labels` [draw, item], within strata and weighted by pairs of items.

    In every fit the two groups weigh the same in each stratum, so that a group's size tells nothing.
    """
    scores = np.zeros(labels.shape)
    for positions in positions_by_stratum:
        scores += _score_from_stratum(weights[:, positions], ~excluded_pairs[:, positions], labels[:, positions])
    scores = np.round(scores, CONSTANTS.score_decimals)  # other machines round otherwise, and ties must stay ties
    wins, pair_count = np.zeros(len(labels)), 0
    for positions in positions_by_stratum:
        first_count = int(labels[0, positions].sum())
        ranks = stats.rankdata(scores[:, positions], axis=1)
        wins += (ranks * labels[:, positions]).sum(axis=1) - first_count * (first_count + 1) / 2
        pair_count += first_count * (len(positions) - first_count)
    return wins / pair_count


def _score_from_stratum(weights: FloatMatrix, fitted: Bools, labels: Bools) -> Floats:
    """What one stratum's items add to all items' scores [draw, item]; `weights` and `fitted` are [item, member].

    They add nothing to the score of an item whose fit has only one of the two groups.
    """
    first, second = labels.astype(np.float64), (~labels).astype(np.float64)
    counts_used = fitted.T.astype(np.float64)
    first_counts, second_counts = first @ counts_used, second @ counts_used
    scores = first @ weights.T / np.maximum(first_counts, 1) - second @ weights.T / np.maximum(second_counts, 1)
    return np.where((first_counts > 0) & (second_counts > 0), scores * labels.shape[1], 0)


def _centred(kernel: FloatMatrix) -> FloatMatrix:
    centred = kernel - kernel.mean(axis=0) - kernel.mean(axis=1)[:, np.newaxis] + kernel.mean()
    diagonal = float(np.trace(centred)) / len(centred)
    return centred / diagonal if diagonal > CONSTANTS.tie_tolerance else np.zeros_like(centred)
