"""Aids that version 0.1 stored as they are: nothing of them stays in the files, also if the server is cut off."""

import logging
from pathlib import Path

import pytest
from sqlalchemy import text

from app.services.aids_keys import AidsKeys, encrypt_plain_aids
from app.store import rewriting
from app.store.engine import Database
from app.store.rewriting import rewrite_if_owed
from tests.web.served_round import make_round


@pytest.fixture
def upgraded(sqlite_database: Database) -> Database:
    make_round(sqlite_database, public={"aids": True})
    return sqlite_database


def has_plain_aids(folder: Path) -> bool:
    contents = [path.read_bytes() for path in folder.iterdir() if path.is_file()]
    return any(b"apple" in content and b"promoted" in content for content in contents)


def test_a_rewriting_that_was_cut_off_is_done_at_the_next_start(
    upgraded: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(_connection: object) -> bool:
        raise KeyboardInterrupt

    keys = AidsKeys.in_data_folder(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(rewriting, "_rewrite_tables", cut_off)
        encrypt_plain_aids(upgraded, keys)
    assert has_plain_aids(tmp_path)
    encrypt_plain_aids(upgraded, keys)
    assert not has_plain_aids(tmp_path)


def test_a_rewriting_is_owed_until_no_other_reader_needs_the_old_pages(
    upgraded: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys = AidsKeys.in_data_folder(tmp_path)
    with upgraded.reading() as session:
        session.execute(text("SELECT count(*) FROM aids"))
        encrypt_plain_aids(upgraded, keys)
        assert has_plain_aids(tmp_path)
    assert "another process uses it" in caplog.text
    encrypt_plain_aids(upgraded, keys)
    assert not has_plain_aids(tmp_path)
    assert rewrite_if_owed(upgraded.url)


def test_aids_that_cannot_be_encrypted_stay_and_the_log_says_why(
    upgraded: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "aids_keys").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        encrypt_plain_aids(upgraded, AidsKeys.in_data_folder(tmp_path))
    assert "stay unencrypted in the database" in caplog.text
    assert "aids_keys" in caplog.text
    with upgraded.reading() as session:
        contents = session.execute(text("SELECT content FROM aids")).scalars().all()
    assert all(content.startswith("{") for content in contents)
