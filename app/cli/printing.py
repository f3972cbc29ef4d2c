"""How commands print values: as JSON, as a table, as facts: a name and a value on each line."""

import json
from collections.abc import Mapping, Sequence

import click


def print_json(value: object) -> None:
    """Print a value as indented JSON; what JSON does not know is printed as its text."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(head: Sequence[str], table_lines: Sequence[Sequence[object]]) -> None:
    """Print lines under a head. Columns are as wide as their widest cell; columns of numbers stand to the right."""
    texts = [list(head), *([str(cell) for cell in line] for line in table_lines)]
    widths = [max(len(cell) for cell in column) for column in zip(*texts, strict=True)]
    numeric = [
        bool(table_lines) and all(isinstance(line[index], int | float) for line in table_lines)
        for index in range(len(head))
    ]
    for line in texts:
        cells = zip(line, widths, numeric, strict=True)
        click.echo(
            "  ".join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in cells).rstrip()
        )


def print_facts(facts: Mapping[str, str | float | None]) -> None:
    """Print facts: a name and its value on each line."""
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        click.echo(f"{name.ljust(width)}  {value}")
