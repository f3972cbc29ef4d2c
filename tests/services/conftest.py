from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.archive.archive import Archive
from app.rounds.comparability import with_harvests
from app.rounds.design import Design
from app.services.rounds import create_round
from app.store.admins import add_admin
from app.store.engine import Database
from tests.conftest import KINDS, Clock, copied_database, fresh_database
from tests.rounds.small_archives import two_arms
from tests.services.stages import ADMIN, lock_draft


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a table of cases run the first on both databases and the others on SQLite; `make prove` runs them all."""
    begun: set[str] = set()
    for item in items:
        function = item.nodeid.partition("[")[0]
        if not function.startswith("tests/services/") or item.get_closest_marker("postgres") is None:
            continue
        if function in begun:
            item.add_marker(pytest.mark.slow)
        begun.add(function)


@dataclass(frozen=True)
class StagedRound:
    """A round in a database of its own."""

    database: Database
    round_id: str
    clock: Clock


@pytest.fixture(scope="session")
def design(plum_archive: Archive, fig_archive: Archive) -> Design:
    archives = {archive.sha256: archive for archive in (plum_archive, fig_archive)}
    return with_harvests(two_arms(plum_archive, fig_archive, neurons=6), archives)


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


@pytest.fixture(scope="session", params=KINDS)
def locked_original(
    request: pytest.FixtureRequest,
    design: Design,
    paths: dict[str, Path],
    password_hash: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[StagedRound]:
    """A locked round in a closed database of each kind, to be copied."""
    clock = Clock()
    with fresh_database(request, tmp_path_factory.mktemp("locked")) as database:
        with database.writing() as session:
            add_admin(session, ADMIN, password_hash, clock())
            round_id = create_round(session, design, paths, ADMIN, clock())
        lock_draft(database, round_id, clock)
        database.close()
        yield StagedRound(database, round_id, clock)


@pytest.fixture
def locked_round(request: pytest.FixtureRequest, locked_original: StagedRound, tmp_path: Path) -> Iterator[StagedRound]:
    """A copy of the locked round, which a test may change: Ada and Bo have judged everything."""
    with copied_database(request, locked_original.database, tmp_path) as database:
        yield StagedRound(database, locked_original.round_id, locked_original.clock)
