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
from tests.web.served_round import ServedRound, make_round

MakeServedRound = Callable[..., tuple[ServedRound, Visitor]]


@pytest.fixture
def make_served_round(sqlite_database: Database, tmp_path: Path) -> Iterator[MakeServedRound]:
    """Make a round with this public design, and a visitor of its pages who follows redirects."""
    with ExitStack() as stack:

        def made_round(*, at_once: bool = True, **public: Any) -> tuple[ServedRound, Visitor]:
            served_round = make_round(sqlite_database, items=3, public=public)
            transport = InProcessTransport(create_app(Settings(data=tmp_path), sqlite_database))
            client = httpx2.Client(transport=transport, base_url="http://in.process", follow_redirects=True)
            return served_round, Visitor(stack.enter_context(client), at_once=at_once)

        yield made_round
