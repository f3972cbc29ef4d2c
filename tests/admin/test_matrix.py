"""Every admin route against every role that is not an admin: generated from the route table, so none is forgotten."""

import pytest

from app.foundation.settings import Settings
from app.services.rounds import invite_evaluator, open_round
from app.web.app import create_app
from tests.admin.office import Browser, Office, make_draft, route_table, seal_now
from tests.conftest import START

OPEN = {("GET", "/admin/sign-in"), ("POST", "/admin/sign-in")}
ADMIN_ROUTES = [
    (method, path)
    for method, path in route_table(create_app(Settings(database_url="sqlite://")))
    if path.startswith("/admin") and (method, path) not in OPEN
]


def test_the_table_has_the_routes_that_matter() -> None:
    assert len(ADMIN_ROUTES) >= 18
    assert ("POST", "/admin/rounds/{round_id}/unblind") in ADMIN_ROUTES
    assert ("GET", "/admin/rounds/{round_id}/export.zip") in ADMIN_ROUTES


@pytest.fixture
def roles(office: Office, dag: Browser) -> tuple[str, str]:
    """A collecting round, and Ada's invitation to it."""
    round_id = make_draft(dag, office)
    seal_now(office, round_id)
    with office.database.writing() as session:
        open_round(session, round_id, "Dag", START)
        token = invite_evaluator(session, round_id, "Ada", False, "Dag", START).token
    return round_id, token


def _filled(path: str, round_id: str) -> str:
    return path.replace("{round_id}", round_id).replace("{evaluator_id}", "abcdefghjk")


@pytest.mark.parametrize("role", ["anonymous", "evaluator"])
def test_every_admin_route_refuses_who_is_not_an_admin(
    roles: tuple[str, str], stranger: Browser, role: str, office: Office
) -> None:
    round_id, token = roles
    if role == "evaluator":
        stranger.post(f"/i/{token}", {})
        stranger.client.cookies.set("fg_admin", stranger.client.cookies["fg_evaluator"])
    for method, path in ADMIN_ROUTES:
        response = stranger.client.request(method, _filled(path, round_id), follow_redirects=False)
        if method in ("GET", "HEAD"):
            assert (response.status_code, response.headers["location"][:14]) == (303, "/admin/sign-in"), path
        else:
            assert response.status_code == 403, path
        assert round_id not in response.text
    with office.database.reading() as session:
        from app.services.rounds import round_progress

        assert round_progress(session, round_id).state == "collecting"


def test_every_write_refuses_a_form_without_its_token(roles: tuple[str, str], dag: Browser) -> None:
    round_id, _ = roles
    for method, path in ADMIN_ROUTES:
        if method != "POST":
            continue
        for fields in ({}, {"form_token": "0" * 32}):
            response = dag.client.post(_filled(path, round_id), data=fields, follow_redirects=False)
            assert response.status_code == 403, path


def test_every_write_refuses_a_form_from_another_site(roles: tuple[str, str], dag: Browser) -> None:
    round_id, _ = roles
    dag.get(f"/admin/rounds/{round_id}")
    token = dag.page.require_form("lock").fields["form_token"]
    for method, path in ADMIN_ROUTES:
        if method == "POST":
            headers = {"origin": "https://elsewhere.example"}
            answer = dag.client.post(_filled(path, round_id), data={"form_token": token}, headers=headers)
            assert answer.status_code == 403, path


def test_an_unknown_round_is_not_found(dag: Browser) -> None:
    for path in ("", "/report", "/unblind", "/export.zip", "/observations.csv", "/analysis.json"):
        assert dag.get(f"/admin/rounds/nowhere{path}").status_code == 404
        assert "no such round" in dag.text
