import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.foundation.digest import sha256_of_json
from app.foundation.errors import DesignError
from app.rounds.design import Cell, Design, read_design
from app.rounds.design_text import design_toml
from app.rounds.presets import PRESET_NAMES, PROVENANCE, design_from_preset

CELLS = [Cell(arm="quokka", archive_sha256="a" * 64), Cell(arm="axolotl", archive_sha256="b" * 64)]


def made(**changes: Any) -> Design:
    settings = {"title": "A first look", "arms": CELLS, "reference": "axolotl"} | changes
    return design_from_preset(settings.pop("preset", "solu-2022"), **settings)


@pytest.mark.parametrize("name", PRESET_NAMES)
def test_every_preset_survives_toml_and_json(name: str) -> None:
    design = made(preset=name)
    assert Design.from_toml(design_toml(design)) == design
    assert read_design(design.canonical) == design
    assert design.sha256 == sha256_of_json(json.loads(design.canonical))


def test_the_paper_s_preset_is_the_paper_s() -> None:
    design = made()
    assert (design.neurons, design.groups, design.marks, design.minutes) == (60, {"top": 20}, "proportional", (1, 2))
    assert design.public_content()["needed"] == 16
    assert {one.origin for one in PROVENANCE} == {"paper", "unknown", "ours"}
    assert all(bool(one.paper) == (one.origin == "paper") for one in PROVENANCE)


def test_the_confirmatory_preset_differs_in_its_marks_alone() -> None:
    paper, rank = made(), made(preset="solu-rank")
    differing = {name for name, value in paper if getattr(rank, name) != value}
    assert differing == {"preset", "marks"}


def test_the_public_part_names_no_arm_digest_stratum_or_count() -> None:
    shown = json.dumps(made(neurons=77).public_content())
    for secret in ("quokka", "axolotl", "a" * 64, "b" * 64, "1L/0", "77"):
        assert secret not in shown


@given(st.sampled_from(sorted(Design.model_fields)))
def test_every_field_is_in_the_digest(name: str) -> None:
    assert name in json.loads(made().canonical)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"neurons": 0}, "greater than or equal to 1"),
        ({"reference": "wombat"}, "“wombat” is missing in stratum 1L/0"),
        ({"arms": [CELLS[0], CELLS[0]], "reference": "quokka"}, "stands twice"),
        ({"arms": [CELLS[0], CELLS[0].model_copy(update={"stratum": "2L/0"})], "reference": "quokka"}, "two arms"),
        ({"title": "Is the Quokka better?"}, "“quokka” must not be in them"),
        ({"title": "SoLU and friends"}, "“solu” must not be in them"),
        ({"consent": "We compare GELU with another."}, "“gelu” must not be in them"),
        ({"overlap": 2}, "a crossed design has none"),
        ({"assignment": "overlap"}, "which need it"),
        ({"assignment": "overlap", "overlap": 9}, "an overlap of 9 needs as many evaluators"),
        ({"assignment": "blocks", "overlap": 2}, "how many items one evaluator gets"),
        ({"repeats": 200}, "repeats of 120 neurons"),
        ({"repeats": 5, "repeat_distance": 120}, "lower the distance"),
        ({"controls": {"ladder": [0.7]}}, "needs its steps"),
        ({"controls": {"ladder": [0.2], "per_step": 1}}, "greater than 0.5"),
        ({"training": 3, "training_pass": 4}, "lower the pass mark"),
        ({"minutes": [3, 2]}, "the shorter time comes first"),
        ({"marks": "loud"}, "'proportional' or 'rank'"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
    ],
)
def test_it_refuses_what_cannot_be_met_and_says_why(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(DesignError, match="The design cannot be met") as refusal:
        made(**changes)
    assert complaint in str(refusal.value)


def test_it_refuses_an_unknown_preset() -> None:
    with pytest.raises(DesignError, match="choose one of solu-2022, solu-rank, quick"):
        made(preset="solu-1999")


def test_it_refuses_text_that_is_not_toml() -> None:
    with pytest.raises(DesignError, match="not TOML"):
        Design.from_toml("title = ")


def test_a_digest_that_is_none_is_refused() -> None:
    with pytest.raises(DesignError, match="64 hexadecimal digits"):
        Design.from_values({"title": "t", "reference": "a", "arms": [{"arm": "a", "archive_sha256": "xyz"}] * 2})
