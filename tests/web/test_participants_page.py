"""The public page for people who take part: read without a session, in both languages, linked where needed."""

from pathlib import Path

from starlette.testclient import TestClient

from app.foundation.settings import Settings
from app.store.engine import Database
from app.web.app import create_app
from tests.web.page import Page
from tests.web.served_round import ServedRound

ADDRESS = "/participants"


def test_the_page_needs_no_session_and_its_language_can_be_chosen(stranger: TestClient) -> None:
    page = Page(stranger).go(ADDRESS)
    assert (page.status, "If you want to withdraw" in page.text) == (200, True)
    assert "Questions go to the person who invited you." in page.text
    assert "set-cookie" not in stranger.get(ADDRESS).headers
    back = page.post("/language", page.forms[-1][1] | {"language": "de"})
    assert "Wenn Sie zurücktreten möchten" in back.text


def test_invitation_consent_and_item_pages_link_to_the_page(stranger: TestClient, served_round: ServedRound) -> None:
    page = Page(stranger).go(f"/i/{served_round.token}")
    assert f'href="{ADDRESS}"' in page.text
    consent_page = page.post(f"/i/{served_round.token}", {})
    assert consent_page.text.count(f'href="{ADDRESS}"') == 2


def test_the_page_names_the_contact_of_the_settings(sqlite_database: Database, tmp_path: Path) -> None:
    app = create_app(Settings(data=tmp_path, contact="Ruth <ruth@lab.example>"), sqlite_database)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert "Questions go to Ruth &lt;ruth@lab.example&gt;." in client.get(ADDRESS).text
