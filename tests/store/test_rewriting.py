"""Nothing that was deleted, replaced or dropped stays in the files of SQLite, and they are for their owner alone."""

import os
import stat
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from app.foundation.clock import now
from app.store import rewriting
from app.store.engine import Database
from app.store.schema import alembic_config, migrate
from app.store.tables import AdminRow

MARK = "a password hash that nobody should find"


def bytes_beside(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_database_and_the_files_beside_it_are_for_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        migrate(f"sqlite:///{tmp_path / 'new.db'}")
        with closing(Database(f"sqlite:///{tmp_path / 'new.db'}")) as database, database.writing() as session:
            session.add(AdminRow(name="Dag", password_hash="-", created_at=now()))
            session.flush()
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}


def cut_off(_connection: object) -> bool:
    raise KeyboardInterrupt


def test_an_older_database_loses_the_columns_that_the_newest_schema_leaves_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if its rewriting is cut off: the next start does it."""
    sqlite_url = f"sqlite:///{tmp_path / 'old.db'}"
    command.upgrade(alembic_config(sqlite_url), "0008")
    with closing(Database(sqlite_url)) as database, database.writing() as session:
        session.add(AdminRow(name="Dag", password_hash="-", created_at=now()))
        session.flush()
        columns = "id, title, state, design, public_design, response_bytes, response_gzip_bytes, created_by, created_at"
        session.execute(
            text(f"INSERT INTO rounds ({columns}) VALUES ('r', 't', 'draft', '', '{{}}', 0, 0, 'Dag', '2026-01-01')")
        )
        insert = "INSERT INTO items (round_id, code, content, digest, html, training, apart) "
        session.execute(text(insert + "VALUES ('r', 'a', '', '', '', 0, :mark)"), {"mark": f'"{MARK}"'})
    assert MARK.encode() in bytes_beside(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(rewriting, "_rewrite_tables", cut_off)
        migrate(sqlite_url)
    migrate(sqlite_url)
    assert MARK.encode() not in bytes_beside(tmp_path)


@pytest.mark.parametrize("statement", ["DELETE FROM admins", "UPDATE admins SET password_hash = '-'"])
def test_what_was_deleted_or_replaced_is_overwritten(sqlite_url: str, tmp_path: Path, statement: str) -> None:
    with closing(Database(sqlite_url)) as database:
        with database.writing() as session:
            session.add(AdminRow(name="Dag", password_hash=MARK * 200, created_at=now()))
        with database.writing() as session:
            session.execute(text(statement))
    assert MARK.encode() not in bytes_beside(tmp_path)
