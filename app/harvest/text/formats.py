"""Files that hold text, read as a stream: plain text, JSON lines and Parquet, compressed or not."""

import io
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.foundation.documents import TEXT_SUFFIXES, Document
from app.foundation.errors import CorpusError

COMPRESSED = {".gz": "gzip", ".zst": "zstd"}
TEXT = "text"
"""The key of a JSON line, and the column of a Parquet file, that holds a document."""
KNOWN = TEXT_SUFFIXES | {".parquet"}
AT_ONCE = 1 << 20
"""Bytes; a text file that has more is read in parts."""
_LONE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class LongDocument:
    """A text that is too long to be held in memory, read in parts as often as asked for."""

    name: str
    path: Path

    def parts(self) -> Iterator[str]:
        """The text from the beginning, in order. Raises CorpusError if the file cannot be read."""
        with _reading(self.path), io.TextIOWrapper(_opened(self.path), "utf-8", "replace", newline="") as file:
            while part := file.read(AT_ONCE):
                yield part


def is_text(path: Path) -> bool:
    """Whether a file's name promises text in a format that `documents_of` reads."""
    return _kind(path) in KNOWN


def documents_of(path: Path, name: str) -> Iterator[Document | LongDocument | None]:
    """Every document of one file that is not only white space, in order; None for a row that holds no text.

    A text file is one document; of JSON lines and Parquet each row is one, by its `text`. Invalid UTF-8 and lone
    surrogates become U+FFFD. Raises CorpusError on a file that cannot be read, a line that is not JSON, or a table
    without a column `text`.
    """
    if _kind(path) not in {".jsonl", ".parquet"}:
        yield from _document(path, name)
        return
    with _reading(path):
        for number, text in (_rows if _kind(path) == ".parquet" else _lines)(path):
            if text is None:
                yield None
            elif text.strip():
                yield Document(f"{name}:{number}", text)


def readable_name(name: str) -> str:
    """A file's name as text: a byte that is no UTF-8 becomes its number, so that different names stay different."""
    return os.fsencode(name).decode("utf-8", errors="backslashreplace")


def readable_text(text: str) -> str:
    """The text with lone surrogates, which JSON may hold and UTF-8 may not, as U+FFFD."""
    return text if text.isascii() else _LONE.sub("\ufffd", text)


def reason(error: Exception) -> str:
    """What went wrong, in few words."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error).splitlines()[0]


def _kind(path: Path) -> str:
    name = path.with_suffix("") if path.suffix in COMPRESSED else path
    return name.suffix


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException, EOFError) as error:
        msg = f"{_shown(path)} cannot be read ({reason(error)}); mend it, check its permissions or leave it out"
        raise CorpusError(msg) from error


def _shown(path: Path) -> str:
    return readable_name(str(path))


def _opened(path: Path) -> IO[bytes]:
    """The file's bytes, decompressed; opened by Python, since Arrow takes no name that is not UTF-8."""
    file = path.open("rb")
    if path.suffix not in COMPRESSED:
        return file
    return io.BufferedReader(pa.input_stream(file, compression=COMPRESSED[path.suffix]))


def _document(path: Path, name: str) -> Iterator[Document | LongDocument]:
    with _reading(path), _opened(path) as file:
        data = file.read(AT_ONCE + 1)
    if len(data) > AT_ONCE:
        long = LongDocument(name, path)
        if not all(part.isspace() for part in long.parts()):
            yield long
        return
    text = data.decode("utf-8", errors="replace")
    if text.strip():
        yield Document(name, text)


def _lines(path: Path) -> Iterator[tuple[int, str | None]]:
    with _opened(path) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                text: Any = json.loads(line.decode("utf-8", errors="replace"))[TEXT]
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                msg = f'{_shown(path)} line {number} is not JSON with a "{TEXT}"; mend or delete that line'
                raise CorpusError(msg) from error
            yield number, readable_text(text) if isinstance(text, str) else None


def _rows(path: Path) -> Iterator[tuple[int, str | None]]:
    with path.open("rb") as opened:
        file = pq.ParquetFile(opened)
        if TEXT not in file.schema_arrow.names:
            msg = f"{_shown(path)} has no column {TEXT}; rename the column that holds the documents"
            raise CorpusError(msg)
        number = 0
        for batch in file.iter_batches(batch_size=256, columns=[TEXT]):
            for text in _as_bytes(batch.column(0)).to_pylist():
                number += 1
                yield number, text.decode("utf-8", errors="replace") if isinstance(text, bytes) else None


def _as_bytes(column: pa.Array) -> pa.Array:
    """Text as the bytes it is made of, which need not be UTF-8 whatever the file says; other columns as they are."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if pa.types.is_large_string(kind):
        return column.cast(pa.large_binary())
    is_text = pa.types.is_string(kind) or pa.types.is_string_view(kind)
    return column.cast(pa.binary()) if is_text else column
