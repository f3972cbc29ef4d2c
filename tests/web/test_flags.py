"""Skipping an item that is faulty or too distressing."""

import pytest

from app.evidence.entries import FlagEntry, is_flag
from app.store.engine import Database
from app.store.rounds import tallies_by_evaluator
from tests.web.page import NewClient, Page, come_in
from tests.web.served_round import ServedRound, make_round, stored_entries


def stored_flags(served_round: ServedRound) -> list[FlagEntry]:
    entries = [row.read_entry() for row in stored_entries(served_round, "flag")]
    return [entry for entry in entries if is_flag(entry)]


def skip_item(page: Page, **fields: str) -> Page:
    """Skip what the page shows."""
    assert 'action="/judge/flag"' in page.text
    hidden = page.form()[1]
    token_and_item = {name: hidden[name] for name in ("form_token", "item", "key")}
    return page.post("/judge/flag", token_and_item | {"kind": "distress"} | fields)


@pytest.mark.parametrize("kind", ["fault", "distress"])
def test_an_item_can_be_skipped(ada: Page, served_round: ServedRound, kind: str) -> None:
    _, fields = ada.form()
    flag = {name: fields[name] for name in ("form_token", "item", "key")} | {"kind": kind}
    page = ada.post("/judge/flag", flag)
    assert page.item == served_round.codes[1]
    assert "1 of 5 done" in page.text
    assert [(entry["item"], entry["reason"]) for entry in stored_flags(served_round)] == [(served_round.codes[0], kind)]
    assert stored_entries(served_round, "judgment") == []
    assert ada.send(verdict="interpretable").status == 422
    assert page.answer_all().step == "done"


def test_a_skipped_item_takes_a_comment_in_any_design(sqlite_database: Database, new_client: NewClient) -> None:
    served_round = make_round(sqlite_database, public={"hypothesis": False})
    with new_client(sqlite_database) as client:
        skip_item(come_in(client, served_round.token), comment=" nothing is marked ")
    assert [entry["comment"] for entry in stored_flags(served_round)] == ["nothing is marked"]


def test_an_item_can_be_skipped_after_its_verdict_too(ada: Page, served_round: ServedRound) -> None:
    rule = ada.send(verdict="interpretable")
    following = skip_item(rule)
    assert (following.step, following.item) == ("verdict", served_round.codes[1])
    assert "1 of 5 done" in following.text
    second = following.send(verdict="interpretable").send(hypothesis="").back()
    assert second.item == served_round.codes[1]
    third = skip_item(second)
    assert third.item == served_round.codes[2]
    assert third.back().item == third.item  # neither comes back
    assert third.go(f"/judge/item/{served_round.codes[1]}").status == 422
    assert {entry["item"] for entry in stored_flags(served_round)} == set(served_round.codes[:2])
    assert len(stored_entries(served_round, "judgment")) == 3
    with served_round.database.reading() as session:
        assert tallies_by_evaluator(session, served_round.round_id)["id-Ada"].judged == 0


def test_an_item_that_was_never_shown_cannot_be_skipped(ada: Page, served_round: ServedRound) -> None:
    """The one after the item that is due may have been fetched early; nobody can have seen those that follow."""
    hidden = ada.form()[1]
    fields = {"form_token": hidden["form_token"], "key": hidden["key"], "kind": "distress"}
    assert ada.post("/judge/flag", fields | {"item": served_round.codes[2]}).status == 422
    assert stored_flags(served_round) == []
    assert ada.post("/judge/flag", fields | {"item": served_round.codes[1]}).status == 200
    assert ada.post("/judge/flag", fields | {"item": served_round.codes[2]}).status == 200


def test_an_item_skipped_twice_is_skipped_once(ada: Page, served_round: ServedRound) -> None:
    skip_item(ada)
    assert skip_item(ada, kind="fault").item == served_round.codes[1]
    assert [entry["reason"] for entry in stored_flags(served_round)] == ["distress"]


def test_an_item_whose_verdict_is_final_cannot_be_skipped(sqlite_database: Database, new_client: NewClient) -> None:
    """Neither after the aids nor in the second phase: that would take back an answer that is locked."""
    served_round = make_round(sqlite_database, items=1, public={"aids": True, "blinding_question": "sort"})
    with new_client(sqlite_database) as client:
        first = come_in(client, served_round.token)
        hidden = {name: first.form()[1][name] for name in ("form_token", "item", "key")} | {"kind": "fault"}
        assert first.post("/judge/flag", hidden | {"kind": "boredom"}).status == 422
        hypothesis_page = first.send(verdict="interpretable")
        shown = hypothesis_page.post("/judge/aids", {name: hidden[name] for name in ("form_token", "item")})
        assert 'action="/judge/flag"' not in shown.text
        assert shown.post("/judge/flag", hidden).status == 422
        phase_two = shown.go("/judge").send(hypothesis="").send()
        assert phase_two.step == "guess"
        assert 'action="/judge/flag"' not in phase_two.text
        assert phase_two.post("/judge/flag", hidden).status == 422
    assert stored_flags(served_round) == []


def test_the_blinding_question_leaves_out_skipped_items(sqlite_database: Database, new_client: NewClient) -> None:
    served_round = make_round(sqlite_database, items=3, public={"blinding_question": "sort"})
    with new_client(sqlite_database) as client:
        page = skip_item(come_in(client, served_round.token).send(verdict="interpretable")).answer_all().send()
        assert page.heading == "Item 1 of 2"
        assert served_round.codes[0] not in (page.item, page.send(guess="A").item)
