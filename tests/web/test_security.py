"""Nothing foreign gets in, nothing private gets out."""

import pytest
from starlette.testclient import TestClient

from app.foundation.digest import sha256
from app.store.tables import EvaluatorRow, RoundRow
from app.web.security import POLICY, derive_form_token
from tests.web.page import Page
from tests.web.served_round import ServedRound


def test_every_response_carries_the_policy(ada: Page, served_round: ServedRound) -> None:
    style = ada.text.split('rel="stylesheet" href="')[1].split('"')[0]
    for address in ("/judge", "/judge/instructions", f"/i/{served_round.token}", "/nowhere", style):
        headers = ada.go(address).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in POLICY


def test_the_head_of_every_page_is_that_of_the_page(ada: Page, served_round: ServedRound) -> None:
    style = ada.text.split('rel="stylesheet" href="')[1].split('"')[0]
    addresses = (
        "/judge",
        "/judge/mine",
        f"/i/{served_round.token}",
        "/admin/sign-in",
        "/nowhere",
        "/favicon.ico",
        style,
    )
    for address in addresses:
        page, head = (ada.client.request(method, address, follow_redirects=False) for method in ("GET", "HEAD"))
        assert (head.status_code, head.content) == (page.status_code, b"")
        assert set(head.headers) == set(page.headers)
    refused = ada.client.head("/judge/verdict")
    assert (refused.status_code, refused.content) == (405, b"")


def test_a_preview_of_an_invitation_does_not_accept_it(stranger: TestClient, served_round: ServedRound) -> None:
    assert stranger.head(f"/i/{served_round.token}").status_code == 200
    assert not stranger.cookies
    with served_round.database.reading() as session:
        assert session.get_one(EvaluatorRow, "id-Ada").session_sha256 is None


def test_browsers_cache_static_files_and_no_pages(ada: Page) -> None:
    style = ada.text.split('rel="stylesheet" href="')[1].split('"')[0]
    assert ada.go("/judge").headers["cache-control"] == "no-store, no-transform"
    assert "immutable" in ada.go(style).headers["cache-control"]


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://elsewhere.example"}],
)
def test_a_form_from_another_site_is_refused(ada: Page, headers: dict[str, str]) -> None:
    action, fields = ada.form()
    response = ada.client.post(action, data=fields | {"verdict": "interpretable"}, headers=headers)
    assert response.status_code == 403
    assert ada.go("/judge").step == "verdict"


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "same-origin"}, {"origin": "http://127.0.0.1"}, {"origin": "null"}]
)
def test_a_form_of_this_site_is_accepted(ada: Page, headers: dict[str, str]) -> None:
    action, fields = ada.form()
    assert ada.client.post(action, data=fields | {"verdict": "interpretable"}, headers=headers).status_code == 200


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=b; charset=raw_unicode_escape", "text/plain"])
def test_a_form_that_no_page_of_this_site_sends_is_refused(stranger: TestClient, content_type: str) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n\\ud800\r\n--b--\r\n'
    response = stranger.post("/admin/sign-in", content=body, headers={"content-type": content_type})
    assert response.status_code == 415


def test_a_request_that_is_too_large_is_refused(ada: Page) -> None:
    assert ada.client.post("/judge/verdict", content=b"x" * 1_000_001).status_code == 413


def test_scripts_and_other_sites_cannot_use_the_evaluators_cookie(
    stranger: TestClient, served_round: ServedRound
) -> None:
    response = stranger.post(f"/i/{served_round.token}", follow_redirects=False)
    cookie = response.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert served_round.token not in response.headers["location"]


def test_the_database_holds_digests_of_secrets_only(ada: Page, served_round: ServedRound) -> None:
    cookie = ada.client.cookies["fg_evaluator"]
    with served_round.database.reading() as session:
        row = session.get_one(EvaluatorRow, "id-Ada")
        stored = " ".join(str(value) for value in vars(row).values())
    assert row.session_sha256 == sha256(cookie.encode())
    assert cookie not in stored
    assert served_round.token not in stored


def test_form_tokens_belong_to_one_session() -> None:
    assert derive_form_token("one") != derive_form_token("two")
    assert len(derive_form_token("one")) == 32


def test_the_frameworks_own_pages_are_not_served(stranger: TestClient) -> None:
    for address in ("/docs", "/redoc", "/openapi.json"):
        assert stranger.get(address).status_code == 404


def test_names_and_titles_are_escaped(ada: Page, served_round: ServedRound) -> None:
    with served_round.database.writing() as session:
        row = session.get_one(RoundRow, served_round.round_id)
        row.public_design = dict(row.public_design) | {"title": "<img src=x>", "consent": "<script>1</script>"}
        session.get_one(EvaluatorRow, "id-Ada").consented_at = None
    text = ada.go("/judge").text
    assert "&lt;img src=x&gt;" in text
    assert "<script>1" not in text
