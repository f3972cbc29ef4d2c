"""A cell of a design from what somebody typed."""

from pydantic import ValidationError

from app.foundation.errors import DesignError, first_problem
from app.rounds.design import Cell


def typed_cell(arm: str, stratum: str, archive_sha256: str) -> Cell:
    """The cell of an arm in a stratum, the default one if that is empty. Raises DesignError with what is wrong."""
    fields = {"arm": arm, "archive_sha256": archive_sha256} | ({"stratum": stratum} if stratum else {})
    try:
        return Cell.model_validate(fields)
    except ValidationError as error:
        field, reason = first_problem(error)
        msg = f"The {field} of “{arm[:80]}” cannot be used: {reason}. Names have one line of up to 60 characters."
        raise DesignError(msg) from error
