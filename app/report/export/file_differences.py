"""Where a file of an export first differs from the same file as it was made again.

JSON and CSV are compared value by value, Parquet by its content, everything else by its bytes. Files without such a
difference must also be written alike: only the last digits of computed numbers in JSON may be those of another machine.
"""

import io
import json
import re
from collections.abc import Iterator
from itertools import zip_longest

import pyarrow as pa
import pyarrow.parquet as pq

from app.foundation.csv_table import read_table
from app.foundation.json_types import JsonValue
from app.foundation.typography import LONGEST_VALUE, shortened
from app.report.export.json_differences import ABSENT, JsonDifference, are_close, json_differences
from app.report.export.metadata import COLUMN_MEANINGS
from app.report.export.strict_json import read_strict_json
from app.report.export.zip_file import json_bytes

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
"""A number that every program reads alike."""
MOST_TIMES_AS_LARGE = 16
"""Versions of the library pack a table differently; none needs so many times the bytes of another."""
SMALL_TABLE = 1 << 20
"""A table of fewer bytes than this counts as one of this many."""
ROWS_AT_ONCE = 4_096

CellValue = str | int | float | bool | None


class FileDifference(JsonDifference):
    """The first difference between two files: where it is, and what each of them says there."""


def file_difference(name: str, exported_bytes: bytes, rebuilt_bytes: bytes) -> FileDifference | None:
    """The first difference of a file of an export; None if there is none."""
    if exported_bytes == rebuilt_bytes:
        return None
    try:
        return next(_differences(name, exported_bytes, rebuilt_bytes), None)
    except (ValueError, OSError, pa.ArrowException) as error:
        return FileDifference("", f"a file that cannot be read ({_printable_beginning(str(error))})", "one that can")


def is_written_alike(name: str, exported_bytes: bytes, rebuilt_bytes: bytes) -> bool:
    """Whether two files of one content have the same bytes, apart from the last digits of computed numbers in JSON.

    Such numbers are in the form in which First Glance writes them, so that every program reads the same.
    """
    if exported_bytes == rebuilt_bytes:
        return True
    if not name.endswith(".json"):
        return False
    exported_value, rebuilt_value = read_strict_json(exported_bytes), json.loads(rebuilt_bytes)
    return exported_bytes == json_bytes(_with_digits_of(exported_value, rebuilt_value))


def _with_digits_of(exported_value: JsonValue, rebuilt_value: JsonValue) -> JsonValue:
    """The rebuilt value with the exported fractions, which agree with its own to nine digits."""
    if isinstance(exported_value, dict) and isinstance(rebuilt_value, dict):
        return {key: _with_digits_of(exported_value[key], value) for key, value in rebuilt_value.items()}
    if isinstance(exported_value, list) and isinstance(rebuilt_value, list):
        pairs = zip(exported_value, rebuilt_value, strict=True)
        return [_with_digits_of(exported_element, rebuilt_element) for exported_element, rebuilt_element in pairs]
    both_are_fractions = isinstance(exported_value, float) and isinstance(rebuilt_value, float)
    return exported_value if both_are_fractions else rebuilt_value


def _differences(name: str, exported_bytes: bytes, rebuilt_bytes: bytes) -> Iterator[FileDifference]:
    extension = name.rsplit(".", 1)[-1]
    if extension == "json":
        yield from _json_differences(read_strict_json(exported_bytes), json.loads(rebuilt_bytes))
    elif extension == "csv":
        yield from _csv_differences(exported_bytes, rebuilt_bytes)
    elif extension == "parquet":
        yield from _table_differences(exported_bytes, rebuilt_bytes)
    else:
        yield _first_line_difference(exported_bytes, rebuilt_bytes)


def _json_differences(exported_value: JsonValue, rebuilt_value: JsonValue) -> Iterator[FileDifference]:
    for difference in json_differences(exported_value, rebuilt_value, absent_is_null=False):
        yield FileDifference(
            _printable_beginning(difference.path) or "the top",
            _printable_beginning(difference.expected),
            _printable_beginning(difference.actual),
        )


def _csv_differences(exported_bytes: bytes, rebuilt_bytes: bytes) -> Iterator[FileDifference]:
    exported_rows, rebuilt_rows = read_table(exported_bytes), read_table(rebuilt_bytes)
    header = next(rebuilt_rows)
    columns = next(exported_rows, [])
    if columns != header:
        yield FileDifference(
            "columns", _printable_beginning(", ".join(columns)), _printable_beginning(", ".join(header))
        )
        return
    for number, (exported_row, rebuilt_row) in enumerate(zip_longest(exported_rows, rebuilt_rows), start=2):
        if exported_row is None or rebuilt_row is None or len(exported_row) != len(rebuilt_row):
            yield FileDifference(f"row {number}", _describe_row(exported_row), _describe_row(rebuilt_row))
            return
        for column, exported_cell, rebuilt_cell in zip(header, exported_row, rebuilt_row, strict=True):
            if not _cells_agree(column, exported_cell, rebuilt_cell):
                where = f"row {number}, column {column}"
                yield FileDifference(where, _quote(exported_cell), _quote(rebuilt_cell))


