"""A real server and a real Chromium. Where no browser can be had the tests are skipped; under CI that is a failure."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Error, Playwright, expect, sync_playwright

from app.foundation.settings import Settings
from app.store.engine import Database
from app.web.app import create_app
from tests.browser.acting import LISTEN
from tests.conftest import cannot_be_had
from tests.web.room import Room, furnish

FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
"""Both themes: the reader's own is followed."""
PATIENCE = 60_000
"""Milliseconds: a machine may be very slow, and a failed save waits up to 15 s before it is sent again."""
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder needs a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, started once."""
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Chromium or Chrome of this machine, else Playwright's own."""
    installed = next((path for name in NAMES if (path := shutil.which(name))), None)
    try:
        found = playwright.chromium.launch(executable_path=installed, args=FLAGS)
    except Error:
        cannot_be_had("a browser")
    yield found
    found.close()


class Site:
    """The app served over a real socket; it can be stopped and started again on the same port."""

    def __init__(self, database: Database, data: Path) -> None:
        self.app = create_app(Settings(data=data), database)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Serve until stopped."""
        config = uvicorn.Config(self.app, port=self.port, log_level="error", access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop serving; open connections are dropped."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()


@pytest.fixture
def room(request: pytest.FixtureRequest, sqlite_database: Database) -> Room:
    """A round of five items, hostile ones among them; a test can give its public design as a parameter."""
    return furnish(sqlite_database, public=getattr(request, "param", None))


@pytest.fixture
def site(room: Room, tmp_path: Path) -> Iterator[Site]:
    """The reading room on a port of its own."""
    found = Site(room.database, tmp_path)
    yield found
    found.stop()


@contextmanager
def profile(chromium: Browser, site: Site, **options: Any) -> Iterator[BrowserContext]:
    """A fresh browser profile at the site, with Playwright's options."""
    found = chromium.new_context(base_url=site.address, **options)
    found.set_default_timeout(PATIENCE)
    found.add_init_script(LISTEN)
    yield found
    found.close()


@pytest.fixture
def context(chromium: Browser, site: Site) -> Iterator[BrowserContext]:
    """A fresh browser profile on a screen of ordinary size."""
    with profile(chromium, site, viewport={"width": 1280, "height": 800}) as found:
        yield found
