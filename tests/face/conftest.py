"""A folder with text and with two small archives, in which examples run."""

import shutil
from pathlib import Path

import pytest

from app.archive.archive import Archive
from tests.face.pages import ROOT


@pytest.fixture
def notebook_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which Python runs, with some text."""
    (tmp_path / "texts").mkdir()
    for path in sorted((ROOT / "app" / "services").glob("[a-e]*.py")):
        shutil.copy(path, tmp_path / "texts")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def migrated_data(sqlite_template: Path, tmp_path: Path) -> Path:
    """A data folder with an empty database of the newest schema, which takes longest to make."""
    (tmp_path / "data").mkdir()
    shutil.copyfile(sqlite_template, tmp_path / "data" / "firstglance.db")
    return tmp_path / "data"


@pytest.fixture
def small_pair(notebook_folder: Path, plum_archive: Archive, fig_archive: Archive) -> dict[str, Archive]:
    """Two archives made by hand, where the manual's harvests leave theirs."""
    archives = {"gelu": plum_archive, "solu": fig_archive}
    for name, archive in archives.items():
        shutil.copytree(archive.path, notebook_folder / "archives" / name)
    return archives
