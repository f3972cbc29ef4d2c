"""The audit's detectors on made-up responses: silent without a leak, and each kind of leak is caught."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from app.leak_audit.attackers import ALPHA, Attacked, attack, auc, detectable
from app.leak_audit.features import FetchedResponse, differences, spoken, stimulus, transport
from app.leak_audit.findings import AuditMaterial, evidence
from app.rounds.item import Item, Passage

ITEMS = 40
FRAGMENT = b'<ol><li><mark data-level="%d">word</mark></li></ol>'


def page(code: str, position: int, random: Random, probe: int = 0) -> FetchedResponse:
    body = b'<main data-step="verdict" data-item="%s">' % code.encode() + FRAGMENT % 3 + b"</main>"
    headers = (("content-type", "text/html"), ("content-length", str(len(body))), ("date", str(random.random())))
    return FetchedResponse(probe, "GET /judge", code, position, 200, headers, body, False, 0.01 + random.random() / 200)


def walk(
    seed: int, leak: Callable[[FetchedResponse, bool], FetchedResponse] | None = None, kind: str = ""
) -> tuple[AuditMaterial, list[FetchedResponse]]:
    """Two probes' responses; the first half of the items is one arm's."""
    random = Random(seed)
    codes = ["".join(random.choice("abcdefgh") for _ in range(10)) for _ in range(ITEMS)]
    if kind == "id order":
        codes.sort()
    first = set(codes[: ITEMS // 2])
    fetched = []
    for probe in (0, 1):
        placed = codes if kind == "order" else random.sample(codes, ITEMS)
        for position, code in enumerate(placed):
            one = page(code, position, random, probe)
            fetched.append(leak(one, code in first) if leak else one)
    lines = [
        {"item": code, "arm": "quokka" if code in first else "axolotl", "stratum": "1L/0", "kind": "neuron"}
        for code in codes
    ]
    fragments = dict.fromkeys(codes, FRAGMENT % 3)
    return AuditMaterial((), None, fragments, lines, "axolotl", ("quokka", "axolotl")), fetched


def attacked(
    seed: int, leak: Callable[[FetchedResponse, bool], FetchedResponse] | None = None, kind: str = ""
) -> Attacked:
    material, fetched = walk(seed, leak, kind)
    found = evidence(transport(fetched, material.fragments), material)
    return attack(found.table.values, found.table.names, found.labels, found.strata, np.random.default_rng(seed))


def longer(one: FetchedResponse, first: bool) -> FetchedResponse:
    return replace(one, body=one.body + b" ") if first else one


def marked_header(one: FetchedResponse, first: bool) -> FetchedResponse:
    return replace(one, headers=(*one.headers, ("x-cache", "warm" if first else "cold")))


def marked_class(one: FetchedResponse, first: bool) -> FetchedResponse:
    return replace(one, body=one.body.replace(b"<main", b'<main class="warm"')) if first else one


def marked_passages(one: FetchedResponse, first: bool) -> FetchedResponse:
    return replace(one, body=one.body.replace(b"<li>", b'<li class="warm">')) if first else one


def slower(one: FetchedResponse, first: bool) -> FetchedResponse:
    return replace(one, seconds=one.seconds + 0.01) if first else one


@pytest.mark.parametrize("leak", [longer, marked_header, marked_class, marked_passages, slower])
def test_a_leak_in_the_responses_is_caught(leak: Callable[[FetchedResponse, bool], FetchedResponse]) -> None:
    found = attacked(1, leak)
    assert found.leaks
    assert max(found.aucs.values()) > 0.95


@pytest.mark.parametrize("kind", ["id order", "order"])
def test_codes_or_orders_that_follow_the_allocation_are_caught(kind: str) -> None:
    assert attacked(2, kind=kind).leaks


def test_without_a_leak_most_audits_pass() -> None:
    assert sum(not attacked(seed).leaks for seed in range(4)) >= 3


@pytest.mark.slow
def test_without_a_leak_at_least_180_of_200_seeded_audits_pass() -> None:
    assert sum(not attacked(seed).leaks for seed in range(200)) >= 180


def test_what_changes_when_the_arms_are_swapped_is_named() -> None:
    _, here = walk(3)
    assert differences(here, here, ()) == []
    changed = [*here[:5], replace(here[5], body=here[5].body + b"x"), *here[6:]]
    assert differences(here, changed, ()) == [f"GET /judge (item {here[5].item})"]
    assert differences(here, here[:-1], ()) == ["80 responses against 79"]


def test_session_tokens_may_differ_under_a_swap_and_nothing_else() -> None:
    def visited(token: bytes) -> list[FetchedResponse]:
        one = page("abc", 0, Random(0))
        plain = replace(one, body=one.body + token)
        return [plain, replace(plain, gzip=True, body=gzip.compress(plain.body, mtime=0))]

    assert differences(visited(b"token1"), visited(b"token2"), (b"token1", b"token2")) == []
    assert len(differences(visited(b"token1"), visited(b"token2"), ())) == 2


def test_names_are_found_in_headers_and_markup_and_not_in_the_words_of_passages() -> None:
    one = page("abc", 0, Random(0))
    fragment = b"<ol><li>a quokka in the text</li></ol>"
    innocent = replace(one, body=b"<main>" + fragment + b"</main>")
    assert spoken([innocent], {"abc": fragment}, ["Quokka", "A"]) == []
    for guilty in (
        replace(innocent, body=innocent.body + b"<!-- quokka -->"),
        replace(innocent, headers=(("etag", "Quokka-1"),)),
    ):
        assert spoken([guilty], {"abc": fragment}, ["Quokka"]) == ["GET /judge says “quokka”"]
    in_markup = b'<ol><li class="quokka">text</li></ol>'
    assert spoken([replace(one, body=in_markup)], {"abc": in_markup}, ["Quokka"])


def test_the_stimulus_is_measured_from_words_and_marks() -> None:
    passage = Passage(("a", "b", "a"), (0, 5, 3), 1, "top")
    table = stimulus([Item("x", (passage, passage)), Item("y", (replace(passage, levels=(0, 5, 0)),))])
    values = {
        item: dict(zip(table.names, row, strict=True)) for item, row in zip(table.items, table.values, strict=True)
    }
    assert values["x"]["marked tokens"] == 4
    assert values["y"]["marked tokens"] == 1
    assert values["x"]["share of one peak"] == 1
    assert values["x"]["tokens of level 5"] == 2


def test_an_auc_is_the_probability_of_standing_higher() -> None:
    random = np.random.default_rng(1)
    scores, labels = random.integers(0, 5, 30).astype(float), random.integers(0, 2, 30)
    pairs = [(a, b) for a in scores[labels == 1] for b in scores[labels == 0]]
    assert auc(scores, labels) == pytest.approx(np.mean([(a > b) + (a == b) / 2 for a, b in pairs]))


def test_more_items_make_smaller_leaks_visible() -> None:
    assert detectable(60, 60) < detectable(20, 20) < 1
    assert detectable(0, 20) == 1
    assert detectable(60, 60) == pytest.approx(0.65, abs=0.02)


def test_too_few_items_or_features_that_never_vary_cannot_be_attacked() -> None:
    same = attack(np.ones((20, 2)), ["a", "b"], np.arange(20) % 2, ["s"] * 20, np.random.default_rng(0))
    few = attack(np.eye(4), list("abcd"), np.array([0, 1, 0, 1]), ["s"] * 4, np.random.default_rng(0))
    assert (same.p, few.p) == (1, 1)
    assert not same.leaks
    assert same.p > ALPHA
