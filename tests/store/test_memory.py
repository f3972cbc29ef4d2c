"""A database in memory: several connections share it, the disk has nothing of it, and it is gone at the end."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from app.store import memory
from app.store.engine import Database
from app.store.memory import empty_memory_database


def write_a_word(url: str) -> None:
    with closing(Database(url)) as database, database.writing() as session:
        session.execute(text("CREATE TABLE words (word TEXT)"))
        session.execute(text("INSERT INTO words VALUES ('quokka')"))


def count_tables(url: str) -> int:
    with closing(Database(url)) as database, database.reading() as session:
        return int(session.execute(text("SELECT count(*) FROM sqlite_master")).scalar_one())


def test_connections_share_it_and_the_disk_has_nothing_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with empty_memory_database() as first, empty_memory_database() as second:
        write_a_word(first)
        assert (count_tables(first), count_tables(second)) == (1, 0)
    assert count_tables(first) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_reader_does_not_keep_the_next_writer_waiting_once_it_has_read() -> None:
    with empty_memory_database() as url, closing(Database(url)) as database:
        write_a_word(url)
        for _ in range(2):
            with database.reading() as session:
                assert session.execute(text("SELECT word FROM words")).first() == ("quokka",)
            with database.writing() as session:
                session.execute(text("UPDATE words SET word = word"))


def test_an_older_sqlite_has_a_folder_that_is_removed_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    newer = sqlite3.sqlite_version_info[0] + 1, 0
    monkeypatch.setattr(memory, "FIRST_WITH_SHARED_MEMORY", newer)
    with empty_memory_database() as url:
        write_a_word(url)
        assert count_tables(url) == 1
        (folder,) = tmp_path.iterdir()
        assert folder.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == []
