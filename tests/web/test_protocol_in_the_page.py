"""Practice, passing over, rests, the last question, one's own data: the protocol as its pages keep it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.store.engine import Database
from app.store.rounds import tallies_by_evaluator
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


def token_of(page: Page) -> str:
    """A form's token, from a page that has no form of its own."""
    forms = page.go("/judge/mine").forms
    return next(fields["form_token"] for _, fields in forms if "form_token" in fields)


def finish(page: Page) -> Page:
    while page.step in ("verdict", "hypothesis"):
        page = page.send(**({"verdict": "interpretable"} if page.step == "verdict" else {"hypothesis": "x"}))
    return page


def test_practice_tells_its_answer_after_the_verdict_only(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database, public={"training": 2, "training_answers": PRACTICE, "hypothesis": False})
    with browser(sqlite_database) as client:
        page = come_in(client, room.token)
        assert page.heading == "Practice 1 of 2"
        assert "the word “apple”. The expected answer" not in page.text
        told = page.send(verdict="not_interpretable")
        assert "one rule fits: the word “apple”. The expected answer was INTERPRETABLE" in told.text
        second = told.send()
        assert second.heading == "Practice 2 of 2"
        told = second.send(verdict="not_interpretable")
        assert "put together without a rule" in told.text
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


def flagged(page: Page, **fields: str) -> Page:
    """Skip what the page shows."""
    assert 'action="/judge/flag"' in page.text
    hidden = page.form()[1]
    token_and_item = {name: hidden[name] for name in ("form_token", "item", "key")}
    return page.post("/judge/flag", token_and_item | {"kind": "distress"} | fields)


def test_passing_over_takes_a_remark_in_any_design(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database, public={"hypothesis": False})
    with browser(sqlite_database) as client:
        flagged(come_in(client, room.token), comment=" nothing is marked ")
    assert [row.comment for row in kept(room, FlagRow)] == ["nothing is marked"]


def test_an_item_can_be_passed_over_after_its_verdict_too(ada: Page, room: Room) -> None:
    rule = ada.send(verdict="interpretable")
    following = flagged(rule)
    assert (following.step, following.item) == ("verdict", room.codes[1])
    assert "1 of 5 done" in following.text
    second = following.send(verdict="interpretable").send(hypothesis="").back()
    assert second.item == room.codes[1]
    third = flagged(second)
    assert third.item == room.codes[2]
    assert third.back().item == third.item  # neither comes back
    assert third.go(f"/judge/item/{room.codes[1]}").status == 422
    assert {row.item for row in kept(room, FlagRow)} == set(room.codes[:2])
    assert len(kept(room, JudgmentRow)) == 3
    with room.database.reading() as session:
        assert tallies_by_evaluator(session, room.round_id)["id-Ada"].judged == 0


def test_what_was_passed_over_twice_is_passed_over_once(ada: Page, room: Room) -> None:
    flagged(ada)
    assert flagged(ada, kind="fault").item == room.codes[1]
    assert [row.kind for row in kept(room, FlagRow)] == ["distress"]


def test_a_verdict_that_stands_cannot_be_passed_over(sqlite_database: Database, browser: Opened) -> None:
    """Neither after the aids nor in the second phase: that would take back an answer that is locked."""
    room = furnish(sqlite_database, items=1, public={"aids": True, "blinding_question": "sort"})
    with browser(sqlite_database) as client:
        first = come_in(client, room.token)
        hidden = {name: first.form()[1][name] for name in ("form_token", "item", "key")} | {"kind": "fault"}
        assert first.post("/judge/flag", hidden | {"kind": "boredom"}).status == 422
        asked = first.send(verdict="interpretable")
        shown = asked.post("/judge/aids", {name: hidden[name] for name in ("form_token", "item")})
        assert 'action="/judge/flag"' not in shown.text
        assert shown.post("/judge/flag", hidden).status == 422
        phase_two = shown.go("/judge").send(hypothesis="").send()
        assert phase_two.step == "guess"
        assert 'action="/judge/flag"' not in phase_two.text
        assert phase_two.post("/judge/flag", hidden).status == 422
    assert kept(room, FlagRow) == []


