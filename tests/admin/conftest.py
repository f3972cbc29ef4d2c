"""An office with Dag's account, and a round of his at each stage."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from app.archive.archive import Archive
from app.services.admins import Admin, password_stamp
from app.store.admins import add_admin
from app.store.engine import Database
from app.web.admin.sign_in import signed_session
from tests.admin.office import Browser, Office, office_of
from tests.admin.snapshots import Snapshots, take_snapshots
from tests.conftest import START
from tests.rounds.small_archives import make_archive


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Archive, Archive]:
    folder = tmp_path_factory.mktemp("pair")
    return make_archive(folder / "plum", seed=1, dead=0), make_archive(folder / "fig", seed=2, dead=0)


@pytest.fixture(scope="session")
def snapshots(
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_template: Path,
    pair: tuple[Archive, Archive],
    password_hash: str,
) -> Snapshots:
    """Dag's round, as it was at each stage of its life."""
    folder = tmp_path_factory.mktemp("snapshots")
    shutil.copyfile(sqlite_template, folder / "test.db")
    with closing(Database(f"sqlite:///{folder / 'test.db'}")) as database:
        office = furnished_office(database, folder / "data", pair, password_hash)
        with signed_in(office, password_hash) as dag:
            return take_snapshots(office, dag, folder)


@pytest.fixture
def office(sqlite_database: Database, tmp_path: Path, pair: tuple[Archive, Archive], password_hash: str) -> Office:
    """An office in which Dag has an account."""
    return furnished_office(sqlite_database, tmp_path / "data", pair, password_hash)


@pytest.fixture
def stranger(office: Office) -> Iterator[Browser]:
    """A browser without a session."""
    with office.browser() as browser:
        yield browser


@pytest.fixture
def dag(office: Office, password_hash: str) -> Iterator[Browser]:
    """Dag's browser, with a session."""
    with signed_in(office, password_hash) as browser:
        yield browser


@pytest.fixture
def draft(office: Office, snapshots: Snapshots) -> str:
    """A draft that Dag made; the round's id, as of those below."""
    snapshots.restore("draft", office)
    return snapshots.round_id


@pytest.fixture
def sealed(office: Office, snapshots: Snapshots) -> str:
    """Dag's round, sealed."""
    snapshots.restore("sealed", office)
    return snapshots.round_id


@pytest.fixture
def collecting(office: Office, snapshots: Snapshots) -> str:
    """Dag's round, open; Ada is invited."""
    snapshots.restore("open", office)
    return snapshots.round_id


@pytest.fixture
def unblinded(office: Office, snapshots: Snapshots) -> str:
    """Dag's round, which Ada judged by a rule, locked and unblinded."""
    snapshots.restore("unblinded", office)
    return snapshots.round_id


def furnished_office(database: Database, data: Path, pair: tuple[Archive, Archive], password_hash: str) -> Office:
    """An office over a database in which Dag has an account."""
    with database.writing() as session:
        add_admin(session, "Dag", password_hash, START)
    return office_of(database, data, pair)


@contextmanager
def signed_in(office: Office, password_hash: str) -> Iterator[Browser]:
    """Dag's browser."""
    with office.browser() as browser:
        admin = Admin("Dag", password_stamp(password_hash))
        browser.client.cookies.set("fg_admin", signed_session(admin, office.settings))
        yield browser
