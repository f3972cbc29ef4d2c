"""A file that is written atomically is the old one or the new one, never a part."""

import os
from pathlib import Path

import pytest

from app.foundation.errors import StorageError
from app.foundation.files import write_atomically, write_bytes_atomically, write_text_atomically
from app.foundation.private import OWNER_ONLY, read_private_file, remove_private_file, write_private_file


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "result.txt"
    write_text_atomically(path, "old")

    def write_half(unfinished: Path) -> None:
        unfinished.write_text("ne")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_atomically(path, write_half)
    assert path.read_text() == "old"


def test_a_write_replaces_the_old_file_and_leaves_no_other(tmp_path: Path) -> None:
    path = tmp_path / "result.txt"
    write_text_atomically(path, "old")
    write_bytes_atomically(path, "neu, naïvely".encode())
    assert path.read_text(encoding="utf-8") == "neu, naïvely"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_and_leads_to_the_new_content(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    write_text_atomically(target, "old")
    link.symlink_to(target)
    write_text_atomically(link, "new")
    assert (link.is_symlink(), target.read_text()) == (True, "new")


def test_a_pipe_or_device_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="no plain file"):
        write_text_atomically(pipe, "text")
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_private_file_is_readable_by_its_owner_only_and_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret"
    write_private_file(path, "first")
    assert path.stat().st_mode & 0o777 == OWNER_ONLY
    with pytest.raises(FileExistsError):
        write_private_file(path, "second")
    assert path.read_text() == "first"
    assert list(path.parent.iterdir()) == [path]


def test_a_private_file_that_cannot_be_written_is_a_sentence_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file in place of the folder")
    with pytest.raises(
        StorageError, match=r"keys/secret cannot be written \(.*\)\. Let this program write to the folder"
    ):
        write_private_file(tmp_path / "keys" / "secret", "text")


def test_a_private_file_that_cannot_be_read_or_deleted_is_a_sentence_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file in place of the folder")
    for path in (tmp_path, tmp_path / "keys" / "secret"):
        with pytest.raises(StorageError, match=f"{path} cannot be read .* It has to be a file"):
            read_private_file(path)
        with pytest.raises(StorageError, match=f"{path} cannot be deleted .* Let this program write to the folder"):
            remove_private_file(path)
    remove_private_file(tmp_path / "nothing")