def test_what_was_passed_over_is_not_asked_about_later(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database, items=3, public={"blinding_question": "sort"})
    with browser(sqlite_database) as client:
        page = finish(flagged(come_in(client, room.token).send(verdict="interpretable"))).send()
        assert page.heading == "Item 1 of 2"
        assert room.codes[0] not in (page.item, page.send(guess="A").item)


def test_the_daily_cap_sends_home(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database, public={"daily_cap": 2})
    with browser(sqlite_database) as client:
        page = finish(come_in(client, room.token))
        assert page.step == "rest"
        assert "2 items a day" in page.text
        assert "3 items to go" in page.text
        form = {"form_token": token_of(page), "item": room.codes[2], "key": f"{room.codes[2]}.0"}
        refused = page.post("/judge/verdict", form | {"verdict": "interpretable"})
        assert refused.status == 422
        assert "done and saved. Come back tomorrow" in refused.text
        changed = page.go(f"/judge/item/{room.codes[1]}").send(verdict="not_interpretable")
        assert changed.step == "hypothesis"  # what was judged today can be changed today
    assert {row.item for row in kept(room, JudgmentRow)} == set(room.codes[:2])


def test_a_break_is_offered(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database, public={"break_every": 2, "hypothesis": False})
    with browser(sqlite_database) as client:
        page = come_in(client, room.token).send(verdict="interpretable")
        assert "break" not in page.text
        assert "A good moment for a break: 2 are done" in page.send(verdict="interpretable").text


def test_the_reply_to_a_save_says_that_a_break_is_due(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database, public={"break_every": 1})
    with browser(sqlite_database) as client:
        page = come_in(client, room.token)
        for fields in ({"verdict": "interpretable"}, {"hypothesis": "x"}):
            assert 'class="note">A good moment' not in page.text
            action, hidden = page.form()
            page = page.post(action, hidden | fields, **{"X-First-Glance-Swap": "1"})
        assert re.search(r'<div data-rest>\s*<p class="note">A good moment for a break: 1 are done', page.text)


@pytest.mark.parametrize(
    "public", [{"daily_cap": 1}, {"training": 2, "training_answers": PRACTICE}], ids=["the cap", "practice"]
)
def test_nothing_is_fetched_ahead_that_may_not_come_next(
    sqlite_database: Database, browser: Opened, public: dict[str, Any]
) -> None:
    room = furnish(sqlite_database, public=public)
    with browser(sqlite_database) as client:
        page = come_in(client, room.token)
        assert page.go(f"/judge/ahead/{page.item}").status == 204


def test_after_a_failed_practice_nothing_is_fetched_and_nothing_taken(
    sqlite_database: Database, browser: Opened
) -> None:
    public = {"training": 2, "training_answers": PRACTICE, "training_pass": 2, "hypothesis": False}
    room = furnish(sqlite_database, public=public)
    with browser(sqlite_database) as client:
        page = come_in(client, room.token)
        for _ in range(2):
            assert page.go(f"/judge/ahead/{page.item}").status == 204
            page = page.send(verdict="interpretable").send()
        item = room.codes[2]
        assert page.go(f"/judge/ahead/{item}").status == 204
        form = {"form_token": token_of(page), "item": item, "key": f"{item}.0", "verdict": "interpretable"}
        refused = page.post("/judge/verdict", form)
        assert refused.status == 422
        assert "more expected answers on the practice items" in refused.text
    assert {row.item for row in kept(room, JudgmentRow)} == set(PRACTICE)


def test_nothing_is_fetched_ahead_of_a_rule_that_was_left(ada: Page, room: Room) -> None:
    rule = ada.send(verdict="interpretable").send(hypothesis="").send(verdict="interpretable")
    assert rule.go(f"/judge/ahead/{rule.item}").item == room.codes[2]
    assert rule.go(f"/judge/ahead/{room.codes[0]}").status == 204


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


def test_another_answer_of_the_last_question_is_refused(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database, public={"blinding_question": "sort"})
    with browser(sqlite_database) as client:
        page = finish(come_in(client, room.token)).send()
        assert page.send(guess="A").status == 200
        assert page.send(guess="A").status == 200
        refused = page.send(guess="B")
        assert refused.status == 422
        assert "The first answer counts" in refused.text
    assert [row.guess for row in kept(room, GuessRow)] == ["A"]


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
