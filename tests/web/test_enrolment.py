"""How an evaluator comes in: invitation, consent, and leaving without a trace."""

from starlette.testclient import TestClient

from app.store.engine import Database
from app.store.tables import EvaluatorRow, EventRow
from tests.web.page import NewClient, Page, come_in
from tests.web.served_round import ServedRound, make_round, stored_entries, stored_rows


def test_opening_an_invitation_records_nothing(stranger: TestClient, served_round: ServedRound) -> None:
    page = Page(stranger).go(f"/i/{served_round.token}")
    assert page.status == 200
    assert "set-cookie" not in page.headers
    with served_round.database.reading() as session:
        assert session.get_one(EvaluatorRow, "id-Ada").joined_at is None


def test_an_unknown_token_gets_a_friendly_page(stranger: TestClient) -> None:
    page = Page(stranger).go("/i/not-a-token")
    assert page.status == 404
    assert "Check that you copied all of it" in page.text
    assert Page(stranger).post("/i/not-a-token", {}).status == 404


def test_without_a_session_the_judging_page_asks_for_the_invitation_link(stranger: TestClient) -> None:
    page = Page(stranger).go("/judge")
    assert page.status == 403
    assert "Open your invitation link again" in page.text


def test_a_design_may_bring_its_own_consent(sqlite_database: Database, new_client: NewClient) -> None:
    served_round = make_round(sqlite_database, public={"consent": "First.\n\nSecond.", "contact": "ada@example.org"})
    with new_client(sqlite_database) as client:
        text = Page(client).post(f"/i/{served_round.token}", {}).text
    assert "<p>First.</p>" in text
    assert 'Questions go to <a href="mailto:ada@example.org">ada@example.org</a>.' in text


def test_declining_is_logged_and_nothing_else_is_stored_and_the_link_still_works(
    stranger: TestClient, served_round: ServedRound
) -> None:
    page = Page(stranger).post(f"/i/{served_round.token}", {})
    action, fields = page.forms[1]
    assert action == "/judge/decline"
    declined = page.post(action, fields)
    assert declined.step == "declined"
    assert not stranger.cookies.get("fg_evaluator")
    row = stored_rows(served_round, EvaluatorRow)[0]
    assert (row.joined_at, row.session_sha256, row.consented_at) == (None, None, None)
    assert [event.action for event in stored_rows(served_round, EventRow)] == ["declined"]
    assert declined.go("/judge").status == 403
    assert come_in(stranger, served_round.token).step == "verdict"


def test_an_evaluator_who_agreed_is_never_told_that_nothing_is_stored(ada: Page, served_round: ServedRound) -> None:
    judged = ada.send(verdict="interpretable")
    token = ada.form()[1]["form_token"]
    assert judged.post("/judge/decline", {"form_token": token}).step == "hypothesis"
    assert judged.go("/judge/decline").step == "hypothesis"
    assert len(stored_entries(served_round, "judgment")) == 1
    assert stored_rows(served_round, EvaluatorRow)[0].session_sha256 is not None


def test_declining_by_address_or_from_elsewhere_changes_nothing(
    stranger: TestClient, served_round: ServedRound
) -> None:
    page = Page(stranger).post(f"/i/{served_round.token}", {})
    assert page.go("/judge/decline").step == "consent"
    assert page.post("/judge/decline", {"form_token": "0" * 32}).status == 403
    assert stored_rows(served_round, EvaluatorRow)[0].joined_at is not None
