"""Files that hold text, read as a stream: plain text, JSON lines and Parquet, compressed or not."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from app.foundation.documents import SUFFIXES, Document
from app.foundation.errors import CorpusError

COMPRESSED = {".gz": "gzip", ".zst": "zstd"}
TEXT = "text"
"""The key of a JSON line, and the column of a Parquet file, that holds a document."""
KNOWN = SUFFIXES | {".parquet"}


def is_text(path: Path) -> bool:
    """Whether a file's name promises text in a format that `documents_of` reads."""
    return _kind(path) in KNOWN


def documents_of(path: Path, name: str) -> Iterator[Document]:
    """Every document of one file that is not only white space, in order; invalid UTF-8 becomes U+FFFD.

    A text file is one document; of JSON lines and Parquet each row is one, by its `text`. Raises CorpusError on a
    file that cannot be read, a line that is not JSON, or a table without a column `text`.
    """
    try:
        for place, text in _texts(path):
            if text.strip():
                yield Document(f"{name}{place}", text)
    except (OSError, pa.ArrowException, EOFError) as error:
        msg = f"{path} cannot be read ({_reason(error)}); mend it, check its permissions or leave it out"
        raise CorpusError(msg) from error


def _kind(path: Path) -> str:
    name = path.with_suffix("") if path.suffix in COMPRESSED else path
    return name.suffix


def _texts(path: Path) -> Iterator[tuple[str, str]]:
    if _kind(path) == ".parquet":
        return _rows(path)
    if _kind(path) == ".jsonl":
        return _lines(path)
    return iter([("", _opened(path).read().decode("utf-8", errors="replace"))])


def _opened(path: Path) -> io.BufferedReader:
    return io.BufferedReader(pa.input_stream(str(path), compression=COMPRESSED.get(path.suffix)))


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(_opened(path), start=1):
        if not line.strip():
            continue
        try:
            text: Any = json.loads(line.decode("utf-8", errors="replace"))[TEXT]
        except (ValueError, KeyError, TypeError) as error:
            msg = f'{path} line {number} is not JSON with a "{TEXT}"; mend or delete that line'
            raise CorpusError(msg) from error
        if isinstance(text, str):
            yield f":{number}", text


def _rows(path: Path) -> Iterator[tuple[str, str]]:
    file = pq.ParquetFile(path)
    if TEXT not in file.schema_arrow.names:
        msg = f"{path} has no column {TEXT}; rename the column that holds the documents"
        raise CorpusError(msg)
    number = 0
    for batch in file.iter_batches(batch_size=256, columns=[TEXT]):
        for text in batch.column(0).to_pylist():
            number += 1
            if isinstance(text, bytes):
                text = text.decode("utf-8", errors="replace")
            if isinstance(text, str):
                yield f":{number}", text


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error).splitlines()[0]
