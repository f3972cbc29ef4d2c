"""Documents of text in files: what a model trains on and what a harvest reads."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.foundation.digest import sha256_of_parts
from app.foundation.errors import CorpusError
from app.foundation.json_file import parse_json

TEXT_SUFFIXES = frozenset({".txt", ".md", ".rst", ".py", ".jsonl"})
TEXT_KEY = "text"
"""The key of a JSON line, and the column of a Parquet file, that holds a document."""
LONGEST_ROW = 32 << 20
"""Bytes of the longest line or row that is read as one value; as JSON it takes up to twenty times as much memory."""


@dataclass(frozen=True)
class Document:
    """One text and where it came from."""

    name: str
    """The path within the source; in a .jsonl file followed by a colon and the number of the line."""
    text: str


def text_files(source: Path) -> list[Path]:
    """The files of text at or below `source`, sorted by path. Raises CorpusError if there are none."""
    if source.is_file():
        return [source]
    if not source.is_dir():
        msg = f"{source} does not exist; name a file or a folder of {', '.join(sorted(TEXT_SUFFIXES))} files"
        raise CorpusError(msg)
    paths = sorted(path for path in source.rglob("*") if path.is_file() and path.suffix in TEXT_SUFFIXES)
    if not paths:
        msg = f"{source} holds no text; it needs files ending in {', '.join(sorted(TEXT_SUFFIXES))}"
        raise CorpusError(msg)
    return paths


def read_documents(paths: Iterable[Path], root: Path) -> Iterator[Document]:
    """Every non-empty document of `paths`; invalid UTF-8 becomes replacement characters.

    Raises CorpusError if a file cannot be read or a line of a .jsonl file has no text.
    """
    for path in paths:
        name = path.relative_to(root).as_posix() if path != root else path.name
        try:
            text = path.read_bytes().decode("utf-8", errors="replace")
        except OSError as error:
            msg = f"{path} cannot be read ({error.strerror}); check its permissions or leave it out"
            raise CorpusError(msg) from error
        if path.suffix == ".jsonl":
            yield from _jsonl_documents(text, name)
        elif text.strip():
            yield Document(name, text)


def text_of_json_line(line: str, file_name: str, number: int) -> str | None:
    """The text of one line of a .jsonl file; None if what it holds as `text` is not text.

    Raises CorpusError, naming file and line, if it is not JSON with a `text`, or too long to be read as one value.
    """
    if len(line) > LONGEST_ROW:
        raise row_too_long(file_name, f"line {number}")
    try:
        text = parse_json(line)[TEXT_KEY]  # type: ignore[call-overload, index]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        msg = f'{file_name} line {number} is not JSON with a "{TEXT_KEY}"; repair or delete that line'
        raise CorpusError(msg) from error
    return text if isinstance(text, str) else None


def row_too_long(file_name: str, place: str) -> CorpusError:
    """The error for a row of a table, or a line, that has more than LONGEST_ROW bytes."""
    msg = (
        f"{file_name} {place} has more than {LONGEST_ROW:,} bytes; split what it holds, or make it a text file (.txt) "
        "of its own, which may have any length"
    )
    return CorpusError(msg)


def shuffled_paths(paths: list[Path], seed: int) -> list[Path]:
    """`paths` in a random order that `seed` fixes."""
    return random.Random(seed).sample(paths, len(paths))


def sha256_of_documents(documents: Iterable[Document]) -> str:
    """SHA-256 over names and texts in order: it identifies a corpus."""
    return sha256_of_parts(f"{document.name}\0{document.text}\0".encode() for document in documents)


def _jsonl_documents(text: str, name: str) -> Iterator[Document]:
    for number, line in enumerate(text.split("\n"), start=1):
        line_text = text_of_json_line(line, name, number) if line.strip() else None
        if line_text and line_text.strip():
            yield Document(f"{name}:{number}", line_text)
