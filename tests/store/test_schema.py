"""The schema comes from the migrations, and says what the tables say."""

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from app.store.engine import Database
from app.store.schema import alembic_config, schema_differences


def test_the_migrations_make_what_the_tables_declare(database: Database) -> None:
    assert schema_differences(database.engine) == []


def test_there_is_one_newest_migration(sqlite_url: str) -> None:
    assert len(ScriptDirectory.from_config(alembic_config(sqlite_url)).get_heads()) == 1


def test_a_downgrade_that_would_lose_judgments_is_refused(sqlite_url: str) -> None:
    with pytest.raises(RuntimeError, match="restore a backup"):
        command.downgrade(alembic_config(sqlite_url), "base")
