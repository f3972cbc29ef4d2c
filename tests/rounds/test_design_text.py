import pytest
from pydantic import BaseModel

from app.foundation.errors import DesignError
from app.rounds.analysis_plan import AnalysisPlan
from app.rounds.cell import Cell
from app.rounds.control_counts import Controls
from app.rounds.design import Design
from app.rounds.design_text import WRITTEN_BY_PROGRAM, design_toml, preset_toml
from app.rounds.exclusions import Exclusions
from app.rounds.planned_numbers import PlannedConstants, PlannedNumbers
from app.rounds.presets import PRESET_NAMES, design_from_preset
from app.tasks.first_glance.rubric import FirstGlanceRubric

CELLS = [Cell(arm="quokka", archive_sha256="a" * 64), Cell(arm="axolotl", archive_sha256="b" * 64)]


def fill_in(text: str) -> str:
    text = text.replace('title = ""', 'title = "A first look"').replace('reference = ""', 'reference = "axolotl"')
    for cell in CELLS:
        text = text.replace('arm = ""', f'arm = "{cell.arm}"', 1)
        text = text.replace('archive_sha256 = ""', f'archive_sha256 = "{cell.archive_sha256}"', 1)
    return text


@pytest.mark.parametrize("preset_name", PRESET_NAMES)
def test_a_preset_reads_back_once_title_reference_and_arms_are_filled_in(preset_name: str) -> None:
    expected = design_from_preset(preset_name, title="A first look", arms=CELLS, reference="axolotl")
    design = Design.from_toml(fill_in(preset_toml(preset_name)))
    assert design == expected
    assert design.sha256 == expected.sha256


def test_a_preset_that_is_not_filled_in_is_refused_with_the_field() -> None:
    with pytest.raises(DesignError, match="title"):
        Design.from_toml(preset_toml("quick"))


def test_a_preset_that_does_not_exist_is_refused() -> None:
    with pytest.raises(DesignError, match="choose one of solu-2022, solu-rank, quick"):
        preset_toml("solu-1999")


def test_a_design_with_every_field_set_reads_back() -> None:
    design = Design(
        title='Quotes " and \\ and “umlauts: ä”',
        arms=(*CELLS, *(cell.model_copy(update={"stratum": "2L/0"}) for cell in CELLS)),
        reference="axolotl",
        layers=(0, 2),
        groups={"top": 15, "random": 5},
        rubric=FirstGlanceRubric(notes="Two\n\nparagraphs.", examples=("one rule",)),
        minutes=(0.5, 3),
        evaluators=4,
        assignment="blocks",
        overlap=2,
        block=8,
        named=("Ada", "Bo"),
        controls=Controls(planted=2, ladder=(0.6, 0.95), per_step=1),
        training=4,
        training_pass=3,
        exclusions=Exclusions(shortest_median_seconds=5.5, smallest_planted=0.25),
    )
    assert Design.from_toml(design_toml(design)) == design


@pytest.mark.parametrize(
    "part", [Design, Cell, Controls, Exclusions, FirstGlanceRubric, AnalysisPlan, PlannedNumbers, PlannedConstants]
)
def test_every_field_has_a_comment_of_one_line(part: type[BaseModel]) -> None:
    for name, field in part.model_fields.items():
        assert field.description, name
        assert "\n" not in field.description, name
        assert len(field.description) <= 118, name


def lines_with_comments(text: str) -> dict[str, set[str]]:
    """{the name that lines assign or the table that they open: the lines before them}."""
    lines = text.splitlines()
    names = [line.removeprefix("# ").partition(" = ")[0].strip("[]") for line in lines]
    pairs = zip(names[1:], lines[:-1], strict=True)
    comments: dict[str, set[str]] = {}
    for name, before in pairs:
        if before.startswith("# "):
            comments.setdefault(name, set()).add(before)
    return comments


def test_the_text_has_the_comment_of_every_field_and_table_above_it() -> None:
    comments = lines_with_comments(preset_toml("solu-2022"))
    for part in (Design, Cell, Controls, Exclusions, FirstGlanceRubric, PlannedNumbers, PlannedConstants):
        for name, field in part.model_fields.items():
            if name != "version" and name not in WRITTEN_BY_PROGRAM:
                assert f"# {field.description}" in comments[name]
    for name, field in AnalysisPlan.model_fields.items():
        assert f"# {field.description}" in comments.get(name, comments.get(f"analysis.{name}", set()))
    assert (
        preset_toml("solu-2022").count(f"# {FirstGlanceRubric.model_fields['version'].description}\nversion = 1") == 1
    )
    assert preset_toml("solu-2022").count(f"# {Design.model_fields['version'].description}\nversion = 3") == 1


def test_the_plan_of_the_analysis_comes_after_everything_that_is_to_be_filled_in() -> None:
    text = preset_toml("solu-rank")
    tables = [line for line in text.splitlines() if line.startswith("[")]
    first_of_plan = tables.index("[analysis]")
    assert tables[first_of_plan:] == [table for table in tables if table.startswith("[analysis")]
    assert text.index("[[arms]]") < text.index("[analysis]")


def test_a_design_whose_plan_was_cut_off_has_the_same_plan() -> None:
    text = fill_in(preset_toml("solu-rank"))
    assert Design.from_toml(text[: text.index("[analysis]")]) == Design.from_toml(text)


def test_a_number_of_the_plan_that_a_design_sets_reads_back() -> None:
    text = fill_in(preset_toml("solu-rank")).replace("shuffles = 19999", "shuffles = 999")
    design = Design.from_toml(text)
    assert design.analysis.numbers.shuffles == 999
    assert Design.from_toml(design_toml(design)) == design


def test_a_text_that_version_0_1_printed_makes_a_design_of_the_newest_version() -> None:
    text = fill_in(preset_toml("solu-rank"))
    old_text = text[: text.index("[analysis]")].replace("version = 2", "version = 1", 1)
    assert Design.from_toml(old_text) == Design.from_toml(text)


def test_a_field_that_is_left_out_is_shown_by_an_example_that_the_design_would_take() -> None:
    text = fill_in(preset_toml("solu-rank"))
    for name in ("layers", "training_pass", "shortest_median_seconds", "smallest_planted"):
        assert f"\n# {name} = " in text
        text = text.replace(f"\n# {name} = ", f"\n{name} = ").replace("training = 0", "training = 4")
    assert Design.from_toml(text).layers == (0, 1)
