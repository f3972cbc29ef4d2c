"""Files written atomically: under another name first, then renamed, so that a kill leaves the old file or the new."""

import os
from collections.abc import Callable
from pathlib import Path


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make the file under another name in the same folder, flush it to the disk, then rename it.

    Raises OSError if the folder cannot be written to.
    """
    unfinished = path.with_name(path.name + ".new")
    write(unfinished)
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(unfinished, path)


def write_text_atomically(path: Path, text: str) -> None:
    """Write a text in UTF-8 as `write_atomically` does."""
    write_atomically(path, lambda unfinished: unfinished.write_text(text, encoding="utf-8"))


def write_bytes_atomically(path: Path, data: bytes) -> None:
    """Write bytes as `write_atomically` does."""
    write_atomically(path, lambda unfinished: unfinished.write_bytes(data))
