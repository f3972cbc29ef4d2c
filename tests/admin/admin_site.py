"""The admins' pages for tests: an app over a data folder with two archives, and browsers that read its forms."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.archive.archive import Archive
from app.foundation.clock import now
from app.foundation.codes import token_digest
from app.foundation.settings import Settings
from app.robots.page import HtmlPage, read_page
from app.services.admin_sessions import LONGEST
from app.services.keyholders import name_and_prove, new_key
from app.services.rounds import EvaluatorProgress, round_progress
from app.store.admin_sessions import AdminSessionRow
from app.store.engine import Database
from app.web.app import create_app
from app.web.leak_audit.audited_seal import seal_with_real_pages
from tests.conftest import PASSWORD as PASSWORD
from tests.conftest import START

BASE = "http://127.0.0.1"


@dataclass(frozen=True)
class AdminSite:
    """The app, its database and its data folder with two archives."""

    app: FastAPI
    database: Database
    settings: Settings
    archives: tuple[Archive, Archive]

    @property
    def database_path(self) -> Path:
        """The file of the SQLite database, beside the data folder."""
        return self.settings.data.parent / "test.db"

    @contextmanager
    def browser(self) -> Iterator["Browser"]:
        """A new browser without a session."""
        with TestClient(self.app, base_url=BASE, follow_redirects=True, raise_server_exceptions=False) as client:
            yield Browser(client)

    def finish_seals(self) -> None:
        """Wait until the seals that the server is making have ended."""
        self.app.state.seal_runner.wait()

    def evaluators(self, round_id: str) -> tuple[EvaluatorProgress, ...]:
        """The evaluators of a round and how far they are."""
        with self.database.reading() as session:
            return round_progress(session, round_id).evaluators


class Browser:
    """Reads pages and sends their forms."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.response: Any = None

    @property
    def page(self) -> HtmlPage:
        return read_page(self.text)

    @property
    def text(self) -> str:
        return str(self.response.text)

    @property
    def path(self) -> str:
        return str(self.response.url.path)

    def get(self, path: str) -> Any:
        self.response = self.client.get(path)
        return self.response

    def post(self, path: str, fields: dict[str, Any]) -> Any:
        self.response = self.client.post(path, data=fields)
        return self.response

    def send(self, step: str, **fields: Any) -> Any:
        """Send the page's form of that step with its hidden fields."""
        form = self.page.require_form(step)
        return self.post(form.action, form.fields | fields)

    def sign_in(self, name: str = "Dag", password: str = PASSWORD) -> Any:
        self.get("/admin/sign-in")
        return self.send("sign-in", name=name, password=password)


def store_session(database: Database, name: str) -> str:
    """Sign an admin in without their password; the session's token, which is the same in every test."""
    token = f"session of {name}"
    row = AdminSessionRow(
        token_sha256=token_digest(token), admin=name, created_at=now(), last_seen_at=now(), expires_at=now() + LONGEST
    )
    with database.writing() as session:
        session.merge(row)
    return token


def make_admin_site(database: Database, data: Path, archives: tuple[Archive, Archive]) -> AdminSite:
    """The admins' pages over a database; the archives are linked into the data folder."""
    (data / "archives").mkdir(parents=True)
    for name, archive in zip(("plum", "fig"), archives, strict=True):
        (data / "archives" / name).mkdir()
        for file in archive.path.iterdir():
            (data / "archives" / name / file.name).hardlink_to(file)
    settings = Settings(data=data)
    return AdminSite(create_app(settings, database), database, settings, archives)


def draft_fields(admin_site: AdminSite, **changes: Any) -> dict[str, Any]:
    """The form of a new round, filled in with canary arms."""
    plum, fig = admin_site.archives
    return {
        "title": "Spring reading",
        "preset": "quick",
        "neurons": "3",
        "evaluators": "2",
        "arm": ["axolotl", "quokka", "", ""],
        "stratum": ["1L/0"] * 4,
        "archive": [plum.sha256, fig.sha256, "", ""],
    } | changes


def make_draft(browser: Browser, admin_site: AdminSite, **changes: Any) -> str:
    """Make a draft through the form; the round's id."""
    browser.get("/admin/rounds/new")
    browser.send("create", **draft_fields(admin_site, **changes))
    return browser.path.rsplit("/", 1)[-1]


def prove_two_keys(admin_site: AdminSite, round_id: str) -> list[str]:
    """Name and prove two new keys of a draft; the two keys."""
    identities = [new_key().identity, new_key().identity]
    with admin_site.database.writing() as session:
        name_and_prove(session, round_id, identities, "Dag", START)
    return identities


def seal_now(admin_site: AdminSite, round_id: str) -> list[str]:
    """Seal without the leak audit, which takes seconds and is tested where it stands; the two keys."""
    identities = prove_two_keys(admin_site, round_id)
    with admin_site.database.writing() as session:
        seal_with_real_pages(session, admin_site.settings, round_id, "Dag", START)
    return identities


def route_table(app: FastAPI) -> list[tuple[str, str]]:
    """(method, path) of every handler, those of routers inside routers too."""
    return sorted(_routes_in(app.routes, "", ""))


def _routes_in(routes: Sequence[Any], outer_prefix: str, own_prefix: str) -> Iterator[tuple[str, str]]:
    """The routes of a router: its own have its prefix already, those of routers in it have not."""
    for route in routes:
        if hasattr(route, "original_router"):
            inner = route.original_router
            yield from _routes_in(inner.routes, outer_prefix + own_prefix, inner.prefix)
        elif isinstance(route, APIRoute):
            yield from ((method, outer_prefix + route.path) for method in route.methods or ())
