"""The form for a new round, and the design that it describes."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

from fastapi import Form

from app.foundation.errors import DesignError
from app.rounds.design import Design
from app.rounds.presets import DEFAULT_PRESET, design_from_preset
from app.rounds.typed_cell import typed_cell

ROWS = 4
"""How many rows for arms the form has; empty rows are ignored."""
DEFAULT_STRATUM = "1L/0"


@dataclass(frozen=True)
class ArmRow:
    """One row of the form: an arm in a stratum, and the digest of its archive."""

    arm: str = ""
    stratum: str = DEFAULT_STRATUM
    archive: str = ""


@dataclass(frozen=True)
class DraftForm:
    """The fields of the form for a new round."""

    title: str
    preset: str
    neuron_count: str
    evaluator_count: str
    arm_rows: tuple[ArmRow, ...]


def blank_draft_form() -> DraftForm:
    """The form as it is first shown."""
    rows = (ArmRow("baseline"), ArmRow("solu"), *[ArmRow()] * (ROWS - 2))
    return DraftForm(title="", preset=DEFAULT_PRESET, neuron_count="", evaluator_count="", arm_rows=rows)


def posted_draft_form(
    title: Annotated[str, Form()] = "",
    preset: Annotated[str, Form()] = DEFAULT_PRESET,
    neuron_count: Annotated[str, Form(alias="neurons")] = "",
    evaluator_count: Annotated[str, Form(alias="evaluators")] = "",
    arm_names: Annotated[list[str] | None, Form(alias="arm")] = None,
    strata: Annotated[list[str] | None, Form(alias="stratum")] = None,
    archive_digests: Annotated[list[str] | None, Form(alias="archive")] = None,
) -> DraftForm:
    """The form as it was filled in; its three lists are parallel, one entry per row."""
    cells = zip(arm_names or (), strata or (), archive_digests or (), strict=False)
    rows = tuple(ArmRow(arm.strip(), stratum.strip(), archive) for arm, stratum, archive in cells)
    padding = (ArmRow(),) * (ROWS - len(rows))
    return DraftForm(title.strip(), preset, neuron_count, evaluator_count, rows + padding)


def design_from_form(draft: DraftForm, known_digests: Collection[str]) -> Design:
    """The design that the form describes. Raises DesignError naming what is missing."""
    rows = [row for row in draft.arm_rows if row.arm and row.archive]
    if not rows:
        msg = "A round needs at least two arms. Give each arm a name and choose its archive."
        raise DesignError(msg)
    for row in rows:
        if row.archive not in known_digests:
            msg = f"The archive of “{row.arm}” is no longer in the data folder; choose another."
            raise DesignError(msg)
    cells = [typed_cell(row.arm, row.stratum, row.archive) for row in rows]
    counts = {"neurons": draft.neuron_count, "evaluators": draft.evaluator_count}
    changes = {name: _whole_number(name, text) for name, text in counts.items() if text.strip()}
    return design_from_preset(draft.preset, title=draft.title, arms=cells, reference=cells[0].arm, **changes)


def _whole_number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        msg = f"The number of {name} must be a whole number; “{text}” is not one."
        raise DesignError(msg) from error
