"""The permutation test on made-up walks: every kind of planted leak is found, and chance stops next to no round."""

from dataclasses import replace

import numpy as np
import pytest

from app.leak_audit.features import transport_features
from app.leak_audit.findings import label_items
from app.leak_audit.permutation_test import (
    FIRST_SHUFFLES,
    REFUSAL_P,
    SHUFFLES,
    PermutationTest,
    association_test,
    plain_leak_p,
)
from app.leak_audit.responses import FetchedResponse
from bench.made_up_walk import Leak, MadeUpWalk, make_up_walk


def run_test(walk: MadeUpWalk, seed: int) -> PermutationTest:
    data = label_items(transport_features(walk.responses, walk.material.fragments), walk.material)
    table = data.feature_table
    return association_test(table.matrix, table.names, data.arm_labels, data.strata, np.random.default_rng(seed))


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


@pytest.mark.parametrize("leak", [longer, marked_header, marked_class, marked_passages, slower, longer_or_shorter])
def test_a_leak_in_the_responses_is_found(leak: Leak) -> None:
    assert run_test(make_up_walk(1, leak), 1).p <= REFUSAL_P


def test_codes_that_follow_the_allocation_are_found() -> None:
    result = run_test(make_up_walk(2, sorted_codes=True), 2)
    assert result.p <= REFUSAL_P
    assert result.strongest == "code"


def test_an_order_that_follows_the_allocation_is_found() -> None:
    assert run_test(make_up_walk(2, sorted_positions=True), 2).p <= REFUSAL_P


def test_a_leak_between_two_arms_that_are_not_the_reference_is_found() -> None:
    arms = np.repeat([0, 1, 2], 12)
    features = np.random.default_rng(0).normal(size=(36, 5))
    features[:, 3] += 3 * (arms == 1) - 3 * (arms == 2)
    result = association_test(features, list("abcde"), arms, ["s"] * 36, np.random.default_rng(1))
    assert (result.p <= REFUSAL_P, result.strongest) == (True, "d")


def test_what_only_tells_strata_apart_is_no_leak() -> None:
    arms, strata = np.tile([0, 1], 20), ["1L"] * 20 + ["2L"] * 20
    features = np.array([[float(stratum == "2L"), float(index % 7)] for index, stratum in enumerate(strata)])
    assert association_test(features, ["size", "index"], arms, strata, np.random.default_rng(0)).p > REFUSAL_P


def test_without_a_leak_few_shuffles_are_tried_and_nothing_is_refused() -> None:
    results = [run_test(make_up_walk(seed), seed) for seed in range(4)]
    assert all(result.p > REFUSAL_P for result in results)
    assert sum(result.shuffle_count == FIRST_SHUFFLES for result in results) >= 3


def test_the_p_of_one_feature_is_that_of_all_arrangements_of_the_arms() -> None:
    """Three and three items apart: of the 20 arrangements the observed one and its mirror image go as well."""
    arms, features = np.array([0, 0, 0, 1, 1, 1]), np.arange(6.0)[:, np.newaxis]
    result = association_test(features, ["a"], arms, ["s"] * 6, np.random.default_rng(0))
    assert result.p == pytest.approx(2 / 20, abs=0.04)
    assert plain_leak_p(arms, ["s"] * 6) == result.plain_leak_p == pytest.approx(3 * 2 / 20)


@pytest.mark.parametrize(
    ("counts", "p"),
    [
        ([[3, 3]], 3 * 2 / 20),  # three statistics; the two arms can exchange their names
        ([[2, 4]], 3 / 15),
        ([[4, 4, 4]], 3 * 3 / 495),  # of three arms one leaks
        ([[2, 2], [1, 3]], 4 / 24),  # four statistics with two strata; in the second the arms differ
        ([[4, 4, 0]], 3 * 2 / 70),  # the third arm has no items
    ],
)
def test_the_p_of_a_plain_leak_counts_what_looks_the_same_to_each_statistic(counts: list[list[int]], p: float) -> None:
    cells = [
        (arm, str(stratum))
        for stratum, arm_counts in enumerate(counts)
        for arm, count in enumerate(arm_counts)
        for _ in range(count)
    ]
    arms = np.array([arm for arm, _ in cells])
    assert plain_leak_p(arms, [stratum for _, stratum in cells]) == pytest.approx(p)


def test_the_p_of_a_plain_leak_is_no_smaller_than_the_shuffles_can_show() -> None:
    assert plain_leak_p(np.repeat([0, 1], 200), ["s"] * 400) == 1 / (SHUFFLES + 1)


@pytest.mark.parametrize("arm_count", [2, 3])
def test_a_plain_leak_among_many_features_is_sure_to_stop_a_seal_where_its_p_says_so(arm_count: int) -> None:
    sizes = {2: 9, 3: 8}
    arms, strata = np.repeat(np.arange(arm_count), sizes[arm_count]), ["s"] * arm_count * sizes[arm_count]
    assert plain_leak_p(arms, strata) <= REFUSAL_P / 2
    for seed in range(5):
        generator = np.random.default_rng(seed)
        features = generator.normal(size=(len(arms), 40))
        features[:, 7] = arms == 1
        assert association_test(features, list(map(str, range(40))), arms, strata, generator).p <= REFUSAL_P


def test_features_that_never_vary_give_nothing_away() -> None:
    result = association_test(np.ones((20, 2)), ["a", "b"], np.arange(20) % 2, ["s"] * 20, np.random.default_rng(0))
    assert (result.p, result.strongest, result.feature_count, result.item_count) == (1.0, "", 0, 20)
