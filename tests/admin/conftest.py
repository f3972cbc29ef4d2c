from collections.abc import Iterator
from pathlib import Path

import pytest

from app.archive.archive import Archive
from app.robots.rule import Rule, judge_by_rule
from app.robots.visitor import Visitor
from app.services.admins import Admin, password_stamp
from app.store.admins import add_admin
from app.store.engine import Database
from app.web.admin.sign_in import signed_session
from tests.admin.office import PASSWORD, Browser, Office, make_draft, office_of, seal_now
from tests.conftest import START
from tests.rounds.small_archives import make_archive


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Archive, Archive]:
    folder = tmp_path_factory.mktemp("pair")
    return make_archive(folder / "plum", seed=1, dead=0), make_archive(folder / "fig", seed=2, dead=0)


@pytest.fixture
def office(sqlite_database: Database, tmp_path: Path, pair: tuple[Archive, Archive], password_hash: str) -> Office:
    """An office in which Dag has an account."""
    with sqlite_database.writing() as session:
        add_admin(session, "Dag", password_hash, START)
    return office_of(sqlite_database, tmp_path / "data", pair)


@pytest.fixture
def stranger(office: Office) -> Iterator[Browser]:
    """A browser without a session."""
    with office.browser() as browser:
        yield browser


@pytest.fixture
def dag(office: Office, password_hash: str) -> Iterator[Browser]:
    """Dag's browser, with a session."""
    with office.browser() as browser:
        admin = Admin("Dag", password_stamp(password_hash))
        browser.client.cookies.set("fg_admin", signed_session(admin, office.settings))
        yield browser


@pytest.fixture
def draft(dag: Browser, office: Office) -> str:
    """A draft that Dag made."""
    return make_draft(dag, office)


@pytest.fixture
def unblinded(office: Office, dag: Browser, draft: str) -> str:
    """A round that Ada judged by a rule, locked and unblinded."""
    key = seal_now(office, draft)[0]
    dag.get(f"/admin/rounds/{draft}")
    dag.send("open")
    dag.send("invite", name="Ada", exposed="true")
    token = dag.text.split("/i/")[1].split("<")[0]
    with office.browser() as browser:
        judge_by_rule(Visitor(browser.client), token, Rule("Ada", 0.8, 1))
    dag.get(f"/admin/rounds/{draft}")
    dag.send("lock", sure="true")
    dag.get(f"/admin/rounds/{draft}/unblind")
    dag.send("unblind", keys=key, reason="Everyone has finished.", password=PASSWORD)
    return draft