def _cells_agree(column: str, exported_cell: str, rebuilt_cell: str) -> bool:
    if exported_cell == rebuilt_cell:
        return True
    if COLUMN_MEANINGS[column][0] != "number" or not exported_cell or not rebuilt_cell:
        return False
    if not NUMBER.fullmatch(exported_cell) or "." not in rebuilt_cell:
        return False
    return are_close(float(exported_cell), float(rebuilt_cell))


def _table_differences(exported_bytes: bytes, rebuilt_bytes: bytes) -> Iterator[FileDifference]:
    exported_file, rebuilt_file = _open_parquet(exported_bytes), _open_parquet(rebuilt_bytes)
    if not exported_file.schema_arrow.equals(rebuilt_file.schema_arrow, check_metadata=True):
        columns = [
            _printable_beginning(str(parquet_file.schema_arrow)) for parquet_file in (exported_file, rebuilt_file)
        ]
        yield FileDifference("columns", *columns)
        return
    exported_rows, rebuilt_rows = exported_file.metadata.num_rows, rebuilt_file.metadata.num_rows
    if exported_rows != rebuilt_rows:
        yield FileDifference("rows", f"{exported_rows} rows", f"{rebuilt_rows} rows")
        return
    most_bytes = MOST_TIMES_AS_LARGE * max(_unpacked_size(rebuilt_file), SMALL_TABLE)
    if _unpacked_size(exported_file) > most_bytes:
        yield FileDifference(
            "", f"a table of more than {most_bytes:,} bytes", f"{_unpacked_size(rebuilt_file):,} bytes"
        )
        return
    for column in rebuilt_file.schema_arrow.names:
        pairs = zip_longest(
            _column_values(exported_file, column), _column_values(rebuilt_file, column), fillvalue=ABSENT
        )
        for number, (exported_cell, rebuilt_cell) in enumerate(pairs):
            if exported_cell != rebuilt_cell:
                where = f"row {number}, column {column}"
                yield FileDifference(
                    where, _printable_beginning(repr(exported_cell)), _printable_beginning(repr(rebuilt_cell))
                )


def _open_parquet(table_bytes: bytes) -> pq.ParquetFile:
    """A table of which nothing but the description of its columns is read; texts that repeat will be held once."""
    columns = pq.read_schema(io.BytesIO(table_bytes)).names
    return pq.ParquetFile(io.BytesIO(table_bytes), read_dictionary=columns)


def _unpacked_size(parquet_file: pq.ParquetFile) -> int:
    """The bytes of all columns without compression, as the file itself states them."""
    row_groups = map(parquet_file.metadata.row_group, range(parquet_file.metadata.num_row_groups))
    return sum(
        group.column(index).total_uncompressed_size for group in row_groups for index in range(group.num_columns)
    )


def _column_values(parquet_file: pq.ParquetFile, column: str) -> Iterator[CellValue]:
    """The values of one column, one at a time: equal texts of a small file may fill the memory if all are held."""
    for batch in parquet_file.iter_batches(ROWS_AT_ONCE, columns=[column], use_threads=False):
        yield from (value.as_py() for value in batch.column(0))


def _first_line_difference(exported_bytes: bytes, rebuilt_bytes: bytes) -> FileDifference:
    lines = zip_longest(exported_bytes.split(b"\n"), rebuilt_bytes.split(b"\n"))
    for number, (exported_line, rebuilt_line) in enumerate(lines, start=1):
        if exported_line != rebuilt_line:
            return FileDifference(f"line {number}", *_around_difference(exported_line, rebuilt_line))
    raise AssertionError  # equal files are not compared


def _around_difference(exported_line: bytes | None, rebuilt_line: bytes | None) -> tuple[str, str]:
    """Both lines, from shortly before the first character that differs."""
    if exported_line is None or rebuilt_line is None:
        return _describe_line(exported_line), _describe_line(rebuilt_line)
    exported_text, rebuilt_text = exported_line.decode("utf-8", "replace"), rebuilt_line.decode("utf-8", "replace")
    pairs = enumerate(zip(exported_text, rebuilt_text, strict=False))
    shorter = min(len(exported_text), len(rebuilt_text))
    start = max(0, next((index for index, (first, second) in pairs if first != second), shorter) - LONGEST_VALUE // 2)
    return _quote(exported_text[start:]), _quote(rebuilt_text[start:])


def _describe_line(line: bytes | None) -> str:
    return ABSENT if line is None else _quote(line.decode("utf-8", "replace"))


def _describe_row(texts: list[str] | None) -> str:
    return ABSENT if texts is None else _quote(", ".join(texts))


def _quote(text: str) -> str:
    return f"“{_printable_beginning(text)}”"


def _printable_beginning(text: str) -> str:
    """The beginning of a text, with a dot for everything that a terminal does not print."""
    return "".join(letter if letter.isprintable() else "·" for letter in shortened(text))
