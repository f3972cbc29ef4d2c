"""Everything that a database and the files beside it say about items, as numbers: what an attack may look at.

It knows no table. A column whose values are codes of items gives each of its rows an item; any text that mentions codes
gives each item a place, and what stands after its code. Only the columns in `EXCEPTED` are left out: what they say,
the item pages say.
"""

import json
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, inspect, text

from app.foundation.arrays import Floats
from app.foundation.json_types import JsonValue

EXCEPTED = (("items", "content"), ("items", "html"))
MOST_GROUPS = 8
"""A column with at most so many values also divides its table into parts, which are looked at one by one."""
FOLLOWING = 16
"""So many characters after a code are compared as a text."""
StoredValue = JsonValue | bytes | datetime
DEEPEST, MOST_FIELDS, FIRST_PARTS = 4, 60, 4
"""So deep, and so many fields of an object and parts of a list, are read one by one."""
FEWEST_CODES = 8
"""A place that knows fewer codes is no order of items."""
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class View:
    """One number for each item, and where it is from; what an item lacks is NaN."""

    place: str
    """Table and column, or file, and what is read there."""
    scores: Floats
    """[item]"""


@dataclass(frozen=True)
class CrossReference:
    """What rows of one item say about another item."""

    place: str
    scores: Floats
    """[item, other item] NaN where nothing is said."""


@dataclass(frozen=True)
class Views:
    """All that was read."""

    views: Sequence[View]
    cross_references: Sequence[CrossReference]


@dataclass(frozen=True)
class Table:
    """A table with its rows in the order in which they lie on the disk."""

    name: str
    cells_by_column: Mapping[str, Sequence[StoredValue]]
    """{column: values [row]}, without those that are excepted."""

    @property
    def row_count(self) -> int:
        """How many rows it has."""
        return len(next(iter(self.cells_by_column.values()), ()))

    def part(self, row_indices: Sequence[int], name: str) -> "Table":
        """The table with these rows only, under another name."""
        return Table(
            name,
            {
                column: [stored_values[row] for row in row_indices]
                for column, stored_values in self.cells_by_column.items()
            },
        )


def read_views(connection: Connection, file_paths: Sequence[Path], codes: Sequence[str]) -> Views:
    """All views of the items with these codes, in a database and in the files beside it."""
    index_of = {code: index for index, code in enumerate(codes)}
    views: list[View] = []
    cross_references: list[CrossReference] = []
    for stored_table in read_tables(connection):
        for item_column in _item_columns(stored_table, index_of):
            for part in (stored_table, *_parts(stored_table, item_column)):
                views += _views_by_item(part, item_column, index_of)
            cross_references += _cross_references(stored_table, item_column, index_of)
        for column, stored_values in stored_table.cells_by_column.items():
            views += _views_of_mentions(
                f"{stored_table.name}.{column}", b"\n".join(map(_as_bytes, stored_values)), index_of
            )
    listing = "\n".join(f"{path.name} {path.stat().st_size}" for path in sorted(file_paths, key=_time_of_change))
    views += _views_of_mentions("files beside the database", listing.encode(), index_of)
    for path in file_paths:
        views += _views_of_mentions(f"file {path.name}", path.read_bytes(), index_of, only_order=True)
    return Views(_distinct(views), cross_references)


def _time_of_change(path: Path) -> int:
    return path.stat().st_mtime_ns


def read_tables(connection: Connection) -> list[Table]:
    """Every table, its rows in the order of SQLite's rowid or of PostgreSQL's ctid."""
    order = "rowid" if connection.dialect.name == "sqlite" else "ctid"
    inspector = inspect(connection)
    tables = []
    for name in sorted(inspector.get_table_names()):
        wanted = [str(column["name"]) for column in inspector.get_columns(name)]
        wanted = [column for column in wanted if (name, column) not in EXCEPTED]
        listed = ", ".join(f'"{column}"' for column in wanted)
        rows = connection.execute(text(f'SELECT {listed} FROM "{name}" ORDER BY {order}')).all()
        tables.append(Table(name, {column: [row[place] for row in rows] for place, column in enumerate(wanted)}))
    return tables


def _item_columns(stored_table: Table, index_of: Mapping[str, int]) -> list[str]:
    """The columns whose values are codes of items."""
    columns = []
    for column, stored_values in stored_table.cells_by_column.items():
        present = [stored_value for stored_value in stored_values if stored_value is not None]
        known = sum(isinstance(stored_value, str) and stored_value in index_of for stored_value in present)
        if known >= FEWEST_CODES and known >= len(present) / 2:
            columns.append(column)
    return columns


