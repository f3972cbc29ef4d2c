from pathlib import Path

import pytest

from app.harvest.archive import Archive
from app.rounds.design import Cell, Design
from app.rounds.presets import preset
from tests.rounds.making import make_archive


@pytest.fixture(scope="session")
def plum_archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return make_archive(tmp_path_factory.mktemp("archives") / "plum", seed=1)


@pytest.fixture(scope="session")
def fig_archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return make_archive(tmp_path_factory.mktemp("archives") / "fig", seed=2, dead=6)


@pytest.fixture
def archives(plum_archive: Archive, fig_archive: Archive) -> dict[str, Archive]:
    return {one.sha256: one for one in (plum_archive, fig_archive)}


@pytest.fixture
def paths(archives: dict[str, Archive]) -> dict[str, Path]:
    return {digest: one.path for digest, one in archives.items()}


@pytest.fixture
def design(plum_archive: Archive, fig_archive: Archive) -> Design:
    """Two arms with canary names, ten neurons each."""
    cells = [
        Cell(arm="quokka", archive_sha256=plum_archive.sha256),
        Cell(arm="axolotl", archive_sha256=fig_archive.sha256),
    ]
    return preset("quick", title="A first look", arms=cells, reference="axolotl", neurons=10)
