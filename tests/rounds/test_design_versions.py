"""A design of version 1 is read as it was stored; a new round has the newest version."""

import json
import re
import zipfile
from pathlib import Path

import pytest

from app.foundation.digest import canonical_bytes, sha256
from app.foundation.errors import DesignError
from app.foundation.json_types import JsonObject, JsonValue
from app.rounds.analysis_plan import STANDARD_PLAN, AnalysisPlan, require_computable_plan
from app.rounds.cell import Cell
from app.rounds.design import Design, read_design
from app.rounds.planned_numbers import PlannedNumbers
from app.rounds.presets import design_from_preset

DESIGNS_OF_VERSION_2 = Path(__file__).parents[1] / "data" / "designs" / "version-2"
RELEASED = Path(__file__).parents[1] / "data" / "released" / "0.1.0"
CELLS = [Cell(arm="quokka", archive_sha256="a" * 64), Cell(arm="axolotl", archive_sha256="b" * 64)]


def released_designs() -> list[JsonObject]:
    """The designs in the exports of version 0.1.0."""
    designs: list[JsonObject] = []
    for path in sorted(RELEASED.rglob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            if "design.json" in archive.namelist():
                designs.append(json.loads(archive.read("design.json")))
    assert designs
    return designs


def cells_of(content: JsonObject) -> list[JsonObject]:
    cells = content["arms"]
    assert isinstance(cells, list)
    return [cell for cell in cells if isinstance(cell, dict)]


@pytest.mark.parametrize("content", released_designs(), ids=lambda content: str(content["preset"]))
def test_a_design_of_version_0_1_0_keeps_its_text_and_its_digest(content: JsonObject) -> None:
    text = canonical_bytes(content).decode()
    design = read_design(text)
    assert design.version == 1
    assert design.canonical == text
    assert design.sha256 == sha256(text.encode())
    assert design.planned_analysis is None


@pytest.mark.parametrize("content", released_designs(), ids=lambda content: str(content["preset"]))
def test_a_design_of_version_0_1_0_becomes_a_new_round_of_the_newest_version(content: JsonObject) -> None:
    design = read_design(canonical_bytes(content).decode())
    renewed = design.in_newest_version()
    assert renewed.version == 3
    assert renewed.planned_analysis == STANDARD_PLAN
    assert {name: value for name, value in json.loads(renewed.canonical).items() if name in content} == content | {
        "version": 3,
        "arms": [cell | {"unit": "neuron", "site": None, "harvest": None} for cell in cells_of(content)],
    }


def test_a_changed_design_of_version_1_stays_one() -> None:
    design = read_design(canonical_bytes(released_designs()[0]).decode())
    changed = design.with_changes(title="Another title")
    assert changed.version == 1
    assert set(json.loads(changed.canonical)) == set(released_designs()[0])


def test_a_design_of_version_1_with_a_plan_is_refused() -> None:
    with pytest.raises(DesignError, match="version 1 has no plan of the analysis; leave out the line version = 1"):
        design_from_preset("quick", title="t", arms=CELLS, reference="axolotl", version=1, analysis=STANDARD_PLAN)


def test_a_renewed_design_keeps_the_numbers_that_it_set_and_has_today_s_sentences() -> None:
    plan = AnalysisPlan(estimator="an old one", numbers=PlannedNumbers(shuffles=999))
    design = design_from_preset("quick", title="t", arms=CELLS, reference="axolotl", analysis=plan)
    assert design.in_newest_version().analysis == STANDARD_PLAN.model_copy(
        update={"numbers": PlannedNumbers(shuffles=999)}
    )


def test_the_public_part_of_a_design_shows_nothing_of_the_plan() -> None:
    design = design_from_preset("quick", title="t", arms=CELLS, reference="axolotl")
    shown = json.dumps(design.public_content())
    for text in ("analysis", "shuffles", "estimand", "Mantel", "token_detector"):
        assert text not in shown


@pytest.mark.parametrize("name", ["quick", "rich", "solu-2022", "solu-rank"])
def test_a_design_of_version_2_keeps_its_text_its_digest_and_what_evaluators_may_read(name: str) -> None:
    text = (DESIGNS_OF_VERSION_2 / f"{name}.json").read_text()
    design = read_design(text)
    assert design.version == 2
    assert design.canonical == text
    assert design.sha256 == json.loads((DESIGNS_OF_VERSION_2 / "digests.json").read_text())[name]
    assert read_design(design.with_changes(title="Another title").canonical).version == 2
    assert "unit_word" not in design.public_content()


@pytest.mark.parametrize("name", ["quick", "rich"])
def test_a_file_of_a_design_of_version_2_becomes_a_design_of_the_newest_version(name: str) -> None:
    design = Design.from_toml((DESIGNS_OF_VERSION_2 / f"{name}.toml").read_text())
    assert design == read_design((DESIGNS_OF_VERSION_2 / f"{name}.json").read_text()).in_newest_version()
    assert design.version == 3
    assert {cell.unit for cell in design.arms} == {"neuron"}


def test_a_file_of_version_2_whose_plan_is_not_ours_keeps_it_so_that_it_is_refused() -> None:
    text = (DESIGNS_OF_VERSION_2 / "quick.toml").read_text().replace("Mantel-Haenszel difference", "Another difference")
    with pytest.raises(DesignError, match="Another difference"):
        require_computable_plan(Design.from_toml(text).analysis)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"contrasts": ["corpus"]}, "a design of version 2 has no contrasts; leave out the line version = 2"),
        ({"site": "sae:blocks"}, "a design of version 2 knows no site sae:blocks; leave out the line version"),
        ({"site": "mlp.post"}, "'mlp.post' is no site; sites are mlp.pre, mlp.act, mlp.post_ln, resid.LAYER"),
        ({"unit": "latent"}, "a design of version 2 has no unit; leave out the line version = 2"),
    ],
)
def test_a_design_of_version_2_with_what_version_3_brought_is_refused(
    changes: dict[str, JsonValue], complaint: str
) -> None:
    content = json.loads((DESIGNS_OF_VERSION_2 / "quick.json").read_text())
    if "unit" in changes:
        content["arms"][0] |= changes
    else:
        content |= changes
    with pytest.raises(DesignError, match=re.escape(complaint)):
        Design.from_values(content)


