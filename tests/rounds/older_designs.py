"""A design as an earlier version of the program would have written it."""

from typing import Literal

from app.rounds.design import Design


def in_older_version(design: Design, version: Literal[1, 2]) -> Design:
    """The same design without the fields that the version does not have."""
    older = design.model_copy(update={"version": version})
    fields = design.model_dump(exclude={*older.absent_fields, "arms"})
    cells = [cell.model_dump(exclude=set(older.absent_cell_fields)) for cell in design.arms]
    return Design.from_values(fields | {"arms": cells, "version": version})
