"""A lock between processes and threads that ends with the process that holds it, by SQLite's lock on an empty file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

PRIMARY_CODE = 0xFF
"""The bits of an error code of SQLite's that say its kind; the others say more."""


class HeldElsewhere(Exception):  # noqa: N818 - whoever asks for the lock says what that means
    """Somebody else holds the lock."""


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold the lock while the block runs; the file is made, and deleted at the end.

    Raises HeldElsewhere at once if somebody else holds it, and OSError if the file cannot be made. A disk that knows no
    locks locks nothing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if is_busy(error):
                raise HeldElsewhere from error
        if not path.exists():  # whoever held it has just deleted it, and the next one makes another file
            raise HeldElsewhere
        try:
            yield
        finally:
            with suppress(OSError):  # some systems delete no file that is open
                path.unlink()


def is_busy(sqlite_error: sqlite3.OperationalError) -> bool:
    """Whether SQLite refused something because somebody else uses the file."""
    return sqlite_error.sqlite_errorcode & PRIMARY_CODE == sqlite3.SQLITE_BUSY
