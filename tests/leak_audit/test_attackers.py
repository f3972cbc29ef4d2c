"""The attackers on made-up walks: every kind of planted leak is found, and none where there is none."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import BaseEstimator

from app.leak_audit import attackers
from app.leak_audit.attackers import ALPHA, AttackResult, attack_features, detectable_auc
from app.leak_audit.features import transport_features
from app.leak_audit.findings import label_neurons
from app.leak_audit.responses import FetchedResponse
from tests.leak_audit.made_up_walk import Leak, MadeUpWalk, make_up_walk

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


@pytest.fixture
def stopped_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop at the first permutation that is as good: whether there is a leak is certain from then on."""
    monkeypatch.setattr(attackers, "EXTREME_PERMUTATIONS_TO_STOP", 1)


def longer(response: FetchedResponse, of_first_arm: bool) -> FetchedResponse:
    return replace(response, body=response.body + b" ") if of_first_arm else response


def marked_header(response: FetchedResponse, of_first_arm: bool) -> FetchedResponse:
    return replace(response, headers=(*response.headers, ("x-cache", "warm" if of_first_arm else "cold")))


def marked_class(response: FetchedResponse, of_first_arm: bool) -> FetchedResponse:
    return replace(response, body=response.body.replace(b"<main", b'<main class="warm"')) if of_first_arm else response


def marked_passages(response: FetchedResponse, of_first_arm: bool) -> FetchedResponse:
    return replace(response, body=response.body.replace(b"<li>", b'<li class="warm">')) if of_first_arm else response


def slower(response: FetchedResponse, of_first_arm: bool) -> FetchedResponse:
    return replace(response, seconds=response.seconds + 0.01) if of_first_arm else response


def longer_or_shorter(response: FetchedResponse, of_first_arm: bool) -> FetchedResponse:
    """Two lengths around that of the second arm: no threshold on the length tells the arms, two of them do."""
    if not of_first_arm:
        return response
    spaces = 2 if response.item_code < "e" else 0
    return replace(response, body=response.body[:-1] + b" " * spaces)


@pytest.mark.parametrize("leak", [longer, marked_header, marked_class, marked_passages, slower])
def test_a_leak_in_the_responses_is_found(leak: Leak, monkeypatch: pytest.MonkeyPatch) -> None:
    let_only(monkeypatch, "logistic regression")
    result = attack(make_up_walk(1, leak), 1)
    assert result.leaks
    assert max(result.aucs.values()) > 0.95


def test_a_leak_that_no_line_separates_is_found_by_the_second_attacker() -> None:
    result = attack(make_up_walk(1, longer_or_shorter), 1)
    assert tuple(result.aucs) == BOTH
    assert result.aucs["logistic regression"] < 0.6
    assert result.aucs["gradient boosting"] > 0.9
    assert result.leaks
    assert result.p == pytest.approx(ALPHA)


def test_codes_that_follow_the_allocation_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    let_only(monkeypatch, "logistic regression")
    assert attack(make_up_walk(2, sorted_codes=True), 2).leaks


def test_an_order_that_follows_the_allocation_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    let_only(monkeypatch, "logistic regression")
    assert attack(make_up_walk(2, sorted_positions=True), 2).leaks


@pytest.mark.usefixtures("stopped_at_once")
def test_without_a_leak_most_audits_pass() -> None:
    assert sum(not attack(make_up_walk(seed), seed).leaks for seed in range(4)) >= 3


@pytest.mark.slow
@pytest.mark.usefixtures("stopped_at_once")
def test_without_a_leak_at_least_180_of_200_seeded_audits_pass() -> None:
    assert sum(not attack(make_up_walk(seed), seed).leaks for seed in range(200)) >= 180


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
