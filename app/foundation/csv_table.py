"""CSV tables, written and read in one form: safe to open in a spreadsheet, and read back as they were stored.

A spreadsheet computes a cell that begins with =, +, - or @. So an apostrophe stands before such a text, and before a
text that begins with an apostrophe, a tab or a line break. Where semicolons separate cells, as in a German
spreadsheet, a cell also begins after a semicolon, and after a line break that no quote protects: there, too, an
apostrophe is written before these signs. Numbers stay numbers. The byte order mark tells a spreadsheet that the file is
UTF-8, and readers that texts have apostrophes: version 0.1 wrote neither.
"""

import csv
import io
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

CsvValue = str | int | float | bool | datetime | None

SIGNS = r"=+\-@\uff1d\uff0b\uff0d\uff20'"
"""What begins a formula, as wide as Latin and as Japanese letters, and the apostrophe itself."""
BEFORE_SIGN = re.compile(rf"\A(?=[{SIGNS}\t\r\n])|(?<=[;\t\r\n])(?=[{SIGNS}])")
ADDED_APOSTROPHE = re.compile(r"\A'|(?<=[;\t\r\n])'")


def write_table(csv_rows: Iterable[Sequence[CsvValue]]) -> bytes:
    """The CSV of rows: nothing for None, true/false for booleans, full precision for floats."""
    lines = _Lines()
    # With this end of a line the library also quotes a cell for a carriage return.
    csv.writer(lines, lineterminator="\r\n").writerows([_cell_text(cell) for cell in row] for row in csv_rows)
    return BOM_UTF8 + "".join(lines).encode()


def write_table_of_0_1(csv_rows: Iterable[Sequence[CsvValue]]) -> bytes:
    """The CSV of rows as version 0.1 wrote it: without byte order mark, and texts as they are."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([_value_text(cell) for cell in row] for row in csv_rows)
    return buffer.getvalue().encode()


def read_table(file_bytes: bytes) -> Iterator[list[str]]:
    """The rows of a table in either form, texts as they were before they were written.

    Raises:
        ValueError: this is no CSV in UTF-8.
    """
    text = file_bytes.removeprefix(BOM_UTF8).decode()
    has_apostrophes = file_bytes.startswith(BOM_UTF8)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), strict=True):
            yield [ADDED_APOSTROPHE.sub("", cell) for cell in row] if has_apostrophes else row
    except csv.Error as error:
        raise ValueError(str(error)) from error


def read_records(file_bytes: bytes) -> Iterator[dict[str, str]]:
    """The rows of a table in either form under the names of its columns. Raises ValueError as `read_table` does."""
    rows = read_table(file_bytes)
    columns = next(rows, [])
    for row in rows:
        yield dict(zip(columns, row, strict=True))


class _Lines(list[str]):
    """The lines that a writer writes, each with a line feed at its end."""

    def write(self, line: str) -> None:
        """Add a line."""
        self.append(line.removesuffix("\r\n") + "\n")


def _cell_text(csv_value: CsvValue) -> str:
    return BEFORE_SIGN.sub("'", csv_value) if isinstance(csv_value, str) else _value_text(csv_value)


def _value_text(csv_value: CsvValue) -> str:
    if csv_value is None:
        return ""
    if isinstance(csv_value, bool):
        return "true" if csv_value else "false"
    if isinstance(csv_value, datetime):
        return csv_value.isoformat(timespec="microseconds")
    return repr(csv_value) if isinstance(csv_value, float) else str(csv_value)
