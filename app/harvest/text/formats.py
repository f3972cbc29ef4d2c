"""Files that hold text, read as a stream: plain text, JSON lines and Parquet, compressed or not."""

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa

from app.foundation.documents import (
    LONGEST_ROW,
    TEXT_SUFFIXES,
    Document,
    row_too_long,
    text_of_json_line,
)
from app.foundation.errors import CorpusError, error_summary
from app.harvest.text.parquet_rows import stream_table

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
HARVESTED_SUFFIXES = TEXT_SUFFIXES | {".parquet"}
BYTES_AT_ONCE = 1 << 20
"""A text file that has more bytes than this is read in parts."""
MOST_BLANKS, BLANK_CHARACTERS = 1_000_000, 1_000
"""So many rows without text one after the other are no corpus; of long ones, so many characters count as a row."""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class LongDocument:
    """A text that is too long to be held in memory; it can be read in parts any number of times."""

    name: str
    path: Path

    def parts(self) -> Iterator[str]:
        """The text from the beginning, in order. Raises CorpusError if the file cannot be read."""
        with (
            _corpus_errors(self.path),
            io.TextIOWrapper(_open_bytes(self.path), "utf-8", "replace", newline="") as file,
        ):
            while part := file.read(BYTES_AT_ONCE):
                yield part


@dataclass
class BlankRows:
    """Counts the rows of a file that have no text, one after the other: a small file may hold them without end."""

    file_name: str
    row_count: int = 0

    def count(self, number: int, text: str, *, is_blank: bool) -> None:
        """Count one more row. Raises CorpusError when the last MOST_BLANKS rows had no text."""
        self.row_count = self.row_count + 1 + len(text) // BLANK_CHARACTERS if is_blank else 0
        if self.row_count > MOST_BLANKS:
            msg = (
                f"{self.file_name} holds no text in a very long stretch up to its row {number:,}; delete what is "
                "empty there, or leave the file out"
            )
            raise CorpusError(msg)


def has_text_suffix(path: Path) -> bool:
    """Whether a file's name ends like that of a format that `stream_documents` reads."""
    return _format_suffix(path) in HARVESTED_SUFFIXES


def stream_documents(path: Path, name: str) -> Iterator[Document | LongDocument | None]:
    """Every document of one file, in order, without those that are only white space; None for a row without text.

    A text file is one document; of JSON lines and Parquet each row is one, from its `text`. Invalid UTF-8 and lone
    surrogates become U+FFFD. Raises CorpusError on a file that cannot be read, a line that is not JSON, a table
    without a column `text`, a row that is too long, or a file that goes on and on without text.
    """
    suffix = _format_suffix(path)
    if suffix not in {".jsonl", ".parquet"}:
        yield from _stream_text_file(path, name)
        return
    with _corpus_errors(path):
        file_name = printable_name(str(path))
        blanks = BlankRows(file_name)
        for number, text in (stream_table if suffix == ".parquet" else _stream_lines)(path, file_name):
            is_blank = text is None or not text.strip()
            blanks.count(number, text or "", is_blank=is_blank)
            if text is None:
                yield None
            elif not is_blank:
                yield Document(f"{name}:{number}", text)


def printable_name(name: str) -> str:
    """A file's name as text: a byte that is no UTF-8 becomes its number, so that different names stay different."""
    return os.fsencode(name).decode("utf-8", errors="backslashreplace")


def replace_lone_surrogates(text: str) -> str:
    """The text with lone surrogates, which JSON may hold and UTF-8 may not, as U+FFFD."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def brief_reason(error: Exception) -> str:
    """A short description of an error: the system's message, or the first line of the error's own."""
    return error.strerror if isinstance(error, OSError) and error.strerror else error_summary(error)


def _format_suffix(path: Path) -> str:
    """The suffix that names the format, without the suffix of a compression."""
    uncompressed = path.with_suffix("") if path.suffix in COMPRESSIONS else path
    return uncompressed.suffix


@contextmanager
def _corpus_errors(path: Path) -> Iterator[None]:
    """Turn the errors of reading a file into a CorpusError that names it."""
    try:
        yield
    except (OSError, pa.ArrowException, EOFError) as error:
        msg = (
            f"{printable_name(str(path))} cannot be read ({brief_reason(error)}); "
            "repair it, check its permissions or leave it out"
        )
        raise CorpusError(msg) from error


def _open_bytes(path: Path) -> IO[bytes]:
    """The file's bytes, decompressed; opened by Python, since Arrow takes no name that is not UTF-8."""
    file = path.open("rb")
    if path.suffix not in COMPRESSIONS:
        return file
    return io.BufferedReader(pa.input_stream(file, compression=COMPRESSIONS[path.suffix]))


def _stream_text_file(path: Path, name: str) -> Iterator[Document | LongDocument]:
    with _corpus_errors(path), _open_bytes(path) as file:
        beginning = file.read(BYTES_AT_ONCE + 1)
    if len(beginning) > BYTES_AT_ONCE:
        document = LongDocument(name, path)
        if not _is_blank(document):
            yield document
        return
    text = beginning.decode("utf-8", errors="replace")
    if text.strip():
        yield Document(name, text)


def _is_blank(long_text: LongDocument) -> bool:
    """Whether a text is only white space. Raises CorpusError if it begins with more of it than anybody wrote."""
    blanks = BlankRows(printable_name(str(long_text.path)))
    for number, part in enumerate(long_text.parts(), start=1):
        if not part.isspace():
            return False
        blanks.count(number, part, is_blank=True)
    return True


def _stream_lines(path: Path, file_name: str) -> Iterator[tuple[int, str | None]]:
    """(number, text) of each line of JSON; a line of only white space has no text."""
    with _open_bytes(path) as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_ROW + 1), b""), start=1):
            if len(line) > LONGEST_ROW:
                raise row_too_long(file_name, f"line {number}")
            if not line.strip():
                yield number, ""
                continue
            text = text_of_json_line(line.decode("utf-8", errors="replace"), file_name, number)
            yield number, None if text is None else replace_lone_surrogates(text)
