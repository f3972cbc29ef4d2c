"""`firstglance round create`: make a draft from archives and a preset, or a design in TOML."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict, Unpack, get_args

import click

from app.archive.archive import Archive
from app.cli.options import PATH, by_option
from app.cli.printing import print_text
from app.foundation.clock import now
from app.foundation.errors import DesignError
from app.foundation.files import read_small_file
from app.foundation.settings import Settings
from app.rounds.cell import Cell
from app.rounds.design import Design
from app.rounds.design_fields import Contrast
from app.rounds.presets import DEFAULT_PRESET, PRESET_NAMES, design_from_preset
from app.rounds.typed_cell import typed_cell, with_shared_site
from app.services import rounds
from app.services.opened_database import named_or_only_admin, open_database


class PresetChoices(TypedDict):
    """The options for a round that starts from a preset."""

    title: str | None
    preset_name: str
    arm_texts: tuple[str, ...]
    neuron_count: int | None
    evaluator_count: int | None
    contrasts: tuple[Contrast, ...]
    unit_texts: tuple[str, ...]


@click.command("create")
@click.option(
    "--design",
    "design_file",
    type=PATH,
    help="A design in TOML. It replaces --title, --preset, --arm, --unit, --contrast, --neurons and --evaluators.",
)
@click.option("--title", help="The title that evaluators see; it may not name an arm.")
@click.option("--preset", "preset_name", type=click.Choice(PRESET_NAMES), default=DEFAULT_PRESET, show_default=True)
@click.option(
    "--arm",
    "arm_texts",
    multiple=True,
    metavar="NAME=ARCHIVE[@STRATUM]",
    help="An arm and its archive. Repeat it for every arm; the first is the reference.",
)
@click.option(
    "--contrast",
    "contrasts",
    type=click.Choice(get_args(Contrast)),
    multiple=True,
    help="What the archives of a stratum differ in on purpose; in all else they must agree. Repeat it for several.",
)
@click.option(
    "--unit",
    "unit_texts",
    multiple=True,
    metavar="ARM=WORD",
    help="What a unit of an arm is called in the report (default: as its site says: neuron, latent, direction …).",
)
@click.option(
    "--archive",
    "archive_paths",
    type=PATH,
    multiple=True,
    help="With --design: an archive that the design names by digest. Repeat it for every archive.",
)
@click.option(
    "--neurons",
    "neuron_count",
    type=click.IntRange(1, 10_000),
    help="Neurons to draw per arm and stratum, instead of the preset's number.",
)
@click.option(
    "--evaluators",
    "evaluator_count",
    type=click.IntRange(1, 1_000),
    help="Evaluators that the design asks for, instead of the preset's number.",
)
@by_option
@click.pass_obj
def create_command(
    settings: Settings,
    design_file: Path | None,
    archive_paths: tuple[Path, ...],
    by: str | None,
    **preset_choices: Unpack[PresetChoices],
) -> None:
    """Make a draft from archives and print its id."""
    if design_file is None:
        unit_words = _read_units(preset_choices["unit_texts"])
        cells = [_read_cell(arm_text, unit_words) for arm_text in preset_choices["arm_texts"]]
        _require_arms_of(unit_words, [cell for cell, _ in cells])
        design = _preset_design([cell for cell, _ in cells], preset_choices)
        paths = {cell.archive_sha256: path for cell, path in cells}
    else:
        _require_no_other_place(preset_choices)
        design = Design.from_toml(_read_design_text(design_file))
        paths = {archive.sha256: archive.path for archive in map(Archive.open, archive_paths)}
    with open_database(settings) as database, database.writing() as session:
        print_text(rounds.create_round(session, design, paths, named_or_only_admin(session, by), now()))


def _read_design_text(path: Path) -> str:
    try:
        return read_small_file(path).decode()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read as a design; give a TOML file, UTF-8"
        raise DesignError(msg) from error


def _require_no_other_place(preset_choices: PresetChoices) -> None:
    """Raise DesignError for options whose place is the file of the design."""
    if preset_choices["contrasts"] or preset_choices["unit_texts"]:
        msg = (
            "--contrast and --unit go with --arm; with --design write contrasts = [...] at the top of the file, and "
            'unit = "WORD" into each table [[arms]]'
        )
        raise DesignError(msg)


def _read_units(unit_texts: Sequence[str]) -> dict[str, str]:
    """{arm: the word for its units} of texts ARM=WORD. Raises DesignError on anything else."""
    unit_words = {}
    for unit_text in unit_texts:
        arm, _, word = unit_text.rpartition("=")
        if not arm or not word:
            msg = f"--unit {unit_text!r} is not ARM=WORD, such as sae=latent"
            raise DesignError(msg)
        unit_words[arm] = word
    return unit_words


def _require_arms_of(unit_words: Mapping[str, str], design_cells: Sequence[Cell]) -> None:
    """Raise DesignError if a word is for an arm that there is not."""
    unknown = [arm for arm in unit_words if arm not in {cell.arm for cell in design_cells}]
    if unknown:
        msg = f"--unit names the arm {unknown[0]!r}, but no --arm does; write it alike in both"
        raise DesignError(msg)


def _read_cell(arm_text: str, unit_words: Mapping[str, str]) -> tuple[Cell, Path]:
    """The cell that NAME=ARCHIVE[@STRATUM] describes, and its archive's path. Raises DesignError on anything else."""
    name, _, source = arm_text.partition("=")
    folder, _, stratum = source.partition("@")
    if not name or not folder:
        msg = f"--arm {arm_text!r} is not NAME=ARCHIVE or NAME=ARCHIVE@STRATUM, such as solu=data/archives/solu@1L/0"
        raise DesignError(msg)
    path = Path(folder)
    archive = Archive.open(path)
    return typed_cell(name, stratum, archive.sha256, archive.manifest.site, unit_words.get(name, "")), path


def _preset_design(design_cells: Sequence[Cell], preset_choices: PresetChoices) -> Design:
    """The preset's design with the changes of the options. Raises DesignError without a title or an arm."""
    if not design_cells or not preset_choices["title"]:
        msg = "a round needs --title and at least two --arm NAME=ARCHIVE, or --design FILE"
        raise DesignError(msg)
    counts = {"neurons": preset_choices["neuron_count"], "evaluators": preset_choices["evaluator_count"]}
    changes = {name: count for name, count in counts.items() if count is not None}
    site, cells = with_shared_site(design_cells)
    return design_from_preset(
        preset_choices["preset_name"],
        title=preset_choices["title"],
        arms=cells,
        reference=cells[0].arm,
        site=site,
        contrasts=list(preset_choices["contrasts"]),
        **changes,
    )
