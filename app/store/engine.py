"""Engine and sessions. SQLite runs in WAL mode with synchronous=FULL; PostgreSQL needs only another URL.

One transaction is one use case: `writing` begins it, commits at the end, and rolls back on any error. On SQLite
writers wait for one lock per process and begin IMMEDIATE, so that none of them gets "database is locked".
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from sqlite3 import Connection as SqliteConnection
from sqlite3 import OperationalError
from time import sleep

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from app.foundation.file_lock import is_busy
from app.store.storable import require_storable

BUSY_SECONDS = 30
SWITCH_ATTEMPTS = 600
CHECKPOINT_MILLISECONDS = 2000
"""How long an erasure waits for readers of an older state."""


class Database:
    """A database that hands out sessions for reading and for writing."""

    def __init__(self, url: str, session_facts: Mapping[str, str] | None = None) -> None:
        """A database at `url`; `session_facts` are the `info` of every session for writing."""
        self.url = url
        self.engine = _create_engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False, info=dict(session_facts or {}))
        self._reading_sessions = sessionmaker(_engine_of_snapshots(self.engine), expire_on_commit=False)
        self._writer = threading.Lock() if self.engine.dialect.name == "sqlite" else None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reading, in which all queries see the database at one moment; changes are not stored."""
        with self._reading_sessions() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session for writing: it commits at the end, or stores nothing after an error."""
        if self._writer is None:
            with self._sessions.begin() as session:
                yield session
            return
        with self._writer, self._sessions.begin() as session:
            session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
            yield session

    @contextmanager
    def erasing(self) -> Iterator[Session]:
        """A session for writing what deletes; after it, no file beside SQLite's database has what was deleted.

        Somebody who reads the old state at that moment can keep it in the write-ahead log until the next such session,
        or until the program ends.
        """
        with self.writing() as session:
            yield session
        self._empty_write_ahead_log()

    def _empty_write_ahead_log(self) -> None:
        """Move SQLite's write-ahead log into the database, and make its file empty; wait a little for readers."""
        if self.engine.dialect.name != "sqlite":
            return
        with self.engine.connect() as connection:
            driver = connection.connection.cursor()
            connection.rollback()  # a checkpoint stands outside of transactions
            try:
                driver.execute(f"PRAGMA busy_timeout={CHECKPOINT_MILLISECONDS}")
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                driver.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _create_engine(url: str) -> Engine:
    """The engine; its errors do not say the values of a query, which would put answers and tokens into logs."""
    if not url.startswith("sqlite"):
        engine = create_engine(url, pool_size=20, max_overflow=20, pool_pre_ping=True, hide_parameters=True)
        event.listen(engine, "before_cursor_execute", _check_values)
        return engine
    engine = create_engine(
        url, connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS}, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "before_cursor_execute", _check_values)
    return engine


def _check_values(*event_arguments: object) -> None:
    """Refuse what one of the two kinds of database cannot take before either sees it: so both behave alike."""
    _connection, _cursor, _statement, parameters, _context, _is_many = event_arguments
    require_storable(parameters)


def _engine_of_snapshots(engine: Engine) -> Engine:
    """The engine for transactions that see one state of the database, as SQLite's always do.

    By default each query on PostgreSQL sees what was committed before it; then a receipt could have the entries from
    before the lock and the lock's digest, and contradict an honest export.
    """
    return engine if engine.dialect.name == "sqlite" else engine.execution_options(isolation_level="REPEATABLE READ")


def _prepare_sqlite(connection: SqliteConnection, _record: ConnectionPoolEntry) -> None:
    """Switch the driver's own BEGIN off, since `_begin_sqlite` sends it, and set what every connection needs."""
    connection.isolation_level = None
    _switch_to_wal(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _switch_to_wal(connection: SqliteConnection) -> None:
    """Switch a new database to WAL mode, in which it stays; an older one has it already.

    SQLite does not wait for this as it does for everything else, so that a process that makes the same database at
    this moment would be an error.
    """
    connection.execute("PRAGMA busy_timeout=0")
    attempts = 1
    while not _is_switched(connection, is_last=attempts == SWITCH_ATTEMPTS):
        attempts += 1
        sleep(BUSY_SECONDS / SWITCH_ATTEMPTS)
    connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


def _is_switched(connection: SqliteConnection, *, is_last: bool) -> bool:
    """Try to switch to WAL mode; False if somebody else uses the database, unless it is the last attempt."""
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    except OperationalError as error:
        if is_last or not is_busy(error):
            raise
        return False
    return True


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction: `IMMEDIATE` for writing, which takes the write lock at once."""
    kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {kind}")
