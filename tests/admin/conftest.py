"""The admins' pages with Dag's account, and his round at each stage."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from app.archive.archive import Archive
from app.store.admins import add_admin
from app.store.engine import Database
from tests.admin.admin_site import AdminSite, Browser, make_admin_site, store_session
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
        admin_site = admin_site_with_dag(database, folder / "data", pair, password_hash)
        with signed_in(admin_site) as dag:
            return take_snapshots(admin_site, dag, folder)


@pytest.fixture
def admin_site(
    sqlite_database: Database, tmp_path: Path, pair: tuple[Archive, Archive], password_hash: str
) -> AdminSite:
    """The admins' pages, where Dag has an account."""
    return admin_site_with_dag(sqlite_database, tmp_path / "data", pair, password_hash)


@pytest.fixture
def stranger(admin_site: AdminSite) -> Iterator[Browser]:
    """A browser without a session."""
    with admin_site.browser() as browser:
        yield browser


@pytest.fixture
def dag(admin_site: AdminSite) -> Iterator[Browser]:
    """Dag's browser, with a session."""
    with signed_in(admin_site) as browser:
        yield browser


@pytest.fixture
def draft(admin_site: AdminSite, snapshots: Snapshots) -> str:
    """Dag's round as a draft; this fixture and the next ones return the round's id."""
    snapshots.restore("draft", admin_site)
    return snapshots.round_id


@pytest.fixture
def sealed(admin_site: AdminSite, snapshots: Snapshots) -> str:
    """Dag's round, sealed."""
    snapshots.restore("sealed", admin_site)
    return snapshots.round_id


@pytest.fixture
def collecting(admin_site: AdminSite, snapshots: Snapshots) -> str:
    """Dag's round, open; Ada is invited."""
    snapshots.restore("open", admin_site)
    return snapshots.round_id


@pytest.fixture
def unblinded(admin_site: AdminSite, snapshots: Snapshots) -> str:
    """Dag's round, which Ada judged by a rule, locked and unblinded."""
    snapshots.restore("unblinded", admin_site)
    return snapshots.round_id


def admin_site_with_dag(database: Database, data: Path, pair: tuple[Archive, Archive], password_hash: str) -> AdminSite:
    """The admins' pages over a database, with an account for Dag."""
    with database.writing() as session:
        add_admin(session, "Dag", password_hash, START)
    return make_admin_site(database, data, pair)


@contextmanager
def signed_in(admin_site: AdminSite) -> Iterator[Browser]:
    """Dag's browser."""
    with admin_site.browser() as browser:
        browser.client.cookies.set("fg_admin", store_session(admin_site.database, "Dag"))
        yield browser
