"""What the program keeps for its owner has modes that nobody else can read, whatever the umask is."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.foundation.private import keep_for_owner, make_private_folder, write_private_bytes, write_private_file


@pytest.fixture(autouse=True)
def _no_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_new_folders_are_for_their_owner_and_older_ones_stay_as_they_are(tmp_path: Path) -> None:
    older = tmp_path / "older"
    older.mkdir(mode=0o775)
    make_private_folder(older / "new" / "newest")
    make_private_folder(older)
    assert [mode(path) for path in (older, older / "new", older / "new" / "newest")] == [0o775, 0o700, 0o700]


def test_a_private_file_and_its_new_folder_are_for_their_owner(tmp_path: Path) -> None:
    write_private_file(tmp_path / "keys" / "key", "secret")
    assert [mode(tmp_path / "keys"), mode(tmp_path / "keys" / "key")] == [0o700, 0o600]


def test_bytes_replace_an_older_file_that_others_could_read(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(b"older")
    assert mode(path) == 0o666
    write_private_bytes(path, b"newer")
    assert (mode(path), path.read_bytes()) == (0o600, b"newer")


def test_an_existing_file_keeps_its_content_when_it_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "database"
    path.write_bytes(b"content")
    keep_for_owner(path)
    assert (mode(path), path.read_bytes()) == (0o600, b"content")
    keep_for_owner(tmp_path)  # no plain file
    assert mode(tmp_path) != 0o600
