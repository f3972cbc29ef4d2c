"""Every admin route against every role that is not an admin: generated from the route table, so none is forgotten."""

import pytest

from app.foundation.settings import Settings
from app.services.rounds import round_progress
from app.web.app import create_app
from tests.admin.admin_site import AdminSite, Browser, route_table
from tests.admin.snapshots import Snapshots

OPEN = {("GET", "/admin/sign-in"), ("POST", "/admin/sign-in")}
ADMIN_ROUTES = [
    (method, path)
    for method, path in route_table(create_app(Settings(database_url="sqlite://")))
    if path.startswith("/admin") and (method, path) not in OPEN
]


def test_the_tested_routes_include_unblinding_and_the_export() -> None:
    assert len(ADMIN_ROUTES) >= 18
    assert ("POST", "/admin/rounds/{round_id}/unblind") in ADMIN_ROUTES
    assert ("GET", "/admin/rounds/{round_id}/export.zip") in ADMIN_ROUTES


def filled_in(path: str, round_id: str) -> str:
    return path.replace("{round_id}", round_id).replace("{evaluator_id}", "abcdefghjk").replace("{item}", "abcdefghjk")


@pytest.mark.parametrize("role", ["anonymous", "evaluator"])
def test_every_admin_route_refuses_everyone_but_admins(
    collecting: str, snapshots: Snapshots, stranger: Browser, role: str, admin_site: AdminSite
) -> None:
    if role == "evaluator":
        stranger.post(f"/i/{snapshots.token}", {})
        stranger.client.cookies.set("fg_admin", stranger.client.cookies["fg_evaluator"])
    for method, path in ADMIN_ROUTES:
        response = stranger.client.request(method, filled_in(path, collecting), follow_redirects=False)
        if method in ("GET", "HEAD"):
            assert (response.status_code, response.headers["location"][:14]) == (303, "/admin/sign-in"), path
        else:
            assert response.status_code == 403, path
        assert collecting not in response.text
    with admin_site.database.reading() as session:
        assert round_progress(session, collecting).state == "collecting"


def test_every_write_refuses_a_form_without_its_token(collecting: str, dag: Browser) -> None:
    for method, path in ADMIN_ROUTES:
        if method != "POST":
            continue
        for fields in ({}, {"form_token": "0" * 32}):
            response = dag.client.post(filled_in(path, collecting), data=fields, follow_redirects=False)
            assert response.status_code == 403, path


def test_every_write_refuses_a_form_from_another_site(collecting: str, dag: Browser) -> None:
    dag.get(f"/admin/rounds/{collecting}")
    token = dag.page.require_form("lock").fields["form_token"]
    for method, path in ADMIN_ROUTES:
        if method == "POST":
            headers = {"origin": "https://elsewhere.example"}
            answer = dag.client.post(filled_in(path, collecting), data={"form_token": token}, headers=headers)
            assert answer.status_code == 403, path


def test_an_unknown_round_is_not_found(dag: Browser) -> None:
    for path in ("", "/report", "/unblind", "/export.zip", "/observations.csv", "/analysis.json"):
        assert dag.get(f"/admin/rounds/nowhere{path}").status_code == 404
        assert "no such round" in dag.text
