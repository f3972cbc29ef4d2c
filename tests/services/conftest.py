from pathlib import Path

import pytest

from app.harvest.archive import Archive
from app.rounds.design import Cell, Design
from app.rounds.presets import preset
from app.services.admins import add_admin
from app.services.rounds import create_round
from app.store.engine import Database
from tests.conftest import Clock
from tests.rounds.making import make_archive

ADMIN = "Dag"


@pytest.fixture(scope="session")
def plum_archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return make_archive(tmp_path_factory.mktemp("archives") / "plum", seed=1)


@pytest.fixture(scope="session")
def fig_archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return make_archive(tmp_path_factory.mktemp("archives") / "fig", seed=2, dead=6)


@pytest.fixture
def paths(plum_archive: Archive, fig_archive: Archive) -> dict[str, Path]:
    return {one.sha256: one.path for one in (plum_archive, fig_archive)}


@pytest.fixture
def design(plum_archive: Archive, fig_archive: Archive) -> Design:
    """Two arms with canary names, six neurons each."""
    cells = [
        Cell(arm="quokka", archive_sha256=plum_archive.sha256),
        Cell(arm="axolotl", archive_sha256=fig_archive.sha256),
    ]
    return preset("quick", title="A first look", arms=cells, reference="axolotl", neurons=6)


@pytest.fixture
def database_with_admin(database: Database, clock: Clock) -> Database:
    """A database of each kind in which Dag may create rounds."""
    with database.writing() as session:
        add_admin(session, ADMIN, "a long enough password", clock())
    return database


@pytest.fixture
def draft(database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock) -> str:
    with database_with_admin.writing() as session:
        return create_round(session, design, paths, ADMIN, clock())
