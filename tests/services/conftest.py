from pathlib import Path

import pytest

from app.archive.archive import Archive
from app.rounds.design import Design
from app.services.rounds import create_round
from app.store.admins import add_admin
from app.store.engine import Database
from tests.conftest import Clock
from tests.rounds.making import two_arms

ADMIN = "Dag"


@pytest.fixture(scope="session")
def design(plum_archive: Archive, fig_archive: Archive) -> Design:
    return two_arms(plum_archive, fig_archive, neurons=6)


@pytest.fixture
def database_with_admin(database: Database, password_hash: str, clock: Clock) -> Database:
    """A database of each kind in which Dag may create rounds."""
    with database.writing() as session:
        add_admin(session, ADMIN, password_hash, clock())
    return database


@pytest.fixture
def draft(database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock) -> str:
    with database_with_admin.writing() as session:
        return create_round(session, design, paths, ADMIN, clock())
