"""A real server and a real Chromium. Where no browser can be had the tests are skipped; under CI that is a failure.

One server and one browser page serve all tests: a new page loads every static file again and costs more than most
tests. Between tests the server gets another app, and the page loses its cookies, its storage and all that was set.
"""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, expect, sync_playwright
from starlette.types import ASGIApp, Receive, Scope, Send

from app.foundation.settings import Settings
from app.store.engine import Database
from app.web.app import create_app
from app.web.templating import static_url
from tests.browser.evaluator_actions import RECORD_SAVING_STATES
from tests.conftest import skip_or_fail_without
from tests.web.served_round import ServedRound, make_round

FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
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
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Chromium or Chrome of this machine, else Playwright's own."""
    installed = next((path for name in NAMES if (path := shutil.which(name))), None)
    try:
        browser = playwright.chromium.launch(executable_path=installed, args=FLAGS)
    except Error:
        skip_or_fail_without("a browser")
    yield browser
    browser.close()


class Site:
    """A server on one port: it serves the app of the test that runs, and can be stopped and started again."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the app."""
        assert self.app is not None
        await self.app(scope, receive, send)

    def start(self) -> None:
        """Serve until stopped."""
        config = uvicorn.Config(self, port=self.port, log_level="error", access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop serving; open connections are dropped."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()


class Window:
    """A browser profile with a page on a screen of ordinary size, which are cleared instead of made anew."""

    def __init__(self, chromium: Browser, site: Site) -> None:
        self.context = chromium.new_context(base_url=site.address)
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(RECORD_SAVING_STATES)
        self.page = self.context.new_page()

    def leave(self) -> None:
        """Close what a test opened and leave its page, which stops what its scripts still try to send."""
        for page in self.context.pages:
            if page is not self.page:
                page.close()
        if self.page.is_closed():
            self.page = self.context.new_page()
        self.context.set_offline(False)
        self.page.unroute_all(behavior="ignoreErrors")
        self.context.unroute_all(behavior="ignoreErrors")
        self.page.goto("about:blank")

    def clear(self) -> None:
        """Take away what earlier tests left: cookies, storage, and how the page is seen."""
        self.context.clear_cookies()
        self.page.emulate_media(media="null", color_scheme="null", reduced_motion="null", forced_colors="null")
        self.page.set_viewport_size({"width": 1280, "height": 800})
        self.page.mouse.move(0, 0)
        self.page.goto(static_url("favicon.svg"))
        self.page.evaluate("localStorage.clear(); sessionStorage.clear()")


@pytest.fixture
def served_round(request: pytest.FixtureRequest, sqlite_database: Database) -> ServedRound:
    """A round of three items, the last one with hostile passages; a test can give its public design as a parameter."""
    return make_round(sqlite_database, items=3, public=getattr(request, "param", None))


@pytest.fixture(scope="session")
def server() -> Iterator[Site]:
    """The server of all tests."""
    site = Site()
    yield site
    site.stop()


@pytest.fixture(scope="session")
def shared_window(chromium: Browser, server: Site) -> Iterator[Window]:
    """The browser profile of all tests that need none of their own."""
    window = Window(chromium, server)
    yield window
    window.context.close()


@pytest.fixture
def site(server: Site, served_round: ServedRound, tmp_path: Path) -> Site:
    """The server with the app of the test's round."""
    server.app = create_app(Settings(data=tmp_path), served_round.database)
    return server


@pytest.fixture
def window(shared_window: Window, site: Site) -> Iterator[Window]:
    """A browser that was never at the site, on a screen of ordinary size."""
    assert site.app is not None
    shared_window.clear()
    yield shared_window
    shared_window.leave()


@pytest.fixture
def context(window: Window) -> BrowserContext:
    """The browser's profile, for tests with several pages."""
    return window.context


@pytest.fixture
def page(window: Window) -> Page:
    """The browser's page."""
    return window.page


@contextmanager
def new_profile(chromium: Browser, site: Site, **options: Any) -> Iterator[BrowserContext]:
    """A browser profile of its own at the site, for Playwright's options that a profile has for good."""
    context = chromium.new_context(base_url=site.address, **options)
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()
