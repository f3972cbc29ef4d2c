"""Every address of the site with values that no page of it sends: a sentence, the same on both kinds of database."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy import text
from starlette.testclient import TestClient

from app.archive.archive import Archive
from app.foundation.settings import Settings
from app.rounds.design import Design
from app.services import admins
from app.store.engine import Database
from app.store.tables import RoundRow
from app.web.app import create_app
from app.web.security import FORM_TYPE, derive_form_token
from tests.admin.admin_site import store_session
from tests.rounds.small_archives import two_arms
from tests.web.page import come_in
from tests.web.served_round import NOW, TOKEN, make_round

VALUES = {
    "NUL": b"a\0b",
    "no UTF-8": b"\xff\xed\xa0\x80",
    "more than 64 bits": b"9" * 25,
    "negative": b"-1",
    "10 to the 400th": b"1" + b"0" * 400,
    "too many digits to read": b"9" * 5_000,
    "no number": b"nan",
    "infinite": b"-Infinity",
    "small float": b"1e-320",
    "empty": b"",
    "control characters": b"\x1b[31m\r\n\x85",
    "nested": b"[" * 50_000,
    "braces": b"%s{0}{peaks.__class__}{{7*7}}",
}
IN_PATHS = ("NUL", "no UTF-8", "more than 64 bits", "negative", "10 to the 400th", "braces")
"""The values that a part of an address can be."""
IN_QUERIES = ("NUL", "no number", "infinite", "small float", "negative", "more than 64 bits", "10 to the 400th")
IN_FORMS = ("no UTF-8", "too many digits to read", "empty", "control characters", "nested")
IN_SINGLE_FIELDS = ("NUL", "more than 64 bits")
EXAMPLES = {
    "item": "code0",
    "key": "code0.0",
    "verdict": "interpretable",
    "kind": "fault",
    "guess": "baseline",
    "name": "Dag",
    "person": "Dag",
    "layer": "1",
    "reason": "a reason that is long enough",
    "pseudonym": "Bo",
    "language": "de",
}
"""Fields as pages send them: one that nobody can use is refused before any other is read."""
VALUES_OF_PLACE = {"path": IN_PATHS, "query.": IN_QUERIES, "form": IN_FORMS, "form.": IN_SINGLE_FIELDS}
"""The values for each place: a part of the path, a field of the query, every field of a form, or one."""
ON_POSTGRESQL = ("NUL", "no UTF-8", "more than 64 bits", "10 to the 400th")
"""The values that PostgreSQL may take in another way than SQLite."""
IDS = {"round_id": "round1", "item": "code0", "token": TOKEN, "evaluator_id": "id-Ada", "keyholder_id": "1"}


def walked_routes(routes: Sequence[Any], prefix: str = "", own: str = "") -> Iterator[tuple[str, str, APIRoute]]:
    """(method, path, route) of every handler."""
    for route in routes:
        if hasattr(route, "original_router"):
            inner = route.original_router
            yield from walked_routes(inner.routes, prefix + own, inner.prefix)
        elif isinstance(route, APIRoute):
            yield from ((method, prefix + route.path, route) for method in sorted(route.methods or ()))


def field_names(dependant: Dependant, kind: str) -> set[str]:
    """The names of a handler's fields of one kind, those of its dependencies and of its form's model too."""
    names: set[str] = set()
    for field in getattr(dependant, kind):
        model = field.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            names |= {each.alias or name for name, each in model.model_fields.items()}
        else:
            names.add(field.alias)
    return names.union(*(field_names(inner, kind) for inner in dependant.dependencies))


ROUTES = sorted(
    walked_routes(create_app(Settings(database_url="sqlite://")).routes),
    key=lambda route: route[1].endswith("/abandon"),
)
"""Every route; the last ends the round."""


@contextmanager
def site(database: Database, folder: Path, design: Design) -> Iterator[TestClient]:
    """A client that is Ada, who judges, and Dag, an admin."""
    round_of_ada = make_round(database)
    with database.writing() as session:
        row = session.get_one(RoundRow, round_of_ada.round_id)
        row.design = design.canonical
        draft = {"id": "draft1", "state": "draft", "title": "A draft", "created_by": "Dag", "created_at": NOW}
        session.add(RoundRow(design=row.design, public_design=row.public_design, **draft))
    app = create_app(Settings(data=folder), database)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        come_in(client, TOKEN)
        yield client


def send(client: TestClient, database: Database, route: tuple[str, str, APIRoute], value: bytes, where: str) -> Any:
    """Send the value in every field ("form"), in one ("form." or "query." and its name), or in the path.

    All else is as a page of the site would send it.
    """
    method, path, handler = route
    names = field_names(handler.dependant, "body_params")
    queries = field_names(handler.dependant, "query_params")
    ids = IDS | {"round_id": "draft1"} if path.endswith("/seal") or "/keys" in path else IDS
    for name, example in ids.items():
        path = path.replace(f"{{{name}}}", quote(value) if where == "path" else example)
    if "fg_admin" not in client.cookies:  # at first, and after Dag signed out
        client.cookies.set("fg_admin", store_session(database, "Dag"), domain="127.0.0.1")
    if "fg_evaluator" not in client.cookies:
        come_in(client, TOKEN)
    token = client.cookies["fg_admin" if path.startswith("/admin") else "fg_evaluator"]
    fields: dict[str, Any] = {name: value for name in names if where in ("form", f"form.{name}")}
    if where.startswith("form."):
        fields = {name: EXAMPLES[name] for name in names & EXAMPLES.keys()} | fields
    query = urlencode({name: value for name in queries if where == f"query.{name}"})
    body = urlencode(fields | {"form_token": derive_form_token(token)})
    address = f"{path}?{query}" if query else path
    content = None if method == "GET" else body
    headers = {"content-type": FORM_TYPE}
    return client.request(method, address, content=content, headers=headers, follow_redirects=False)


@pytest.fixture
def client(
    database: Database,
    tmp_path: Path,
    plum_archive: Archive,
    fig_archive: Archive,
    password_hash: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[TestClient]:
    monkeypatch.setattr(admins, "_hash_of_nobody", lambda: password_hash)  # a real one takes a third of a second
    with site(database, tmp_path, two_arms(plum_archive, fig_archive, neurons=6)) as client:
        yield client


def places(route: tuple[str, str, APIRoute]) -> list[str]:
    """Where a handler can be sent a value."""
    method, path, handler = route
    queries = sorted(field_names(handler.dependant, "query_params"))
    fields = sorted(field_names(handler.dependant, "body_params") - {"form_token"}) if method == "POST" else []
    in_forms = ["form"] * bool(fields) + [f"form.{name}" for name in fields]
    return ["path"] * ("{" in path) + [f"query.{name}" for name in queries] + in_forms


def test_no_value_in_any_field_query_or_path_makes_a_page_fail(client: TestClient, database: Database) -> None:
    values = VALUES if database.engine.dialect.name == "sqlite" else {name: VALUES[name] for name in ON_POSTGRESQL}
    failures = []
    for route in ROUTES:
        for where in places(route):
            for name, value in values.items():
                if name not in VALUES_OF_PLACE[where.partition(".")[0] + "." * ("." in where)]:
                    continue
                response = send(client, database, route, value, where)
                if response.status_code >= 500 or not (response.is_redirect or response.text):
                    failures.append((*route[:2], where, name, response.status_code))
    assert failures == []


def test_a_body_whose_length_is_not_known_or_too_long_is_refused(client: TestClient) -> None:
    for headers in (
        {"transfer-encoding": "Chunked"},
        {"transfer-encoding": "gzip"},
        {"content-length": "\u00b2"},
        {"content-length": "1" * 5_000},
        {"content-length": "-1"},
    ):
        encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
        encoded[b"content-type"] = FORM_TYPE.encode()
        response = client.request("POST", "/judge/verdict", content=b"", headers=encoded)
        assert (response.status_code, "too long" in response.text) == (413, True), headers


def test_a_form_of_very_many_fields_is_answered_soon(client: TestClient) -> None:
    start = time.monotonic()
    response = client.post("/judge/verdict", content="a&" * 499_999, headers={"content-type": FORM_TYPE})
    assert (response.status_code, "Go back" in response.text) == (400, True)
    assert time.monotonic() - start < 5


def test_stored_content_that_cannot_be_read_gets_a_page_with_a_sentence(client: TestClient, database: Database) -> None:
    client.cookies.set("fg_admin", store_session(database, "Dag"), domain="127.0.0.1")
    changes = [("design", "[" * 500, "/admin/rounds/round1", 422, "cannot be read")]
    changes += [("public_design", "[]", "/judge/instructions", 500, "No saved answer is lost")]
    if database.engine.dialect.name == "sqlite":  # PostgreSQL takes no other JSON into this column
        changes += [("public_design", "[" * 500, "/judge/instructions", 500, "cannot be read")]
    for column, content, address, status, sentence in changes:
        with database.writing() as session:
            session.execute(text(f"UPDATE rounds SET {column} = :content"), {"content": content})
        response = client.get(address)
        assert (response.status_code, sentence in response.text) == (status, True), column
