"""The files that a released version left on a disk, restored in a fresh folder: database, archives and exports."""

import json
import lzma
import shutil
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.foundation.settings import Settings
from app.rounds.lifecycle import State
from app.services import rounds
from app.store.engine import Database
from app.store.schema import migrate
from tests.conftest import KINDS, administer, database_url

RELEASED = Path(__file__).parents[1] / "data" / "released"


@dataclass(frozen=True)
class Installation:
    """A server of a released version whose database was migrated to the newest schema."""

    kind: str
    """The kind of its database: sqlite or postgres."""
    database: Database
    settings: Settings
    rounds: dict[str, str]
    """{the state of a round, or what is special about it: its id}."""
    states: dict[str, State]
    """{id of a round: its state before any test touched it}."""
    keys: dict[str, list[list[str]]]
    """{name of a round: [keys of the first person, keys of the second person]}."""
    tokens: dict[str, dict[str, str]]
    """{name of a round: {pseudonym: invitation token}}."""


@pytest.fixture(scope="module", params=KINDS)
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Version 0.1.0 on a database of each kind, in its own folder; the paths of its archives are relative to it."""
    release, folder = RELEASED / "0.1.0", tmp_path_factory.mktemp("installation")
    shutil.copytree(release / "archives", folder / "archives")
    notes = json.loads((release / f"{request.param}.json").read_text("utf-8"))
    restore = _restored_postgres if request.param == "postgres" else _restored_sqlite
    with restore(request, release, folder) as url, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        migrate(url)
        with closing(Database(url)) as database:
            with database.reading() as session:
                states = {summary.id: summary.state for summary in rounds.list_rounds(session)}
            settings = Settings.read(data=folder, database_url=url, port=0)
            yield Installation(
                request.param, database, settings, notes["rounds"], states, notes["keys"], notes["tokens"]
            )


@contextmanager
def _restored_sqlite(_request: pytest.FixtureRequest, release: Path, folder: Path) -> Iterator[str]:
    path = folder / "firstglance.db"
    path.write_bytes(lzma.decompress((release / "firstglance.db.xz").read_bytes()))
    yield f"sqlite:///{path}"


@contextmanager
def _restored_postgres(request: pytest.FixtureRequest, release: Path, _folder: Path) -> Iterator[str]:
    server = request.getfixturevalue("postgres_url")
    name = f"restored_{uuid.uuid4().hex}"
    administer(server, f"CREATE DATABASE {name}")
    administer(database_url(server, name), lzma.decompress((release / "postgres.sql.xz").read_bytes()).decode())
    yield database_url(server, name)
    administer(server, f"DROP DATABASE {name} WITH (FORCE)")