def _parts(stored_table: Table, item_column: str) -> Iterator[Table]:
    """The table by the values of each column that has few."""
    for column, stored_values in stored_table.cells_by_column.items():
        keys = [_as_bytes(stored_value) for stored_value in stored_values]
        distinct = sorted(set(keys))
        if column == item_column or not 2 <= len(distinct) <= MOST_GROUPS:
            continue
        for number, key in enumerate(distinct):
            rows = [row for row, other in enumerate(keys) if other == key]
            yield stored_table.part(rows, f"{stored_table.name} with {column} {number}")


def _views_by_item(stored_table: Table, item_column: str, index_of: Mapping[str, int]) -> Iterator[View]:
    """What the rows of each item say: their order, their number, and every part of every cell."""
    items = [index_of.get(str(code), -1) for code in stored_table.cells_by_column[item_column]]
    yield from _aggregated(
        f"{stored_table.name}: order of rows", items, np.arange(stored_table.row_count, dtype=float), index_of
    )
    counts = np.bincount([item for item in items if item >= 0], minlength=len(index_of))
    yield View(f"{stored_table.name}: number of rows", counts.astype(float))
    for column, stored_values in stored_table.cells_by_column.items():
        for path, values in _numbers_of_cells(stored_values).items():
            yield from _aggregated(f"{stored_table.name}.{column}{path}", items, values, index_of)


def _aggregated(
    place: str, item_indices: Sequence[int], quantities: Floats, index_of: Mapping[str, int]
) -> Iterator[View]:
    """The values of each item's rows: the only one, or least, mean and largest."""
    by_item: list[list[float]] = [[] for _ in index_of]
    for item, value in zip(item_indices, quantities, strict=True):
        if item >= 0 and not math.isnan(value):
            by_item[item].append(value)
    if max(map(len, by_item), default=0) <= 1:
        yield _view(place, [values[0] if values else math.nan for values in by_item])
        return
    for word, summary in (("least", min), ("mean", _mean), ("largest", max)):
        yield _view(f"{place} ({word})", [summary(values) if values else math.nan for values in by_item])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _view(place: str, quantities: Sequence[float] | Floats) -> View:
    return View(place, np.asarray(quantities, dtype=float))


def _numbers_of_cells(stored_values: Sequence[StoredValue]) -> dict[str, Floats]:
    """{part of the cells: its numbers [row]}: values, lengths, alphabetical order, nulls, how many are equal."""
    leaves: dict[str, dict[int, StoredValue]] = defaultdict(dict)
    for row, stored_value in enumerate(stored_values):
        for path, leaf in _leaves(stored_value):
            leaves[path][row] = leaf
    numbers_by_part: dict[str, Floats] = {}
    for path, leaf_of_row in leaves.items():
        numbers_by_part[f"{path} is there"] = _column(
            len(stored_values), {row: float(leaf is not None) for row, leaf in leaf_of_row.items()}, 0.0
        )
        present = {row: leaf for row, leaf in leaf_of_row.items() if leaf is not None}
        texts = {row: _as_bytes(leaf) for row, leaf in present.items()}
        ranks = {content: rank for rank, content in enumerate(sorted(set(texts.values())))}
        numbers_by_part[f"{path} in order"] = _column(
            len(stored_values), {row: float(ranks[content]) for row, content in texts.items()}
        )
        numbers_by_part[f"{path} length"] = _column(
            len(stored_values), {row: float(len(content)) for row, content in texts.items()}
        )
        values = {row: float(leaf) for row, leaf in present.items() if isinstance(leaf, int | float)}
        numbers_by_part[f"{path} value"] = _column(len(stored_values), values)
    return numbers_by_part


def _column(row_count: int, number_of_row: Mapping[int, float], absent: float = math.nan) -> Floats:
    column = np.full(row_count, absent)
    for row, value in number_of_row.items():
        column[row] = value
    return column


def _leaves(stored_value: StoredValue, path: str = "", depth: int = 0) -> Iterator[tuple[str, StoredValue]]:
    """(path, value) of a cell, and of what is in it if it is JSON."""
    if isinstance(stored_value, str) and stored_value[:1] in ("{", "["):
        with suppress(ValueError):
            yield f"{path} as text", f" {stored_value}"
            stored_value = json.loads(stored_value)
    if depth == DEEPEST or not isinstance(stored_value, dict | list):
        yield path, stored_value
        return
    yield f"{path} parts", len(stored_value)
    if isinstance(stored_value, list):
        yield from _summaries(stored_value, path)
    parts = (
        sorted(stored_value.items()) if isinstance(stored_value, dict) else list(enumerate(stored_value[:FIRST_PARTS]))
    )
    for name, part in parts[:MOST_FIELDS]:
        yield from _leaves(part, f"{path}.{name}", depth + 1)


def _summaries(stored_value: Sequence[JsonValue], path: str) -> Iterator[tuple[str, StoredValue]]:
    """Least, sum and largest of the numbers in a list."""
    numbers = [part for part in stored_value if isinstance(part, int | float)]
    if numbers:
        yield from ((f"{path} least", min(numbers)), (f"{path} sum", sum(numbers)), (f"{path} largest", max(numbers)))


