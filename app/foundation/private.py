"""Files that only their owner may read: keys, passwords and the secret that signs sessions."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from app.foundation.errors import StorageError

OWNER_ONLY = 0o600


def write_private_file(path: Path, text: str) -> None:
    """Write a new file with mode 0600. Raises FileExistsError rather than replace one, and StorageError if it cannot.

    The file gets its name only when its content is complete, so of two processes that start together one writes it
    and the other reads it.
    """
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_for_owner(unfinished, text)
        os.link(unfinished, path)
    except OSError as error:
        if isinstance(error, FileExistsError) and path.parent.is_dir():
            raise
        msg = f"{path} cannot be written ({error.strerror}). Let this program write to the folder {path.parent}."
        raise StorageError(msg) from error
    finally:
        with suppress(OSError):
            unfinished.unlink()


def read_private_file(path: Path) -> bytes:
    """The content of a private file. Raises StorageError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror}). It has to be a file that this program may read."
        raise StorageError(msg) from error


def remove_private_file(path: Path) -> None:
    """Delete a private file, if there is one. Raises StorageError if it cannot be deleted."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        msg = f"{path} cannot be deleted ({error.strerror}). Let this program write to the folder {path.parent}."
        raise StorageError(msg) from error


def _write_for_owner(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
