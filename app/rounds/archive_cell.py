"""A cell of a design from the archive that its neurons come from. Pure."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.foundation.errors import DesignError
from app.rounds.cell import Cell
from app.rounds.typed_cell import typed_cell

if TYPE_CHECKING:
    from app.archive.archive import Archive

DEFAULT_SITE = "mlp.act"
"""The site of a design, and so of its cells, unless they say another."""


def cell_of_archive(arm: str, archive: "Archive", stratum: str = "") -> Cell:
    """The cell of an arm, with the archive's site and the word for its units. Raises DesignError for a bad name."""
    site = archive.manifest.site
    cell = typed_cell(arm, stratum, archive.sha256, site)
    return cell.model_copy(update={"site": None}) if site == DEFAULT_SITE else cell


def cells_of(arms: "Mapping[str, Archive] | Sequence[Cell]") -> tuple[Cell, ...]:
    """The cells of {arm: archive} in one stratum, or the cells as they are. Raises DesignError if it is neither."""
    if isinstance(arms, Mapping):
        return tuple(cell_of_archive(arm, archive) for arm, archive in arms.items())
    if not all(isinstance(cell, Cell) for cell in arms):
        msg = "arms are {name: archive}, or cells, which name the stratum, too"
        raise DesignError(msg)
    return tuple(arms)
