"""Files written atomically, so that a kill leaves the old file or the new; and files of others, read up to a limit.

A file is written under another name first, then renamed.
"""

import errno
import os
from collections.abc import Callable
from pathlib import Path

LARGEST_SMALL_FILE = 1 << 24
"""Bytes of the largest design, key file or list of certificates that is read."""


def read_small_file(path: Path, most_bytes: int = LARGEST_SMALL_FILE) -> bytes:
    """A file's content. Raises OSError if it cannot be read, or if it has more bytes, as a device without end has."""
    with path.open("rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OSError(errno.EFBIG, f"it has more than {most_bytes:,} bytes")
    return content


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make the file under another name in the same folder, flush it to the disk, then rename it.

    A link stays, and the file that it leads to is replaced. Raises OSError if the folder cannot be written to, or if
    `path` leads to a device or a pipe, which a rename would put away.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "it is no plain file")
    unfinished = target.with_name(target.name + ".new")
    write(unfinished)
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(unfinished, target)


def write_text_atomically(path: Path, text: str) -> None:
    """Write a text in UTF-8 as `write_atomically` does."""
    write_atomically(path, lambda unfinished: unfinished.write_text(text, encoding="utf-8"))


def write_bytes_atomically(path: Path, data: bytes) -> None:
    """Write bytes as `write_atomically` does."""
    write_atomically(path, lambda unfinished: unfinished.write_bytes(data))
