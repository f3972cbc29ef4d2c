"""Alembic's entry: run the migrations on the URL that app.store.schema gives.

All of them are one transaction, for which other processes wait: so of several that open a new database at once one
makes it, and a migration that is killed leaves the database as it was.
"""

from sqlite3 import Connection as SqliteConnection
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, Engine, create_engine, event, pool
from sqlalchemy.pool import ConnectionPoolEntry

from app.store.base import Base, UtcDateTime
from app.store.engine import BUSY_SECONDS

MIGRATION_LOCK = 4_673_820_115
"""The number of PostgreSQL's advisory lock that a migration holds; any number that nobody else uses."""


def _render(kind: str, value: object, _: AutogenContext) -> str | Literal[False]:
    """A migration stands on its own: it names SQLAlchemy's types, never the project's."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(value, UtcDateTime) else False


def _engine(url: str) -> Engine:
    """An engine whose transactions are whole: SQLite's driver would commit before each change of a table."""
    if not url.startswith("sqlite"):
        return create_engine(url, poolclass=pool.NullPool)
    sqlite_engine = create_engine(url, poolclass=pool.NullPool, connect_args={"timeout": BUSY_SECONDS})
    event.listen(sqlite_engine, "connect", _switch_off_commits)
    event.listen(sqlite_engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return sqlite_engine


def _switch_off_commits(connection: SqliteConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None


def _wait_for_others(connection: Connection) -> None:
    """Wait until no other process migrates this database; on SQLite the transaction has waited when it began."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")


engine = _engine(context.config.get_main_option("sqlalchemy.url") or "")
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=_render,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        _wait_for_others(connection)
        context.run_migrations()
engine.dispose()
