"""Scores of items by fits to other items: against fits made one by one, and against plain AUCs."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from app.rounds.planned_numbers import CONSTANTS
from app.statistics.held_out_scores import (
    gaussian_kernel,
    held_out_aucs,
    held_out_weights,
    linear_kernel,
    standardised_columns,
)


def test_each_weight_is_that_of_a_fit_without_what_is_left_out() -> None:
    generator = np.random.default_rng(1)
    columns = standardised_columns(generator.normal(size=(12, 3)))
    kernel = linear_kernel(columns) + gaussian_kernel(columns)
    excluded_pairs = np.eye(12, dtype=np.bool_)
    excluded_pairs[np.ix_([2, 5, 7], [2, 5, 7])] = True
    excluded_pairs[3, 5] = excluded_pairs[5, 3] = True
    weights = held_out_weights(kernel, excluded_pairs)
    for index in range(12):
        fitted = np.flatnonzero(~excluded_pairs[index])
        matrix = kernel[np.ix_(fitted, fitted)] + CONSTANTS.attack_penalty * np.eye(len(fitted))
        assert weights[index, fitted] == pytest.approx(np.linalg.solve(matrix, kernel[fitted, index]))
        assert not weights[index, excluded_pairs[index]].any()


def test_aucs_are_those_of_the_scores_within_strata_and_mirror_with_the_labels() -> None:
    generator = np.random.default_rng(2)
    labels = generator.random((3, 30)) < 0.5
    labels[:, :4] = [True, True, False, False]
    columns = standardised_columns(generator.normal(size=(30, 2)) + labels[0][:, np.newaxis])
    excluded_pairs = np.eye(30, dtype=np.bool_)
    weights = held_out_weights(linear_kernel(columns), excluded_pairs)
    aucs = held_out_aucs(weights, excluded_pairs, labels[:1], [tuple(range(30))])
    group_sizes = [(labels[0] & ~excluded_pairs[index]).sum() for index in range(30)]
    others = [29 - size for size in group_sizes]
    scores = [weights[i] @ labels[0] / group_sizes[i] - weights[i] @ ~labels[0] / others[i] for i in range(30)]
    assert aucs[0] == pytest.approx(roc_auc_score(labels[0], scores))
    assert aucs[0] > 0.7
    strata = [tuple(range(4)), tuple(range(4, 30))]
    swapped = held_out_aucs(weights, excluded_pairs, ~labels[:1], strata)
    assert swapped == pytest.approx(held_out_aucs(weights, excluded_pairs, labels[:1], strata))


def test_columns_that_do_not_vary_tell_nothing() -> None:
    columns = standardised_columns(np.ones((6, 2)))
    assert columns.shape == (6, 0)
    excluded_pairs = np.eye(6, dtype=np.bool_)
    weights = held_out_weights(linear_kernel(columns) + gaussian_kernel(columns), excluded_pairs)
    labels = np.array([[True, False] * 3])
    assert held_out_aucs(weights, excluded_pairs, labels, [tuple(range(6))]).tolist() == [0.5]
