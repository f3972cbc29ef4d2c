"""A design of version 1 is read as it was stored; a new round has the newest version."""

import json
import zipfile
from pathlib import Path

import pytest

from app.foundation.digest import canonical_bytes, sha256
from app.foundation.errors import DesignError
from app.foundation.json_types import JsonObject
from app.rounds.analysis_plan import STANDARD_PLAN, AnalysisPlan
from app.rounds.design import Cell, read_design
from app.rounds.planned_numbers import PlannedNumbers
from app.rounds.presets import design_from_preset

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
    assert renewed.version == 2
    assert renewed.planned_analysis == STANDARD_PLAN
    assert {name: value for name, value in json.loads(renewed.canonical).items() if name in content} == content | {
        "version": 2
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
    assert design.in_newest_version().analysis == AnalysisPlan(numbers=PlannedNumbers(shuffles=999))


def test_the_public_part_of_a_design_shows_nothing_of_the_plan() -> None:
    design = design_from_preset("quick", title="t", arms=CELLS, reference="axolotl")
    shown = json.dumps(design.public_content())
    for text in ("analysis", "shuffles", "estimand", "Mantel", "token_detector"):
        assert text not in shown
