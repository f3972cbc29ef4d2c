"""Files that only their owner may read: the database, keys, passwords, exports, the secret that signs sessions."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from app.foundation.errors import StorageError
from app.foundation.files import write_atomically

OWNER_ONLY = 0o600
FOLDER_FOR_OWNER = 0o700


def make_private_folder(folder: Path) -> None:
    """Make a folder and the missing folders above it with mode 0700. Folders that exist stay as they are.

    Raises OSError if it cannot.
    """
    for missing in reversed([part for part in (folder, *folder.parents) if not part.exists()]):
        missing.mkdir(mode=FOLDER_FOR_OWNER, exist_ok=True)
    folder.mkdir(exist_ok=True)


def keep_for_owner(path: Path) -> None:
    """Give a file mode 0600, whether it exists yet or not, unless it is somebody else's or no plain file."""
    with suppress(OSError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, OWNER_ONLY))
        if path.is_file():
            path.chmod(OWNER_ONLY)


def write_private_bytes(path: Path, data: bytes, before_writing: Callable[[], None] = lambda: None) -> None:
    """Write a file with mode 0600 atomically, in place of an older one if there is one. Raises OSError if it cannot.

    `before_writing` is called when the file can be written and nothing of `data` is on the disk yet.
    """

    def write_for_owner(unfinished: Path) -> None:
        keep_for_owner(unfinished)
        unfinished.write_bytes(b"")
        before_writing()
        unfinished.write_bytes(data)

    write_atomically(path, write_for_owner)


def write_private_file(path: Path, text: str) -> None:
    """Write a new file with mode 0600. Raises FileExistsError rather than replace one, and StorageError if it cannot.

    The file gets its name only when its content is complete, so of two processes that start together one writes it
    and the other reads it.
    """
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        make_private_folder(path.parent)
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
