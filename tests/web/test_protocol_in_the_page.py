"""Practice, passing over, rests, the last question, one's own data: the protocol as its pages keep it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.store.engine import Database
from app.store.tables import EvaluatorRow, EventRow, FlagRow, GuessRow, JudgmentRow, RoundRow
from tests.web.page import Page, come_in
from tests.web.room import Room, furnish, invite

Opened = Callable[[Database], TestClient]
PRACTICE = {
    "code0": {"verdict": "interpretable", "rule": "the word “apple”"},
    "code1": {"verdict": "not_interpretable", "rule": ""},
}


def kept(room: Room, table: type[Any]) -> list[Any]:
    with room.database.reading() as session:
        return list(session.scalars(select(table)))


def finish(page: Page) -> Page:
    while page.step in ("verdict", "hypothesis"):
        page = page.send(**({"verdict": "interpretable"} if page.step == "verdict" else {"hypothesis": "x"}))
    return page


def test_practice_tells_its_answer_after_the_verdict_only(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database, public={"training": 2, "training_answers": PRACTICE, "hypothesis": False})
    with browser(sqlite_database) as client:
        page = come_in(client, room.token)
        assert page.heading == "Practice 1 of 2"
        assert "the word “apple”. Expected" not in page.text
        told = page.send(verdict="not_interpretable")
        assert "one rule fits: the word “apple”. Expected was INTERPRETABLE" in told.text
        second = told.send()
        assert second.heading == "Practice 2 of 2"
        told = second.send(verdict="not_interpretable")
        assert "thrown together without a rule" in told.text
        assert told.send().heading == "Item 1 of 3"


def test_who_fails_the_practice_is_thanked(sqlite_database: Database, browser: Opened) -> None:
    public = {"training": 2, "training_answers": PRACTICE, "training_pass": 2, "hypothesis": False}
    room = furnish(sqlite_database, public=public)
    with browser(sqlite_database) as client:
        page = come_in(client, room.token)
        for _ in range(2):
            page = page.send(verdict="interpretable").send()
        assert page.step == "closed"
        assert "practice items" in page.text


@pytest.mark.parametrize("kind", ["fault", "distress"])
def test_an_item_can_be_passed_over(ada: Page, room: Room, kind: str) -> None:
    _, fields = ada.form()
    flag = {name: fields[name] for name in ("form_token", "item", "key")} | {"kind": kind}
    page = ada.post("/judge/flag", flag)
    assert page.item == room.codes[1]
    assert "1 of 5 done" in page.text
    assert [(row.item, row.kind) for row in kept(room, FlagRow)] == [(room.codes[0], kind)]
    assert kept(room, JudgmentRow) == []
    assert ada.send(verdict="interpretable").status == 422
    assert finish(page).step == "done"


def test_a_judged_item_cannot_be_passed_over(ada: Page, room: Room) -> None:
    _, fields = ada.form()
    flag = {name: fields[name] for name in ("form_token", "item", "key")} | {"kind": "fault"}
    ada.send(verdict="interpretable")
    assert ada.post("/judge/flag", flag).status == 422
    assert ada.post("/judge/flag", flag | {"kind": "boredom"}).status == 422
    assert kept(room, FlagRow) == []


def test_the_daily_cap_sends_home(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database, public={"daily_cap": 2})
    with browser(sqlite_database) as client:
        page = finish(come_in(client, room.token))
        assert page.step == "rest"
        assert "2 items a day" in page.text
        assert "3 items to go" in page.text


def test_a_break_is_offered(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database, public={"break_every": 2, "hypothesis": False})
    with browser(sqlite_database) as client:
        page = come_in(client, room.token).send(verdict="interpretable")
        assert "break" not in page.text
        assert "A good moment for a break: 2 are done" in page.send(verdict="interpretable").text


def test_exposed_evaluators_are_asked_for_arms_in_alphabetical_order(
    sqlite_database: Database, browser: Opened
) -> None:
    room = furnish(sqlite_database, public={"blinding_question": "which_model"})
    invite(room, "Eve", "invitation-of-eve-0123456789", exposed=True)
    with browser(sqlite_database) as client:
        page = finish(come_in(client, "invitation-of-eve-0123456789"))
        assert page.step == "phase"
        assert "zebra" not in page.text
        page = page.send()
        assert page.step == "guess"
        assert page.text.index("aardvark") < page.text.index("zebra") < page.text.index("No idea")
        assert page.go(f"/judge/item/{room.codes[4]}").status == 422
        assert page.send(guess="giraffe").status == 422
        for _ in range(5):
            page = page.send(guess="zebra")
        assert page.step == "done"
        assert "/judge/undo" not in page.text
    assert {(row.item, row.guess) for row in kept(room, GuessRow)} == {(code, "zebra") for code in room.codes}


def test_naive_evaluators_never_meet_an_arm(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database, public={"blinding_question": "which_model"})
    with browser(sqlite_database) as client:
        page = finish(come_in(client, room.token))
        assert page.step == "done"
        for address in ("/judge", "/judge/instructions", "/judge/mine", "/judge/mine.json"):
            text = page.go(address).text
            assert "zebra" not in text
            assert "aardvark" not in text


def test_sorting_into_piles_names_nothing(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database, public={"blinding_question": "sort"})
    with browser(sqlite_database) as client:
        page = finish(come_in(client, room.token)).send()
        assert "Pile A" in page.text
        assert "zebra" not in page.text
        assert page.send(guess="zebra").status == 422
        assert page.send(guess="A").send(guess="unknown").step == "guess"
    assert sorted(row.guess for row in kept(room, GuessRow)) == ["A", "unknown"]


def test_the_phase_begins_only_when_all_is_judged(ada: Page, room: Room) -> None:
    assert ada.post("/judge/phase", {"form_token": ada.form()[1]["form_token"]}).status == 422
    assert [row.phase for row in kept(room, EvaluatorRow)] == [1]


def test_own_data_can_be_taken_along(ada: Page) -> None:
    ada.send(verdict="interpretable").send(hypothesis="fruit & <b>")
    page = ada.go("/judge/mine.json")
    found = json.loads(page.text)
    assert "attachment" in page.headers["content-disposition"]
    assert found["about"]["pseudonym"] == "Ada"
    assert [one["hypothesis"] for one in found["judgments"]] == ["", "fruit & <b>"]


def test_own_data_can_be_deleted_while_the_round_is_open(ada: Page, room: Room) -> None:
    ada.send(verdict="interpretable").send(hypothesis="fruit")
    token = ada.form()[1]["form_token"]
    assert ada.post("/judge/erase", {"form_token": token}).step == "mine"
    assert len(kept(room, JudgmentRow)) == 2
    assert ada.post("/judge/erase", {"form_token": token, "sure": "true"}).step == "erased"
    assert kept(room, JudgmentRow) == []
    assert ada.go("/judge").status == 403
    assert ada.go(f"/i/{room.token}").status == 404
    row = kept(room, EvaluatorRow)[0]
    assert row.name == "erased id-Ada"  # ids of real evaluators are random
    assert [(one.action, one.detail) for one in kept(room, EventRow)] == [("erased", {"evaluator": "id-Ada"})]


def test_nothing_is_deleted_after_the_lock(ada: Page, room: Room) -> None:
    page = ada.send(verdict="interpretable")
    token = ada.form()[1]["form_token"]
    with room.database.writing() as session:
        session.get_one(RoundRow, room.round_id).state = "locked"
    assert page.post("/judge/erase", {"form_token": token, "sure": "true"}).status == 409
    assert len(kept(room, JudgmentRow)) == 1


def test_a_design_may_bring_its_own_consent(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database, public={"consent": "First.\n\nSecond.", "contact": "ada@example.org"})
    with browser(sqlite_database) as client:
        text = Page(client).post(f"/i/{room.token}", {}).text
    assert "<p>First.</p>" in text
    assert "Questions go to ada@example.org." in text
