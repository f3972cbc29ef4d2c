"""A reading room with a client that has come in, on a database of each kind where the kind could matter."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.foundation.settings import Settings
from app.store.engine import Database
from app.web.app import create_app
from tests.web.page import NewClient, Page, come_in
from tests.web.room import Room, furnish


@pytest.fixture
def room(sqlite_database: Database) -> Room:
    """A round of five items and Ada, who was invited."""
    return furnish(sqlite_database)


@pytest.fixture
def new_client(tmp_path: Path) -> NewClient:
    """Makes clients of the app on a database; each is a browser of its own."""

    def opened(database: Database) -> TestClient:
        app = create_app(Settings(data=tmp_path), database)
        return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)

    return opened


@pytest.fixture
def stranger(room: Room, new_client: NewClient) -> Iterator[TestClient]:
    """A client without a session."""
    with new_client(room.database) as client:
        yield client


@pytest.fixture
def ada(stranger: TestClient, room: Room) -> Page:
    """Ada's browser: she has come in and agreed, and her first item is before her."""
    return come_in(stranger, room.token)
