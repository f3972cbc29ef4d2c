"""A made-up round, and browsers that visit its pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.foundation.settings import Settings
from app.store.engine import Database
from app.web.app import create_app
from tests.web.page import NewClient, Page, come_in
from tests.web.served_round import ServedRound, make_round


@pytest.fixture
def served_round(sqlite_database: Database) -> ServedRound:
    """A round of five items and Ada, who was invited."""
    return make_round(sqlite_database)


@pytest.fixture
def new_client(tmp_path: Path) -> NewClient:
    """A function that makes a client of the app on a database; each client has its own cookies."""

    def opened(database: Database) -> TestClient:
        app = create_app(Settings(data=tmp_path), database)
        return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)

    return opened


@pytest.fixture
def stranger(served_round: ServedRound, new_client: NewClient) -> Iterator[TestClient]:
    """A client without a session."""
    with new_client(served_round.database) as client:
        yield client


@pytest.fixture
def ada(stranger: TestClient, served_round: ServedRound) -> Page:
    """Ada's browser at her first item, after she came in and agreed."""
    return come_in(stranger, served_round.token)
