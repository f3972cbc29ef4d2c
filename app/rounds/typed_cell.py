"""A cell of a design from what somebody typed."""

from pydantic import ValidationError

from app.foundation.errors import DesignError, first_problem
from app.foundation.typed_text import show_in_one_line
from app.rounds.cell import Cell
from app.rounds.design_part import LONGEST_NAME


def typed_cell(arm: str, stratum: str, archive_sha256: str) -> Cell:
    """The cell of an arm in a stratum, the default one if that is empty. Raises DesignError with what is wrong."""
    fields = {"arm": arm, "archive_sha256": archive_sha256} | ({"stratum": stratum} if stratum else {})
    try:
        return Cell.model_validate(fields)
    except ValidationError as error:
        field, reason = first_problem(error)
        if field == "archive_sha256":
            msg = f"The archive of “{show_in_one_line(arm[:LONGEST_NAME])}” cannot be used: {reason}."
        else:
            msg = (
                f"The name “{show_in_one_line(fields[field])}” cannot be used: an arm or a stratum has a name of 1 to "
                f"{LONGEST_NAME} characters in one line, with no space around it; type it anew."
            )
        raise DesignError(msg) from error
