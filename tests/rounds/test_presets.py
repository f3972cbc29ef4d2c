import pytest

from app.foundation.errors import DesignError
from app.rounds.cell import Cell
from app.rounds.design import Design
from app.rounds.presets import PROVENANCE, design_from_preset

CELLS = [Cell(arm="quokka", archive_sha256="a" * 64), Cell(arm="axolotl", archive_sha256="b" * 64)]


def preset_design(preset_name: str) -> Design:
    return design_from_preset(preset_name, title="A first look", arms=CELLS, reference="axolotl")


def test_the_paper_s_preset_has_the_paper_s_numbers() -> None:
    design = preset_design("solu-2022")
    assert (design.neurons, design.groups, design.marks, design.minutes) == (60, {"top": 20}, "proportional", (1, 2))
    assert design.public_content()["needed"] == 16


def test_the_provenance_quotes_the_paper_where_a_choice_is_the_paper_s_and_nowhere_else() -> None:
    assert {choice.origin for choice in PROVENANCE} == {"paper", "unknown", "ours"}
    assert all(bool(choice.paper) == (choice.origin == "paper") for choice in PROVENANCE)


def test_the_confirmatory_preset_differs_in_its_marks_alone() -> None:
    paper, confirmatory = preset_design("solu-2022"), preset_design("solu-rank")
    differing = {name for name, value in paper.model_dump().items() if value != confirmatory.model_dump()[name]}
    assert differing == {"preset", "marks"}


def test_an_unknown_preset_is_refused_with_the_names_of_the_others() -> None:
    with pytest.raises(DesignError, match="choose one of solu-2022, solu-rank, quick"):
        preset_design("solu-1999")
