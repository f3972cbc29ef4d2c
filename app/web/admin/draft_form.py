"""The form for a new round, and the design that it describes."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Annotated

from fastapi import Depends, Form

from app.foundation.errors import DesignError
from app.rounds.design import Design
from app.rounds.presets import DEFAULT_PRESET, design_from_preset
from app.rounds.typed_cell import typed_cell, with_shared_site

ROWS = 4
"""How many rows for arms the form has; empty rows are ignored."""
DEFAULT_STRATUM = "1L/0"


@dataclass(frozen=True)
class ArmRow:
    """One row of the form: an arm in a stratum, and the digest of its archive."""

    arm: str = ""
    stratum: str = DEFAULT_STRATUM
    archive: str = ""
    unit: str = ""
    """The word for a unit of the arm; empty for that of the archive's site."""


@dataclass(frozen=True)
class DraftForm:
    """The fields of the form for a new round."""

    title: str
    preset: str
    neuron_count: str
    evaluator_count: str
    arm_rows: tuple[ArmRow, ...]
    contrasts: tuple[str, ...] = ()
    """What the archives of a stratum differ in on purpose."""


def blank_draft_form() -> DraftForm:
    """The form as it is first shown."""
    rows = (ArmRow("baseline"), ArmRow("solu"), *[ArmRow()] * (ROWS - 2))
    return DraftForm(title="", preset=DEFAULT_PRESET, neuron_count="", evaluator_count="", arm_rows=rows)


def posted_arm_rows(
    arm_names: Annotated[list[str] | None, Form(alias="arm")] = None,
    strata: Annotated[list[str] | None, Form(alias="stratum")] = None,
    archive_digests: Annotated[list[str] | None, Form(alias="archive")] = None,
    units: Annotated[list[str] | None, Form(alias="unit")] = None,
) -> tuple[ArmRow, ...]:
    """The rows of the form as they were filled in; the lists are parallel, one entry per row."""
    cells = zip_longest(arm_names or (), strata or (), archive_digests or (), units or (), fillvalue="")
    rows = tuple(ArmRow(arm.strip(), stratum.strip(), archive, unit.strip()) for arm, stratum, archive, unit in cells)
    return rows + (ArmRow(),) * (ROWS - len(rows))


def posted_draft_form(
    arm_rows: Annotated[tuple[ArmRow, ...], Depends(posted_arm_rows)],
    title: Annotated[str, Form()] = "",
    preset: Annotated[str, Form()] = DEFAULT_PRESET,
    neuron_count: Annotated[str, Form(alias="neurons")] = "",
    evaluator_count: Annotated[str, Form(alias="evaluators")] = "",
    contrasts: Annotated[list[str] | None, Form(alias="contrast")] = None,
) -> DraftForm:
    """The form as it was filled in."""
    return DraftForm(title.strip(), preset, neuron_count, evaluator_count, arm_rows, tuple(contrasts or ()))


def design_from_form(draft: DraftForm, archive_sites: Mapping[str, str]) -> Design:
    """The design that the form describes; `archive_sites` is {digest: site} of the archives.

    Raises DesignError naming what is missing.
    """
    rows = [row for row in draft.arm_rows if row.arm and row.archive]
    if not rows:
        msg = "A round needs at least two arms. Give each arm a name and choose its archive."
        raise DesignError(msg)
    for row in rows:
        if row.archive not in archive_sites:
            msg = f"The archive of “{row.arm}” is no longer in the data folder; choose another."
            raise DesignError(msg)
    typed = [typed_cell(row.arm, row.stratum, row.archive, archive_sites[row.archive], row.unit) for row in rows]
    site, cells = with_shared_site(typed)
    counts = {"neurons": draft.neuron_count, "evaluators": draft.evaluator_count}
    changes = {name: _whole_number(name, text) for name, text in counts.items() if text.strip()}
    return design_from_preset(
        draft.preset,
        title=draft.title,
        arms=cells,
        reference=cells[0].arm,
        site=site,
        contrasts=list(draft.contrasts),
        **changes,
    )


def _whole_number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        msg = f"The number of {name} must be a whole number; “{text}” is not one."
        raise DesignError(msg) from error
