"""Phase 2: the question about the blinding."""

from app.evidence.entries import GuessEntry, is_guess
from app.store.engine import Database
from app.store.tables import EvaluatorRow
from tests.web.page import NewClient, Page, come_in
from tests.web.served_round import ServedRound, invite, make_round, stored_entries, stored_rows


def stored_guesses(served_round: ServedRound) -> list[GuessEntry]:
    entries = [row.read_entry() for row in stored_entries(served_round, "guess")]
    return [entry for entry in entries if is_guess(entry)]


def test_exposed_evaluators_are_asked_for_arms_in_alphabetical_order(
    sqlite_database: Database, new_client: NewClient
) -> None:
    served_round = make_round(sqlite_database, public={"blinding_question": "which_model"})
    invite(served_round, "Eve", "invitation-of-eve-0123456789", exposed=True)
    with new_client(sqlite_database) as client:
        page = come_in(client, "invitation-of-eve-0123456789").answer_all()
        assert page.step == "phase"
        assert "zebra" not in page.text
        page = page.send()
        assert page.step == "guess"
        assert page.text.index("aardvark") < page.text.index("zebra") < page.text.index("No idea")
        assert page.go(f"/judge/item/{served_round.codes[4]}").status == 422
        assert page.send(guess="giraffe").status == 422
        for _ in range(5):
            page = page.send(guess="zebra")
        assert page.step == "done"
        assert "/judge/undo" not in page.text
    assert {(entry["item"], entry["guess"]) for entry in stored_guesses(served_round)} == {
        (code, "zebra") for code in served_round.codes
    }


def test_naive_evaluators_never_read_the_name_of_an_arm(sqlite_database: Database, new_client: NewClient) -> None:
    served_round = make_round(sqlite_database, public={"blinding_question": "which_model"})
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token).answer_all()
        assert page.step == "done"
        for address in ("/judge", "/judge/instructions", "/judge/mine", "/judge/mine.json"):
            text = page.go(address).text
            assert "zebra" not in text
            assert "aardvark" not in text


def test_sorting_into_piles_names_no_arm(sqlite_database: Database, new_client: NewClient) -> None:
    served_round = make_round(sqlite_database, public={"blinding_question": "sort"})
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token).answer_all().send()
        assert "Pile A" in page.text
        assert "zebra" not in page.text
        assert page.send(guess="zebra").status == 422
        assert page.send(guess="A").send(guess="unknown").step == "guess"
    assert sorted(entry["guess"] for entry in stored_guesses(served_round)) == ["A", "unknown"]


def test_another_answer_to_the_blinding_question_is_refused(sqlite_database: Database, new_client: NewClient) -> None:
    served_round = make_round(sqlite_database, public={"blinding_question": "sort"})
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token).answer_all().send()
        assert page.send(guess="A").status == 200
        assert page.send(guess="A").status == 200
        refused = page.send(guess="B")
        assert refused.status == 422
        assert "The first answer counts" in refused.text
    assert [entry["guess"] for entry in stored_guesses(served_round)] == ["A"]


def test_the_blinding_question_begins_only_when_all_items_are_judged(ada: Page, served_round: ServedRound) -> None:
    assert ada.post("/judge/phase", {"form_token": ada.form()[1]["form_token"]}).status == 422
    assert [row.phase for row in stored_rows(served_round, EvaluatorRow)] == [1]
