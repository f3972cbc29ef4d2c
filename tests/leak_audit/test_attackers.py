"""The attackers on made-up walks: every kind of planted leak is found, and none where there is none."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from app.leak_audit import attackers
from app.leak_audit.attackers import ALPHA, AttackResult, attack_features, detectable_auc
from app.leak_audit.features import transport_features
from app.leak_audit.findings import label_neurons
from bench.made_up_walk import MadeUpWalk, make_up_walk

BOTH = ("logistic regression", "gradient boosting")


def attack(walk: MadeUpWalk, seed: int) -> AttackResult:
    data = label_neurons(transport_features(walk.responses, walk.material.fragments), walk.material)
    source = np.random.default_rng(seed)
    return attack_features(data.feature_table.matrix, data.feature_table.names, data.labels, data.strata, source)


def let_only(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let one of the two attackers try alone: it has to find the leak by itself, and takes less time."""
    all_attackers = attackers._attackers()

    def alone() -> dict[str, BaseEstimator]:
        return {name: all_attackers[name]}

    monkeypatch.setattr(attackers, "_attackers", alone)


def test_what_no_line_separates_is_found_by_the_second_attacker() -> None:
    random = np.random.default_rng(1)
    labels = np.arange(40) % 2
    features = np.stack([np.where(labels, random.choice([-1.0, 1.0], 40), 0.0), random.normal(size=40)], axis=1)
    result = attack_features(features, ["a", "b"], labels, ["s"] * 40, random)
    assert tuple(result.aucs) == BOTH
    assert result.aucs["logistic regression"] < 0.6
    assert result.aucs["gradient boosting"] > 0.9
    assert result.leaks
    assert result.p == pytest.approx(ALPHA)


def test_permutations_stop_once_ten_are_as_good_as_the_labels() -> None:
    """p is then their share of all that were tried (Besag and Clifford 1991)."""
    result = attack(make_up_walk(2), 2)
    assert (result.p, result.permutation_count) == (1.0, 10)


def test_an_auc_is_the_probability_that_one_arm_scores_above_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    let_only(monkeypatch, "logistic regression")
    random = np.random.default_rng(1)
    features, labels = random.normal(size=(30, 2)), random.integers(0, 2, 30)
    result = attack_features(features, ["a", "b"], labels, ["s"] * 30, np.random.default_rng(5), 1)
    folds = np.random.default_rng(5).permutation(30) % attackers.FOLDS
    scores = np.zeros(30)
    scaled = (features - features.mean(axis=0)) / features.std(axis=0)
    for fold in range(attackers.FOLDS):
        inside = folds == fold
        (attacker,) = attackers._attackers().values()
        attacker.fit(scaled[~inside], labels[~inside])
        scores[inside] = attacker.predict_proba(scaled[inside])[:, 1]
    pairs = [(a, b) for a in scores[labels == 1] for b in scores[labels == 0]]
    expected = np.mean([(a > b) + (a == b) / 2 for a, b in pairs])
    assert result.aucs["logistic regression"] == pytest.approx(expected)


def test_more_items_make_smaller_leaks_visible() -> None:
    assert detectable_auc(60, 60) < detectable_auc(20, 20) < 1
    assert detectable_auc(0, 20) == 1
    assert detectable_auc(60, 60) == pytest.approx(0.65, abs=0.02)


def test_features_that_never_vary_cannot_be_attacked() -> None:
    result = attack_features(np.ones((20, 2)), ["a", "b"], np.arange(20) % 2, ["s"] * 20, np.random.default_rng(0))
    assert (result.p, result.leaks, result.feature_names) == (1, False, ())


def test_too_few_items_cannot_be_attacked() -> None:
    result = attack_features(np.eye(4), list("abcd"), np.array([0, 1, 0, 1]), ["s"] * 4, np.random.default_rng(0))
    assert (result.p, result.leaks) == (1, False)


def test_a_fold_that_holds_every_item_of_an_arm_gives_nothing_away() -> None:
    """Then there is nothing to fit to: the audit goes on instead of ending in scikit-learn's error."""
    labels, folds = np.array([1] * 5 + [0] * 20), np.repeat(np.arange(5), 5)
    features = np.random.default_rng(0).normal(size=(25, 2))
    assert attackers._out_of_fold_auc(attackers._attackers()["logistic regression"], features, labels, folds) == 0.5