@pytest.mark.parametrize(
    "unit", ["", "Latent", "two words", "<b>", "lat\u200bent", "néant", "x" * 31, "neuron\n", "a-b"]
)
def test_a_unit_s_word_that_is_none_is_refused(unit: str) -> None:
    cells: list[JsonValue] = [CELLS[0].model_dump() | {"unit": unit}, CELLS[1].model_dump()]
    with pytest.raises(DesignError, match=r"arms\.0\.unit"):
        design_from_preset("quick", title="t", arms=CELLS, reference="axolotl").with_changes(arms=cells)


@pytest.mark.parametrize(
    ("unit", "shown"), [("quokka", "quokka"), ("gelu", "gelu"), ("axolot", None), ("neuron", None)]
)
def test_a_unit_s_word_that_evaluators_read_names_no_arm(unit: str, shown: str | None) -> None:
    cells = tuple(cell.model_copy(update={"unit": unit}) for cell in CELLS)
    if shown is None:
        assert design_from_preset("quick", title="t", arms=cells, reference="axolotl").unit_word == unit
    else:
        with pytest.raises(DesignError, match=f"“{shown}” must not be in them"):
            design_from_preset("quick", title="t", arms=cells, reference="axolotl")


def test_arms_of_several_kinds_have_units_in_common() -> None:
    cells = [CELLS[0], CELLS[1].model_copy(update={"unit": "latent", "site": "sae:res-0"})]
    design = design_from_preset("quick", title="t", arms=cells, reference="axolotl")
    assert design.unit_word == "unit"
    assert [design.site_of(cell) for cell in design.arms] == ["mlp.act", "sae:res-0"]
    assert design.public_content()["unit_word"] == "unit"
    assert read_design(design.canonical) == design


def test_an_arm_has_one_word_for_its_units_in_all_strata() -> None:
    more = [cell.model_copy(update={"stratum": "2L/0", "unit": "latent"}) for cell in CELLS]
    with pytest.raises(DesignError, match="called differently in two strata"):
        design_from_preset("quick", title="t", arms=[*CELLS, *more], reference="axolotl")
