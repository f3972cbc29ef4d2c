"""The archives that the form of a new round offers."""

import shutil
from pathlib import Path

from app.archive.archive import MANIFEST, Archive
from app.services.archives import ARCHIVES_FOLDER, available_archives


def test_an_interrupted_harvest_and_a_broken_copy_are_not_offered(paths: dict[str, Path], tmp_path: Path) -> None:
    digest, path = next(iter(paths.items()))
    folder = tmp_path / ARCHIVES_FOLDER
    for name in ("whole", ".whole.unfinished", "broken"):
        shutil.copytree(path, folder / name)
    (folder / "broken" / MANIFEST).write_text("{}")
    assert [(archive.sha256, archive.name) for archive in available_archives(tmp_path)] == [(digest, "whole")]
    assert Archive.open(folder / ".whole.unfinished").sha256 == digest
