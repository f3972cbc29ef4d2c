"""Change one value of a JSON document, a CSV table, a text or bytes, at random, as a forger might."""

import copy
import math
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple, cast

from app.foundation.csv_table import read_table, write_table_of_0_1
from app.foundation.json_types import JsonObject, JsonValue
from bench.answers import all_answers

DIGEST = re.compile(r"[0-9a-f]{64,}")
SHARE_OF_STRUCTURE = 0.12
"""How often an element of a list or object is dropped, repeated or moved instead of a value changed."""
INSTEAD_OF_NULL: tuple[JsonValue, ...] = (0, 1, True, "x", "2026-01-05T10:00:00.000000+00:00")
LONGEST_TEXT = 60
TINY = 1e-12
"""A relative change that no comparison to nine digits sees."""


class JsonChange(NamedTuple):
    """A document in which one value was changed, and where."""

    document: JsonValue
    where: str


class ContentChange(NamedTuple):
    """Bytes in which something was changed, and where."""

    file_bytes: bytes
    where: str


def change_json(document: JsonValue, generator: Random) -> JsonChange:
    """A copy of the document in which one value is another, or an element is dropped, repeated or moved."""
    forged: list[JsonValue] = [copy.deepcopy(document)]
    parent: list[JsonValue] | JsonObject = forged
    child_key: int | str = 0
    path = ""
    while isinstance(child := _child(parent, child_key), list | dict) and child:
        if path and generator.random() < SHARE_OF_STRUCTURE:
            return JsonChange(forged[0], f"{path} {_change_structure(child, generator)}")
        parent, child_key = child, _random_key(child, generator)
        path += f"[{child_key}]" if isinstance(child_key, int) else f".{child_key}"
    before = _child(parent, child_key)
    after = changed_scalar(before, str(child_key), strings_at(document, str(child_key)), generator)
    if isinstance(parent, list):
        parent[int(child_key)] = after
    else:
        parent[str(child_key)] = after
    return JsonChange(forged[0], f"{path.lstrip('.')}: {_shorten(before)} -> {_shorten(after)}")


def changed_scalar(scalar: JsonValue, key: str, alternatives: list[str], generator: Random) -> JsonValue:
    """Another value of a kind that might be believed; `alternatives` are texts that stand under this key elsewhere."""
    if isinstance(scalar, bool):
        return not scalar
    if isinstance(scalar, int):
        return generator.choice([scalar + 1, max(0, scalar - 1) if scalar != 0 else 2, scalar * 2 + 1, scalar + 100])
    if isinstance(scalar, float):
        return generator.choice(
            [scalar + 0.25, scalar * 1.01 + 1e-6, 1.0 - scalar, scalar * (1 + TINY), math.ceil(scalar)]
        )
    if isinstance(scalar, str):
        return changed_text(scalar, alternatives if key != "verdict" else all_answers(), generator)
    return generator.choice(INSTEAD_OF_NULL)


def changed_text(text: str, alternatives: list[str], generator: Random) -> str:
    """Another text: a digest stays a digest, a time a time; others are taken from elsewhere or edited."""
    if DIGEST.fullmatch(text):
        index = generator.randrange(len(text))
        return text[:index] + ("0" if text[index] != "0" else "1") + text[index + 1 :]
    if (moved := _moved_time(text, generator)) is not None:
        return moved
    different = [alternative for alternative in alternatives if alternative != text]
    if different and generator.random() < 0.7:
        return generator.choice(different)
    return edited_text(text, generator)


def edited_text(text: str, generator: Random) -> str:
    """The text with one character changed, preferably a digit, or a word added."""
    digits = [index for index, letter in enumerate(text) if letter.isdecimal()]
    if digits and generator.random() < 0.7:
        index = generator.choice(digits)
        return f"{text[:index]}{(int(text[index]) + generator.randint(1, 9)) % 10}{text[index + 1 :]}"
    index = generator.randint(0, len(text))
    return generator.choice([f"{text} not", f"{text[:index]}x{text[index:]}"])


def strings_at(document: JsonValue, key: str) -> list[str]:
    """Every text that stands under the key somewhere in the document, sorted."""
    return sorted(set(_strings_at(document, key)))