def _views_of_mentions(
    place: str, text_bytes: bytes, index_of: Mapping[str, int], *, only_order: bool = False
) -> Iterator[View]:
    """Where each code is mentioned in a text, how often, and what stands after it."""
    pattern = re.compile(b"|".join(re.escape(code.encode()) for code in index_of))
    mentions = list(pattern.finditer(text_bytes))
    ends = [*(mention.start() for mention in mentions[1:]), len(text_bytes)]
    first_mentions: dict[int, tuple[int, int, bytes]] = {}
    last: dict[int, int] = {}
    counts = np.zeros(len(index_of))
    for number, (mention, end) in enumerate(zip(mentions, ends, strict=False)):
        item = index_of[mention.group().decode()]
        first_mentions.setdefault(item, (number, end - mention.end(), text_bytes[mention.end() : end]))
        last[item] = number
        counts[item] += 1
    if len(first_mentions) < FEWEST_CODES:
        return
    yield _by_item(
        f"{place}: first mention", {item: number for item, (number, _, _) in first_mentions.items()}, index_of
    )
    yield _by_item(f"{place}: last mention", last, index_of)
    yield _view(f"{place}: mentions", counts)
    if only_order:
        return
    following = {item: text[:FOLLOWING] for item, (_, _, text) in first_mentions.items()}
    ranks = {content: rank for rank, content in enumerate(sorted(set(following.values())))}
    yield _by_item(
        f"{place}: length after the code", {item: length for item, (_, length, _) in first_mentions.items()}, index_of
    )
    yield _by_item(f"{place}: text after the code", {item: ranks[text] for item, text in following.items()}, index_of)
    numbers = {item: NUMBER.search(text) for item, (_, _, text) in first_mentions.items()}
    yield _by_item(
        f"{place}: number after the code",
        {item: float(number.group()[:18]) for item, number in numbers.items() if number},
        index_of,
    )


def _by_item(place: str, number_of_item: Mapping[int, float], index_of: Mapping[str, int]) -> View:
    return View(place, _column(len(index_of), number_of_item))


def _cross_references(stored_table: Table, item_column: str, index_of: Mapping[str, int]) -> Iterator[CrossReference]:
    """What rows of an item say about other items: a code in another column, with the numbers after and beside it."""
    for column in stored_table.cells_by_column:
        if column == item_column:
            continue
        matrices: dict[str, Floats] = {}
        for row, item, other, number in _mentions_of_others(stored_table, item_column, column, index_of):
            beside = {name: stored_values[row] for name, stored_values in stored_table.cells_by_column.items()}
            numbers = {name: float(value) for name, value in beside.items() if isinstance(value, int | float)}
            for name, value in {"": number, **numbers}.items():
                matrix = matrices.setdefault(name, np.full((len(index_of), len(index_of)), math.nan))
                matrix[item, other] = value
        for name, matrix in matrices.items():
            yield CrossReference(f"{stored_table.name}.{column}{' with ' * bool(name)}{name}", matrix)


def _mentions_of_others(
    stored_table: Table, item_column: str, column: str, index_of: Mapping[str, int]
) -> Iterator[tuple[int, int, int, float]]:
    """(row, its item, another item that the column names, number after its code)."""
    for row, (code, stored_value) in enumerate(
        zip(stored_table.cells_by_column[item_column], stored_table.cells_by_column[column], strict=True)
    ):
        item = index_of.get(str(code))
        for other_code, number in _codes_with_numbers(stored_value, index_of):
            other = index_of[other_code]
            if item is not None and other != item:
                yield row, item, other, number


def _codes_with_numbers(stored_value: StoredValue, index_of: Mapping[str, int]) -> Iterator[tuple[str, float]]:
    """The codes in a cell, each with the number that follows it; 1 if none does."""
    content = _as_bytes(stored_value)
    for mention in re.finditer(rb"[a-z0-9]{10}", content):
        code = mention.group().decode()
        if code in index_of:
            number = NUMBER.match(content[mention.end() :].lstrip(b'": '))
            yield code, float(number.group()[:18]) if number else 1.0


def _as_bytes(stored_value: StoredValue) -> bytes:
    if isinstance(stored_value, bytes):
        return stored_value
    if isinstance(stored_value, dict | list):
        return json.dumps(stored_value).encode()
    return b"" if stored_value is None else str(stored_value).encode()


def _distinct(views: Sequence[View]) -> list[View]:
    """The views that say something, each content once."""
    by_content: dict[bytes, View] = {}
    for view in views:
        ranks = np.unique(view.scores, return_inverse=True, equal_nan=True)[1]
        if ranks.max() > 0:
            by_content.setdefault(ranks.astype(np.int32).tobytes(), view)
    return list(by_content.values())
