"""The public page for people who take part: read without a session, in both languages, linked where needed."""

from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.foundation.settings import Settings
from app.services import log
from app.services.retention import delete_expired_links
from app.store.engine import Database
from app.store.tables import EvaluatorRow, EventRow
from app.web.app import create_app
from app.web.security import COOKIE_DAYS
from app.web.templating import contact_link
from tests.web.page import Page
from tests.web.served_round import NOW, ServedRound, stored_entries, stored_rows

ADDRESS = "/participants"


def test_the_page_needs_no_session_and_its_language_can_be_chosen(stranger: TestClient) -> None:
    page = Page(stranger).go(ADDRESS)
    assert (page.status, "If you no longer want to take part" in page.text) == (200, True)
    assert "Questions go to the person who invited you." in page.text
    assert "set-cookie" not in stranger.get(ADDRESS).headers
    back = page.post("/language", page.forms[-1][1] | {"language": "de"})
    assert "Wenn Sie nicht mehr teilnehmen möchten" in back.text


def test_invitation_consent_and_item_pages_link_to_the_page(stranger: TestClient, served_round: ServedRound) -> None:
    page = Page(stranger).go(f"/i/{served_round.token}")
    assert f'href="{ADDRESS}"' in page.text
    consent_page = page.post(f"/i/{served_round.token}", {})
    assert consent_page.text.count(f'href="{ADDRESS}"') == 2


def test_the_page_names_the_contact_of_the_settings(sqlite_database: Database, tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path, contact="Ruth <ruth@lab.example>", retention_days=30), sqlite_database)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        text = client.get(ADDRESS).text
    assert 'Questions go to <a href="mailto:ruth@lab.example">Ruth &lt;ruth@lab.example&gt;</a>.' in text
    assert "30 days or more after the lock" in text


@pytest.mark.parametrize(
    ("contact", "html"),
    [
        ("Ruth, room 3", "Ruth, room 3"),
        ("https://lab.example/help", '<a href="https://lab.example/help">https://lab.example/help</a>'),
        ("<b>ruth@lab.example", '<a href="mailto:ruth@lab.example">&lt;b&gt;ruth@lab.example</a>'),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_a_contact_is_a_link_where_it_is_an_address(contact: str, html: str) -> None:
    assert contact_link(contact) == html


def test_consent_and_participants_page_say_the_same_of_what_is_published(
    stranger: TestClient, served_round: ServedRound
) -> None:
    sentence = "may be published under your pseudonym"
    assert sentence in Page(stranger).go(ADDRESS).text
    consent_page = Page(stranger).post(f"/i/{served_round.token}", {})
    assert sentence in consent_page.text
    assert "Back to your items" in consent_page.go(ADDRESS).text


def test_the_page_names_what_browsers_store(stranger: TestClient) -> None:
    text = Page(stranger).go(ADDRESS).text
    for phrase in (f"{COOKIE_DAYS} days at most", "for a year", "each answer until it was sent"):
        assert phrase in text


def test_link_and_session_are_deleted_so_many_days_after_the_lock(ada: Page, served_round: ServedRound) -> None:
    ada.send(verdict="interpretable")
    database = served_round.database
    with database.writing() as session:
        log.append_event(session, served_round.round_id, "Dag", "locked", {}, NOW)
        assert delete_expired_links(session, 30, NOW + timedelta(days=29)) == 0
    assert ada.go("/judge/mine").status == 200
    with database.writing() as session:
        assert delete_expired_links(session, 0, NOW + timedelta(days=99)) == 0
        assert delete_expired_links(session, 30, NOW + timedelta(days=30)) == 1
        assert delete_expired_links(session, 30, NOW + timedelta(days=31)) == 0
    assert ada.go("/judge/mine").status == 403
    assert ada.go(f"/i/{served_round.token}").status == 404
    assert stored_entries(served_round, "judgment")  # the record of the round stays


def test_answers_of_a_round_abandoned_before_its_lock_are_deleted_with_the_link(
    ada: Page, served_round: ServedRound
) -> None:
    ada.send(verdict="interpretable")
    with served_round.database.writing() as session:
        log.append_event(session, served_round.round_id, "Dag", "abandoned", {}, NOW)
        assert delete_expired_links(session, 30, NOW + timedelta(days=30)) == 1
        assert delete_expired_links(session, 30, NOW + timedelta(days=31)) == 0
    assert stored_entries(served_round, "judgment") == []
    assert [row.name for row in stored_rows(served_round, EvaluatorRow)] == ["erased id-Ada"]
    assert [event.action for event in stored_rows(served_round, EventRow)] == ["abandoned", "erased"]
