import json
from dataclasses import replace
from typing import Any

import pytest

from app.archive.archive import Archive
from app.foundation.digest import canonical_bytes, sha256_of_json
from app.rounds.allocation import Allocation, SealContent, SeedHalves
from app.rounds.commitment import seal_digest
from app.rounds.design import Design
from app.rounds.preparation import prepare_round

SEED = "5e" * 32


@pytest.fixture
def content(design: Design, archives: dict[str, Archive]) -> SealContent:
    return SealContent.to_seal(prepare_round(design, archives, SEED).allocation, SEED, "0a" * 32)


def test_what_was_sealed_comes_back_as_it_was(content: SealContent) -> None:
    sealed = canonical_bytes(content.as_sealed)
    opened = SealContent.from_content(json.loads(sealed))
    assert replace(opened, as_sealed={}) == replace(content, as_sealed={})
    assert canonical_bytes(opened.as_sealed) == sealed


def test_whole_numbers_stay_whole_in_the_json_values_that_exports_print() -> None:
    item = {"item": "a", "arm": "quokka", "stratum": "1L/0", "layer": 0, "n_layers": 1, "neuron": 3}
    values: dict[str, Any] = {
        "allocation": {"cells": [], "items": [item | {"same_token_share": 0, "purity": 1}]},
        "nonce": "2",
        "seed": "1",
    }
    opened = SealContent.from_content(values)
    assert json.dumps(opened.as_sealed) == json.dumps(values)
    assert repr(opened.allocation.items[0].same_token_share) == "0"
    assert repr(opened.allocation.items[0].purity) == "1"


def test_a_seal_of_version_0_1_0_is_read_and_keeps_its_digest() -> None:
    values: dict[str, Any] = {"allocation": {"cells": [], "items": []}, "nonce": "2", "seed": "1"}
    opened = SealContent.from_content(values)
    assert (opened.draw, opened.left_out) == (None, ())
    assert opened.as_sealed == values
    assert seal_digest(opened) == sha256_of_json(values)


def test_a_new_seal_holds_the_halves_of_its_seed_and_the_neurons_left_out_in_order() -> None:
    halves, left_out = SeedHalves("5e" * 32, "beacon round 7", "b0"), [("b" * 64, 0, 2), ("a" * 64, 1, 5)]
    content = SealContent.to_seal(Allocation((), ()), "1", "2", halves, left_out)
    assert content.as_sealed == {
        "v": 2,
        "allocation": {"items": [], "cells": []},
        "seed": "1",
        "nonce": "2",
        "draw": {"half": "5e" * 32, "public_name": "beacon round 7", "public_value": "b0"},
        "left_out": [["a" * 64, 1, 5], ["b" * 64, 0, 2]],
    }
    opened = SealContent.from_content(json.loads(canonical_bytes(content.as_sealed)))
    assert (opened.draw, opened.left_out) == (halves, (("a" * 64, 1, 5), ("b" * 64, 0, 2)))


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 3},
        {"v": "2"},
        {"left_out": None},
        {"draw": {"half": "5e"}},
        {"more": 1},
        {"allocation": {"items": []}},
        {"allocation": {"items": [{"arm": "a"}], "cells": []}},
        {"seed": 1},
    ],
    ids=[
        "a version to come",
        "a version that is no number",
        "no list of neurons",
        "a half alone",
        "another part",
        "no cells",
        "half an item",
        "a seed that is no text",
    ],
)
def test_anything_but_an_allocation_a_seed_and_a_nonce_is_refused(changes: dict[str, Any]) -> None:
    content = SealContent.to_seal(Allocation((), ()), "1", "2")
    with pytest.raises(ValueError):  # noqa: PT011 - from two sources, ours and the library's
        SealContent.from_content(content.as_sealed | changes)


@pytest.mark.parametrize("missing", ["v", "allocation", "seed", "nonce", "draw", "left_out"])
def test_a_missing_part_is_refused(missing: str) -> None:
    content = SealContent.to_seal(Allocation((), ()), "1", "2")
    with pytest.raises(ValueError, match="exactly"):
        SealContent.from_content({name: part for name, part in content.as_sealed.items() if name != missing})
