"""A design as TOML text with a comment line for each field: its meaning, allowed values and unit. Pure."""

from collections.abc import Iterator

import tomli_w
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.foundation.digest import ZERO_DIGEST
from app.foundation.json_types import JsonValue
from app.rounds.cell import Cell
from app.rounds.design import Design
from app.rounds.presets import design_from_preset
from app.tasks.registry import DEFAULT_TASK

TO_FILL_IN = (
    "# Fill in the title, the reference and the arms; all other lines may stay as they are. A line that begins with\n"
    "# “# name =” is an example of a field that is left out. The plan of the analysis comes last; it can stay.\n"
)
BLANK_CELL = Cell(arm="a", archive_sha256=ZERO_DIGEST)
"""Takes the place of the cells in a design that is not filled in yet."""
WRITTEN_BY_PROGRAM = ("harvest",)
"""Tables that a design has once its round is created; nobody fills them in."""


def preset_toml(preset_name: str, task_name: str = DEFAULT_TASK) -> str:
    """A preset as TOML, with empty title, reference and arms. Raises DesignError if there is no such preset or task."""
    cells = [BLANK_CELL, BLANK_CELL.model_copy(update={"arm": "b"})]
    design = design_from_preset(preset_name, title="blank", arms=cells, reference="a", task=task_name)
    blank_cells = tuple(cell.model_copy(update={"arm": "", "archive_sha256": "", "unit": None}) for cell in cells)
    blank = design.model_copy(update={"title": "", "reference": "", "arms": blank_cells})
    return TO_FILL_IN + "\n" + design_toml(blank)


def design_toml(design: Design) -> str:
    """The design as TOML that `Design.from_toml` reads back."""
    return "\n".join(_table_lines(design)) + "\n"


def _table_lines(part: BaseModel, path: str = "") -> Iterator[str]:
    """The lines of a part: its plain fields, then its tables, in the order that TOML needs."""
    fields = type(part).model_fields
    tables = [name for name in fields if _is_table(getattr(part, name))]
    for name, field in fields.items():
        if name not in tables and name not in WRITTEN_BY_PROGRAM:
            yield _comment(field)
            yield _assignment(name, field, part.model_dump(mode="json", include={name})[name])
    for name in tables:
        yield from _nested_table(f"{path}{name}", fields[name], getattr(part, name))


def _nested_table(path: str, field: FieldInfo, field_value: object) -> Iterator[str]:
    """The lines of a part or dictionary as one table, or of several parts as a table each, under one comment."""
    if isinstance(field_value, BaseModel):
        yield from ("", _comment(field), f"[{path}]", *_table_lines(field_value, f"{path}."))
    elif isinstance(field_value, dict):
        yield from ("", _comment(field), f"[{path}]", *tomli_w.dumps(field_value).splitlines())
    elif isinstance(field_value, tuple):
        yield from ("", _comment(field))
        for index, part in enumerate(field_value):
            yield from ([""] if index else [])
            yield from (f"[[{path}]]", *_table_lines(part, f"{path}."))


def _is_table(field_value: object) -> bool:
    if isinstance(field_value, tuple):
        return any(isinstance(member, BaseModel) for member in field_value)
    return isinstance(field_value, BaseModel | dict)


def _comment(field: FieldInfo) -> str:
    return f"# {field.description}"


def _assignment(name: str, field: FieldInfo, json_value: JsonValue) -> str:
    """The line `name = value`; for a field that is left out, a comment with an example value."""
    if json_value is None:
        return f"# {name} = {_inline((field.examples or [None])[0])}"
    return f"{name} = {_inline(json_value)}"


def _inline(json_value: JsonValue) -> str:
    """A TOML value on one line."""
    if isinstance(json_value, list):
        return f"[{', '.join(_inline(member) for member in json_value)}]"
    return tomli_w.dumps({"value": json_value}).removeprefix("value = ").rstrip("\n")
