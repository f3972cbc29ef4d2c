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
import pyarrow.parquet as pq

from app.foundation.documents import TEXT_KEY, TEXT_SUFFIXES, Document, text_of_json_line
from app.foundation.errors import CorpusError, error_summary

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
HARVESTED_SUFFIXES = TEXT_SUFFIXES | {".parquet"}
BYTES_AT_ONCE = 1 << 20
"""A text file that has more bytes than this is read in parts."""
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


def has_text_suffix(path: Path) -> bool:
    """Whether a file's name ends like that of a format that `stream_documents` reads."""
    return _format_suffix(path) in HARVESTED_SUFFIXES


def stream_documents(path: Path, name: str) -> Iterator[Document | LongDocument | None]:
    """Every document of one file, in order, without those that are only white space; None for a row without text.

    A text file is one document; of JSON lines and Parquet each row is one, from its `text`. Invalid UTF-8 and lone
    surrogates become U+FFFD. Raises CorpusError on a file that cannot be read, a line that is not JSON, or a table
    without a column `text`.
    """
    suffix = _format_suffix(path)
    if suffix not in {".jsonl", ".parquet"}:
        yield from _stream_text_file(path, name)
        return
    with _corpus_errors(path):
        for number, text in (_stream_table if suffix == ".parquet" else _stream_lines)(path):
            if text is None:
                yield None
            elif text.strip():
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
        if not all(part.isspace() for part in document.parts()):
            yield document
        return
    text = beginning.decode("utf-8", errors="replace")
    if text.strip():
        yield Document(name, text)


def _stream_lines(path: Path) -> Iterator[tuple[int, str | None]]:
    """(number, text) of each line of JSON."""
    file_name = printable_name(str(path))
    with _open_bytes(path) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            text = text_of_json_line(line.decode("utf-8", errors="replace"), file_name, number)
            yield number, None if text is None else replace_lone_surrogates(text)


def _stream_table(path: Path) -> Iterator[tuple[int, str | None]]:
    """(number, text) of each row of a Parquet table, 256 rows in memory at a time."""
    with path.open("rb") as opened:
        file = pq.ParquetFile(opened)
        if TEXT_KEY not in file.schema_arrow.names:
            msg = f"{printable_name(str(path))} has no column {TEXT_KEY}; rename the column that holds the documents"
            raise CorpusError(msg)
        number = 0
        for batch in file.iter_batches(batch_size=256, columns=[TEXT_KEY]):
            for text in _text_as_bytes(batch.column(0)).to_pylist():
                number += 1
                yield number, text.decode("utf-8", errors="replace") if isinstance(text, bytes) else None


def _text_as_bytes(column: pa.Array) -> pa.Array:
    """A column of text as bytes, because they may not be UTF-8 although the file says so; other columns unchanged."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_large_string(column.type):
        return column.cast(pa.large_binary())
    is_text = pa.types.is_string(column.type) or pa.types.is_string_view(column.type)
    return column.cast(pa.binary()) if is_text else column
