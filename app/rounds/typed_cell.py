"""The cells of a design from what somebody typed and the archives that they chose."""

from collections.abc import Sequence

from pydantic import ValidationError

from app.archive.site import unit_word_of
from app.foundation.errors import DesignError, first_problem
from app.foundation.typed_text import in_one_line, show_in_one_line
from app.rounds.cell import LONGEST_UNIT, Cell
from app.rounds.design_part import LONGEST_NAME


def typed_cell(arm: str, stratum: str, archive_sha256: str, site: str, unit: str = "") -> Cell:
    """The cell of an arm in a stratum, the default one if that is empty, whose archive was harvested at a site.

    Its units are called as the site's are, unless a word is typed. Raises DesignError with what is wrong.
    """
    fields = {"arm": arm, "archive_sha256": archive_sha256, "site": site, "unit": unit or unit_word_of(site)}
    try:
        return Cell.model_validate(fields | ({"stratum": stratum} if stratum else {}))
    except ValidationError as error:
        field, reason = first_problem(error)
        name = f"“{in_one_line(arm)}”"
        if field == "unit":
            msg = (
                f"The word “{in_one_line(unit)}” for a unit of {name} cannot be used: give one of up "
                f"to {LONGEST_UNIT} small letters, a to z, in the singular, such as latent."
            )
        elif field in ("arm", "stratum"):
            msg = (
                f"The name “{show_in_one_line(fields.get(field, stratum))}” cannot be used: an arm or a stratum has a "
                f"name of 1 to {LONGEST_NAME} characters in one line, with no space around it; type it anew."
            )
        else:
            msg = f"The archive of {name} cannot be used: {reason}."
        raise DesignError(msg) from error


def with_shared_site(typed_cells: Sequence[Cell]) -> tuple[str, list[Cell]]:
    """The site of the first cell, which the design names, and the cells; those of that site need not repeat it."""
    site = str(typed_cells[0].site)
    return site, [cell.model_copy(update={"site": None if cell.site == site else cell.site}) for cell in typed_cells]
