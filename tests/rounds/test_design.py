import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.foundation.digest import sha256_of_json
from app.foundation.errors import DesignError
from app.rounds.cell import Cell
from app.rounds.design import Design, read_design
from app.rounds.presets import PRESET_NAMES, design_from_preset

CELLS = [Cell(arm="quokka", archive_sha256="a" * 64), Cell(arm="axolotl", archive_sha256="b" * 64)]


def make_design(preset_name: str = "solu-2022", **changes: Any) -> Design:
    fields = {"title": "A first look", "arms": CELLS, "reference": "axolotl"} | changes
    return design_from_preset(preset_name, **fields)


@pytest.mark.parametrize("preset_name", PRESET_NAMES)
def test_a_design_comes_back_from_its_canonical_json(preset_name: str) -> None:
    design = make_design(preset_name)
    assert read_design(design.canonical) == design
    assert design.sha256 == sha256_of_json(json.loads(design.canonical))


def test_the_public_part_names_no_arm_digest_stratum_or_count() -> None:
    shown = json.dumps(make_design(neurons=77).public_content())
    for secret in ("quokka", "axolotl", "a" * 64, "b" * 64, "1L/0", "77"):
        assert secret not in shown


@given(st.sampled_from(sorted(Design.model_fields)))
def test_every_field_is_in_the_digest(name: str) -> None:
    assert name in json.loads(make_design().canonical)


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
        ({"rubric": {"notes": "Axolotl comes first."}}, "“axolotl” must not be in them"),
        ({"overlap": 2}, "a crossed design must not have it"),
        ({"assignment": "overlap"}, "overlap and block designs need overlap"),
        ({"assignment": "overlap", "overlap": 9}, "an overlap of 9 needs as many evaluators"),
        ({"assignment": "blocks", "overlap": 2}, "how many items one evaluator gets"),
        ({"repeats": 200}, "200 repeats but only 120 neurons"),
        ({"repeats": 5, "repeat_distance": 120}, "lower the distance"),
        ({"controls": {"ladder": [0.7]}}, "set both or neither"),
        ({"controls": {"ladder": [0.2], "per_step": 1}}, "greater than 0.5"),
        ({"training": 3, "training_pass": 4}, "3 practice items cannot have 4 correct answers; lower training_pass"),
        ({"minutes": [3, 2]}, "minutes needs the shorter time first"),
        ({"marks": "loud"}, "'proportional' or 'rank'"),
        ({"colour": "red"}, "colour: no such field exists here; leave it out"),
    ],
)
def test_a_design_that_cannot_be_met_is_refused_with_the_reason(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(DesignError, match="The design cannot be met") as refusal:
        make_design(**changes)
    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"arms": CELLS[:1]}, "The design cannot be met: a comparison needs two arms; name a second one"),
        ({"arms": "quokka"}, "arms: give a list, in square brackets"),
        ({"arms": [{"arm": "quokka"}, CELLS[1]]}, "arms.0.archive_sha256: it is missing; write it"),
        (
            {"contrasts": ["colour"]},
            "contrasts.0: give 'site', 'corpus', 'windows', 'k', 'tokenizer', 'depth', 'arithmetic', 'duplicate_span' "
            "or 'draw', not “colour”",
        ),
        ({"contrasts": "col\nour"}, "'draw', not “col<U+000A>our”"),
        ({"contrasts": 5}, "contrasts: give a list, in square brackets"),
        ({"neurons": "many"}, "neurons: give a whole number"),
        ({"neurons": 1.5}, "neurons: give a whole number"),
        ({"hypothesis": "perhaps"}, "hypothesis: give true or false"),
        ({"title": 5}, "title: give a text, in quotation marks"),
        ({"title": "x" * 121}, "title: give a text of at most 120 characters"),
        ({"minutes": [1, 2, 3]}, "minutes: give at most 2 entries; it has 3"),
        ({"controls": 5}, "controls: give a table of names and values"),
        ({"groups": 5}, "groups: give a table of names and values"),
    ],
)
def test_a_wrong_value_is_refused_in_plain_words(changes: dict[str, Any], sentence: str) -> None:
    values = {"title": "A first look", "arms": CELLS, "reference": "axolotl"}
    with pytest.raises(DesignError) as refusal:
        Design.from_values(values | changes)
    assert str(refusal.value).endswith(sentence)


def test_a_single_contrast_needs_no_brackets() -> None:
    assert make_design(contrasts="site").contrasts == ("site",)


def test_text_that_is_not_toml_is_refused_with_the_command_that_prints_a_design() -> None:
    with pytest.raises(DesignError, match=r"not TOML.*firstglance round design"):
        Design.from_toml("title = ")


def test_a_text_that_is_no_digest_is_refused() -> None:
    with pytest.raises(DesignError, match="64 hexadecimal digits"):
        Design.from_values({"title": "t", "reference": "a", "arms": [{"arm": "a", "archive_sha256": "xyz"}] * 2})


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"title": "A\u200b first look"}, "title"),
        ({"arms": [CELLS[1], Cell(arm="quokka\u200b", archive_sha256="a" * 64)]}, "arms.1.arm"),
        ({"consent": "Agree\x00."}, "consent"),
        ({"named": ["Ada\u202e"]}, "named.0"),
    ],
)
def test_a_new_design_has_no_characters_that_nobody_sees(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(DesignError, match=rf"{path}.* characters that nobody sees: “.*<U\+"):
        make_design(**changes)


def test_a_design_may_have_lines_and_a_stored_one_stays_readable() -> None:
    assert make_design(consent="Agree\nor not.\tThanks").consent == "Agree\nor not.\tThanks"
    stored = make_design().with_changes(title="A\u200b first look")
    assert read_design(stored.canonical) == stored
