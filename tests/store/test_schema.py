"""The schema comes from the migrations, and says what the tables say."""

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.foundation.clock import now
from app.store.engine import Database
from app.store.schema import alembic_config, schema_differences
from app.store.tables import AdminRow


def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    assert schema_differences(database.engine) == []


def test_there_is_one_newest_migration(sqlite_url: str) -> None:
    assert len(ScriptDirectory.from_config(alembic_config(sqlite_url)).get_heads()) == 1


def test_a_downgrade_that_would_lose_judgments_is_refused(sqlite_url: str) -> None:
    with pytest.raises(RuntimeError, match="restore a backup"):
        command.downgrade(alembic_config(sqlite_url), "base")


def test_writing_commits_once_and_reading_never(database: Database) -> None:
    with database.writing() as session:
        session.add(AdminRow(name="Dag", password_hash="-", created_at=now()))
    with database.reading() as session:
        session.add(AdminRow(name="Eve", password_hash="-", created_at=now()))
        session.flush()
    with database.reading() as session:
        assert session.get(AdminRow, "Dag") is not None
        assert session.get(AdminRow, "Eve") is None


def test_a_failed_use_case_leaves_nothing(database: Database) -> None:
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add(AdminRow(name="Dag", password_hash="-", created_at=now()))
        session.flush()
        session.execute(text("INSERT INTO admins (name, password_hash, created_at) SELECT * FROM admins"))
    with database.reading() as session:
        assert session.get(AdminRow, "Dag") is None


def test_times_keep_their_zone(database: Database) -> None:
    at = now()
    with database.writing() as session:
        session.add(AdminRow(name="Dag", password_hash="-", created_at=at))
    with database.reading() as session:
        found = session.get(AdminRow, "Dag")
        assert found is not None
        assert found.created_at == at


def test_sqlite_waits_for_the_disk(sqlite_database: Database) -> None:
    with sqlite_database.reading() as session:
        assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert session.execute(text("PRAGMA synchronous")).scalar() == 2
        assert session.execute(text("PRAGMA foreign_keys")).scalar() == 1
