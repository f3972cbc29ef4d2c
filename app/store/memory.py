"""A database in this process's memory, for what must not be left on the disk if the process is killed."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from app.foundation.codes import random_code

FIRST_WITH_SHARED_MEMORY = (3, 36)
"""The first version of SQLite in which several connections see one database in memory."""


@contextmanager
def empty_memory_database() -> Iterator[str]:
    """The URL of an empty database that is gone at the end, or when the process dies.

    With an older SQLite it lies in a folder that only its owner reads, and that a killed process leaves behind.
    """
    if sqlite3.sqlite_version_info < FIRST_WITH_SHARED_MEMORY:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{Path(folder) / 'memory.db'}"
        return
    name = f"file:/{random_code()}?vfs=memdb"
    with closing(sqlite3.connect(name, uri=True, check_same_thread=False)):  # it lives as long as a connection is open
        yield f"sqlite:///{name}&uri=true"
