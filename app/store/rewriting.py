"""What stays on the disk beside the rows: modes of SQLite's files, and what was deleted or replaced."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, inspect, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from app.foundation.private import keep_for_owner

OWED = 1
"""The note that a rewriting is owed."""
VERSION_TABLE = "alembic_version"
LOCK_SECONDS = 10
STILL_OWED = (
    "The database still has old rows in its file, because another process uses it: they are removed at the next start "
    "of First Glance while nothing else has the database open."
)


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


def owe_rewriting(connection: Connection) -> None:
    """Note in the database, as part of this transaction, that its tables have to be rewritten.

    The note lies where no migration looks: in SQLite's header, or in the comment of the version table.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA user_version = {OWED}")
    else:
        connection.exec_driver_sql(f"COMMENT ON TABLE {VERSION_TABLE} IS '{OWED}'")


def rewrite_if_owed(url: str) -> bool:
    """Rewrite all tables of the database at `url` without their old rows and columns, if that is owed.

    False if it is still owed, because somebody else reads or writes; the next start tries again. On PostgreSQL backups
    and archived write-ahead logs still have what was there before.
    """
    with closing_engine(url) as engine, engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not _is_owed(connection):
            return True
        try:
            is_rewritten = _rewrite_tables(connection)
        except OperationalError:  # locked by somebody else
            is_rewritten = False
        if is_rewritten:
            _forget_debt(connection)
        else:
            logging.getLogger(__name__).warning(STILL_OWED)
        return is_rewritten


def _is_owed(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        return connection.exec_driver_sql("PRAGMA user_version").scalar() == OWED
    query = f"SELECT obj_description(to_regclass('{VERSION_TABLE}'), 'pg_class')"
    return connection.exec_driver_sql(query).scalar() == str(OWED)


def _rewrite_tables(connection: Connection) -> bool:
    """Rewrite all tables, on SQLite the whole file and its write-ahead log; whether nothing old is left."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("VACUUM")
        return _write_log_back(connection)
    connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_SECONDS}s'")
    for name in inspect(connection).get_table_names():
        connection.exec_driver_sql(f"VACUUM FULL {name}")
    return True


def _forget_debt(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA user_version = 0")
        _write_log_back(connection)
    else:
        connection.exec_driver_sql(f"COMMENT ON TABLE {VERSION_TABLE} IS NULL")


def _write_log_back(connection: Connection) -> bool:
    """Move SQLite's write-ahead log into its file and empty it; False if another reader or writer needs it still."""
    busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
    return busy == 0
