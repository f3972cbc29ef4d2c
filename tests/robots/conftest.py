"""An app's pages, visited in this process."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app.foundation.settings import Settings
from app.robots.in_process import InProcessTransport
from app.robots.visitor import Visitor
from app.store.engine import Database
from app.web.app import create_app
from tests.web.room import Room, furnish

FurnishRoom = Callable[..., tuple[Room, Visitor]]


@pytest.fixture
def furnish_room(sqlite_database: Database, tmp_path: Path) -> Iterator[FurnishRoom]:
    """Make a round with this public design, and a visitor of its pages who follows redirects."""
    with ExitStack() as stack:

        def furnished(*, at_once: bool = True, **public: Any) -> tuple[Room, Visitor]:
            room = furnish(sqlite_database, items=3, public=public)
            transport = InProcessTransport(create_app(Settings(data=tmp_path), sqlite_database))
            client = httpx2.Client(transport=transport, base_url="http://in.process", follow_redirects=True)
            return room, Visitor(stack.enter_context(client), at_once=at_once)

        yield furnished
