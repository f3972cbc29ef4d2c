"""How commands print: text in lines, values as JSON, tables, and facts: a name and a value on each line.

Whatever is printed shows characters that nobody sees by their code points, so no text that somebody typed, or that
stood in a file, can command the terminal. Commands print here and nowhere else.
"""

import json
import re
from collections.abc import Mapping, Sequence

import click

from app.foundation.typed_text import show_in_one_line, show_unseen_characters

BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")
LAST_OF_FOUR_DIGITS = 0xFFFF
"""JSON writes later characters as two escapes."""


def print_text(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print text in lines; `err`: on stderr, `nl`: with a line feed at its end."""
    click.echo(show_unseen_characters(text), err=err, nl=nl)


def print_json(value: object) -> None:
    """Print a value as indented JSON; what JSON does not know is printed as its text."""
    click.echo(_visible_json(json.dumps(value, indent=2, ensure_ascii=False, default=str)))


def print_table(head: Sequence[str], table_lines: Sequence[Sequence[object]]) -> None:
    """Print lines under a head. Columns are as wide as their widest cell; columns of numbers stand to the right."""
    texts = [list(head), *([show_in_one_line(str(cell)) for cell in line] for line in table_lines)]
    widths = [max(len(cell) for cell in column) for column in zip(*texts, strict=True)]
    numeric = [
        bool(table_lines) and all(isinstance(line[index], int | float) for line in table_lines)
        for index in range(len(head))
    ]
    for line in texts:
        cells = zip(line, widths, numeric, strict=True)
        print_text(
            "  ".join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in cells).rstrip()
        )


def print_facts(facts: Mapping[str, str | float | None]) -> None:
    """Print facts: a name and its value on each line."""
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        print_text(f"{name.ljust(width)}  {show_in_one_line(str(value))}")


def _visible_json(document: str) -> str:
    """The same document, in which JSON's own escapes stand for characters that nobody sees."""
    return BEYOND_ASCII.sub(lambda match: _escape_unseen(match.group()), document)


def _escape_unseen(character: str) -> str:
    if character == show_unseen_characters(character):
        return character
    return f"\\u{ord(character):04x}" if ord(character) <= LAST_OF_FOUR_DIGITS else json.dumps(character)[1:-1]
