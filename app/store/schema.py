"""The schema of the database, which only Alembic's migrations make."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine

from app.foundation.paths import resource_folder
from app.store import admin_sessions as admin_session_store
from app.store import keyholders as keyholder_store
from app.store import password_attempts as attempt_store
from app.store import sealed, tables
from app.store.base import Base

ROWS = (  # importing the modules fills the metadata
    tables.RoundRow,
    sealed.SealedRow,
    keyholder_store.KeyholderRow,
    admin_session_store.AdminSessionRow,
    attempt_store.PasswordAttemptRow,
)


def migrate(url: str) -> None:
    """Bring the database at `url` to the newest schema."""
    command.upgrade(alembic_config(url), "head")


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
