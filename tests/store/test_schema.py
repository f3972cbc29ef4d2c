"""The schema comes from the migrations, and says what the tables say."""

import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory

from app.store.engine import Database
from app.store.schema import alembic_config, migrate, schema_differences
from tests.conftest import KINDS, administer, database_url

MIGRATE_WHEN_TOLD = """
import sys
from app.store.engine import Database
from app.store.schema import migrate
print("ready", flush=True)
sys.stdin.readline()
migrate(sys.argv[1])
Database(sys.argv[1]).engine.connect().close()
"""


def test_the_migrations_make_what_the_tables_declare(database: Database) -> None:
    assert schema_differences(database.engine) == []


def test_there_is_one_newest_migration(sqlite_url: str) -> None:
    assert len(ScriptDirectory.from_config(alembic_config(sqlite_url)).get_heads()) == 1


def test_a_downgrade_that_would_lose_judgments_is_refused(sqlite_url: str) -> None:
    with pytest.raises(RuntimeError, match="restore a backup"):
        command.downgrade(alembic_config(sqlite_url), "base")


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database without any schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new.db'}"
    server_url, name = request.getfixturevalue("postgres_url"), f"test_{uuid.uuid4().hex}"
    administer(server_url, f"CREATE DATABASE {name}")
    return database_url(server_url, name)


def test_processes_that_open_a_new_database_at_once_make_it_once(empty_url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE_WHEN_TOLD, empty_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    ends = [process.communicate(timeout=60) for process in processes]
    assert [errors for _, errors in ends] == ["", "", ""]
    with closing(Database(empty_url)) as database:
        assert schema_differences(database.engine) == []


def test_threads_that_make_databases_at_once_do_not_get_into_each_other_s_way(tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path / str(number)}.db" for number in range(3)]
    with ThreadPoolExecutor(len(urls)) as threads:
        list(threads.map(migrate, [*urls, *urls]))
    for url in urls:
        with closing(Database(url)) as database:
            assert schema_differences(database.engine) == []


def test_a_migration_that_is_cut_off_leaves_nothing_of_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"

    def cut_off(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", cut_off)
        migrate(url)
    migrate(url)
    with closing(Database(url)) as database:
        assert schema_differences(database.engine) == []
