"""One transaction is one use case: it is committed whole or not at all."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.foundation.clock import now
from app.store.engine import Database
from app.store.tables import AdminRow


def test_writing_commits_once_and_reading_never(database: Database) -> None:
    with database.writing() as session:
        session.add(AdminRow(name="Dag", password_hash="-", created_at=now()))
    with database.reading() as session:
        session.add(AdminRow(name="Eve", password_hash="-", created_at=now()))
        session.flush()
    with database.reading() as session:
        assert session.get(AdminRow, "Dag") is not None
        assert session.get(AdminRow, "Eve") is None


def test_a_use_case_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add(AdminRow(name="Dag", password_hash="-", created_at=now()))
        session.flush()
        session.execute(text("INSERT INTO admins (name, password_hash, created_at) SELECT * FROM admins"))
    with database.reading() as session:
        assert session.get(AdminRow, "Dag") is None


def test_all_queries_of_one_reading_see_the_same_moment(database: Database) -> None:
    with database.reading() as session:
        assert session.get(AdminRow, "Dag") is None
        with database.writing() as writer:
            writer.add(AdminRow(name="Dag", password_hash="-", created_at=now()))
        assert session.get(AdminRow, "Dag") is None
    with database.reading() as session:
        assert session.get(AdminRow, "Dag") is not None


def test_sqlite_waits_for_the_disk(sqlite_database: Database) -> None:
    with sqlite_database.reading() as session:
        assert session.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert session.execute(text("PRAGMA synchronous")).scalar() == 2
        assert session.execute(text("PRAGMA foreign_keys")).scalar() == 1
