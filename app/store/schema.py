"""The schema of the database, which only Alembic's migrations make."""

from threading import Lock

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from app.foundation.paths import resource_folder
from app.store import admin_sessions as admin_session_store
from app.store import keyholders as keyholder_store
from app.store import password_attempts as attempt_store
from app.store import sealed, tables
from app.store.base import Base
from app.store.rewriting import closing_engine, keep_sqlite_for_owner, owe_rewriting, rewrite_if_owed

ROWS = (  # importing the modules fills the metadata
    tables.RoundRow,
    sealed.SealedRow,
    keyholder_store.KeyholderRow,
    admin_session_store.AdminSessionRow,
    attempt_store.PasswordAttemptRow,
)
ONE_THREAD = Lock()
"""Held while a database is migrated: Alembic keeps what it does in names of its module, which all threads share."""


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest schema. The files of SQLite are for their owner alone.

    A database that had an older schema is written anew, so that no file keeps what the new one leaves out; if that was
    cut short, the next call does it. Threads and processes that migrate one database wait for each other.
    """
    with ONE_THREAD:
        keep_sqlite_for_owner(url)
        if _current_revision(url) not in (None, ScriptDirectory.from_config(alembic_config(url)).get_current_head()):
            with closing_engine(url) as engine, engine.begin() as connection:
                owe_rewriting(connection)
        command.upgrade(alembic_config(url), "head")
        rewrite_if_owed(url)


def _current_revision(url: str) -> str | None:
    """The newest migration that the database has had; None if it is empty."""
    with closing_engine(url) as engine, engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def schema_differences(engine: Engine) -> list[object]:
    """The differences between the declared tables and the database; empty if they agree."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def alembic_config(url: str) -> Config:
    """Alembic's configuration; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(resource_folder("migrations")))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
