"""The database that a command or a call from Python opens."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.foundation.errors import SettingsError
from app.foundation.settings import Settings
from app.services import opened_database


def test_a_database_that_fails_without_a_message_is_refused_with_the_name_of_the_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> None:
        raise PermissionError

    monkeypatch.setattr(opened_database, "migrate", fail)
    with (
        pytest.raises(SettingsError, match=r"cannot be opened \(PermissionError\)"),
        opened_database.open_database(Settings(data=tmp_path)),
    ):
        pass


def test_a_database_of_a_later_version_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    with opened_database.open_database(settings):
        pass
    path = tmp_path / "firstglance.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0099'")
    with pytest.raises(SettingsError, match="of a later version"), opened_database.open_database(settings):
        pass
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0099",)]
