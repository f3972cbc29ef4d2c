"""`firstglance round create`: a draft from archives, by a preset or by a design in TOML."""

from collections.abc import Sequence
from pathlib import Path

import click

from app.archive.archive import Archive
from app.cli.common import EXISTING, admin_named, by_option, database
from app.foundation.clock import now
from app.foundation.errors import DesignError
from app.foundation.settings import Settings
from app.rounds.design import Cell, Design
from app.rounds.presets import PRESET_NAMES, design_from_preset
from app.services import rounds


@click.command("create")
@click.option("--design", "file", type=EXISTING, help="A design in TOML; instead of the options below.")
@click.option("--title", help="Shown to evaluators, so it may not name an arm.")
@click.option("--preset", "name", type=click.Choice(PRESET_NAMES), default="solu-rank", show_default=True)
@click.option(
    "--arm", "arms", multiple=True, metavar="NAME=ARCHIVE[@STRATUM]", help="One for each; the first is the reference."
)
@click.option(
    "--archive", "archives", type=EXISTING, multiple=True, help="With --design: the archives it names by digest."
)
@click.option("--neurons", type=click.IntRange(1), help="Neurons drawn per arm and stratum, if not the preset's.")
@click.option(
    "--evaluators", type=click.IntRange(1), help="How many evaluators the design aims at, if not the preset's."
)
@by_option
@click.pass_obj
def create_command(
    settings: Settings, /, file: Path | None, by: str | None, archives: tuple[Path, ...], **options: object
) -> None:
    """Make a draft from archives and print its id."""
    opened = [Archive.open(path) for path in archives]
    if file is None:
        named = _cells(options.pop("arms"))  # type: ignore[arg-type]  # click gives a tuple of strings
        design, paths = _designed(named, options), {cell.archive_sha256: path for cell, path in named}
    else:
        design, paths = Design.from_toml(_text_of(file)), {one.sha256: one.path for one in opened}
    with database(settings) as base, base.writing() as session:
        click.echo(rounds.create_round(session, design, paths, admin_named(session, by), now()))


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{file} cannot be read as a design; give a TOML file, UTF-8"
        raise DesignError(msg) from error


def _cells(arms: Sequence[str]) -> list[tuple[Cell, Path]]:
    """Cells and their archives from NAME=ARCHIVE[@STRATUM]. Raises DesignError on anything else."""
    found = []
    for one in arms:
        name, _, rest = one.partition("=")
        place, _, stratum = rest.partition("@")
        if not name or not place:
            msg = f"--arm {one!r} is not NAME=ARCHIVE or NAME=ARCHIVE@STRATUM, such as solu=data/archives/solu@1L/0"
            raise DesignError(msg)
        cell = Cell(
            arm=name, archive_sha256=Archive.open(Path(place)).sha256, **({"stratum": stratum} if stratum else {})
        )
        found.append((cell, Path(place)))
    return found


def _designed(named: list[tuple[Cell, Path]], options: dict[str, object]) -> Design:
    title = options.pop("title")
    if not named or not title:
        msg = "a round needs --title and at least two --arm NAME=ARCHIVE, or --design FILE"
        raise DesignError(msg)
    name = str(options.pop("name"))
    cells = [cell for cell, _ in named]
    changes = {key: value for key, value in options.items() if value is not None}
    return design_from_preset(name, title=str(title), arms=cells, reference=cells[0].arm, **changes)
