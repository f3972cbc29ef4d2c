"""The database that a command opens."""

from pathlib import Path

import pytest

from app.cli import database
from app.foundation.errors import SettingsError
from app.foundation.settings import Settings


def test_a_database_that_fails_without_a_message_is_refused_with_the_name_of_the_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> None:
        raise PermissionError

    monkeypatch.setattr(database, "migrate", fail)
    with (
        pytest.raises(SettingsError, match=r"cannot be opened \(PermissionError\)"),
        database.open_database(Settings(data=tmp_path)),
    ):
        pass