def change_csv(file_bytes: bytes, generator: Random) -> ContentChange:
    """The table with one cell changed, or a row dropped, repeated or moved."""
    rows = list(read_table(file_bytes.removeprefix(BOM_UTF8)))  # the cells as they are written, apostrophes too
    columns, body = rows[0], rows[1:]
    if generator.random() < SHARE_OF_STRUCTURE and body:
        where = f"rows {_change_structure(cast('list[JsonValue]', body), generator)}"
        return ContentChange(_csv_bytes([columns, *body]), where)
    number, column = generator.randrange(len(body)), generator.randrange(len(columns))
    before = body[number][column]
    body[number][column] = _changed_cell(before, [row[column] for row in body], generator)
    where = f"row {number + 2}, {columns[column]}: {_shorten(before)} -> {_shorten(body[number][column])}"
    return ContentChange(_csv_bytes([columns, *body]), where)


def change_line(file_bytes: bytes, generator: Random) -> ContentChange:
    """The text with one line edited, dropped or added."""
    lines = file_bytes.decode().split("\n")
    number = generator.choice([index for index, line in enumerate(lines) if line.strip()])
    before, action = lines[number], generator.random()
    if action < 0.1:
        del lines[number]
        return ContentChange("\n".join(lines).encode(), f"line {number + 1} dropped")
    if action < 0.2:
        lines.insert(number, "SoLU wins by 78 percentage points.")
        return ContentChange("\n".join(lines).encode(), f"line {number + 1} added")
    lines[number] = edited_text(before, generator)
    return ContentChange("\n".join(lines).encode(), f"line {number + 1}: {_shorten(before)}")


def change_byte(file_bytes: bytes, generator: Random) -> ContentChange:
    """The bytes with one of them changed, or some added at the end."""
    if not file_bytes or generator.random() < 0.1:
        return ContentChange(file_bytes + b"\n%", "bytes added at the end")
    index = generator.randrange(len(file_bytes))
    changed = bytes([file_bytes[index] ^ (1 << generator.randrange(8))])
    return ContentChange(file_bytes[:index] + changed + file_bytes[index + 1 :], f"byte {index}")


def _child(parent: list[JsonValue] | JsonObject, child_key: int | str) -> JsonValue:
    if isinstance(parent, list):
        return parent[int(child_key)]
    return parent[str(child_key)]


def _random_key(container: list[JsonValue] | JsonObject, generator: Random) -> int | str:
    return generator.randrange(len(container)) if isinstance(container, list) else generator.choice(sorted(container))


def _change_structure(container: list[JsonValue] | JsonObject, generator: Random) -> str:
    """Drop, repeat or move an element in the container itself; returns what was done."""
    key = _random_key(container, generator)
    if isinstance(container, dict):
        if generator.random() < 0.5:
            del container[str(key)]
            return f"without {key}"
        container["forged"] = True
        return "with a new key"
    index, action = int(key), generator.choice(("dropped", "repeated", "moved"))
    if action == "dropped":
        del container[index]
    elif action == "repeated":
        container.insert(index, copy.deepcopy(container[index]))
    else:
        container.insert(0 if index else len(container) - 1, container.pop(index))
    return f"element {index} {action}"


def _strings_at(document: JsonValue, key: str) -> Iterator[str]:
    if isinstance(document, list):
        for element in document:
            yield from _strings_at(element, key)
    elif isinstance(document, dict):
        for name, child in document.items():
            if name == key and isinstance(child, str):
                yield child
            yield from _strings_at(child, key)


def _moved_time(text: str, generator: Random) -> str | None:
    """A time moved by up to an hour, written in the same form; None if the text is no time."""
    if not re.match(r"\d{4}-\d{2}-\d{2}[ T]", text):
        return None
    try:
        moved = datetime.fromisoformat(text) + timedelta(seconds=generator.choice([-3600, -30, -1, 1, 30, 3600]))
    except ValueError:
        return None
    return moved.isoformat(sep=text[10], timespec="microseconds" if "." in text else "auto")


def _changed_cell(cell: str, column_cells: list[str], generator: Random) -> str:
    for convert in (int, float):
        try:
            return str(changed_scalar(convert(cell), "", [], generator))
        except (ValueError, OverflowError):
            continue
    if cell in ("true", "false"):
        return "false" if cell == "true" else "true"
    return changed_text(cell, sorted(set(column_cells)), generator) if cell else generator.choice(["x", "1", "true"])


def _csv_bytes(rows: list[list[str]]) -> bytes:
    return BOM_UTF8 + write_table_of_0_1(rows)


def _shorten(scalar: JsonValue) -> str:
    text = repr(scalar)
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
