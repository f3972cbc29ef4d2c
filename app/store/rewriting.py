"""What stays on the disk beside the rows: modes of SQLite's files, and what was deleted or replaced."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, inspect, make_url
from sqlalchemy.pool import NullPool

from app.foundation.private import keep_for_owner


def keep_sqlite_for_owner(url: str) -> None:
    """Give the file of an SQLite database mode 0600; SQLite gives the files beside it the same."""
    database_url = make_url(url)
    if database_url.get_backend_name() != "sqlite" or database_url.database in (None, "", ":memory:"):
        return
    path = Path(str(database_url.database))
    for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        if file == path or file.exists():
            keep_for_owner(file)


@contextmanager
def closing_engine(url: str) -> Iterator[Engine]:
    """An engine without a pool, which is closed at the end."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        yield engine
    finally:
        engine.dispose()


def rewrite_database(url: str) -> None:
    """Rewrite all tables of the database at `url`."""
    with closing_engine(url) as engine:
        names = inspect(engine).get_table_names()
    rewrite_tables(url, *names)


def rewrite_tables(url: str, *names: str) -> None:
    """Rewrite these tables without their old rows and columns; on SQLite the whole file and its write-ahead log.

    Nobody may be writing. On PostgreSQL backups and archived write-ahead logs still have what was there before.
    """
    with closing_engine(url) as engine, engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("VACUUM")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        for name in names:
            connection.exec_driver_sql(f"VACUUM FULL {name}")
