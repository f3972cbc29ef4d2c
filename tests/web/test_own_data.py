"""What is kept about an evaluator: told, taken along, deleted, and nothing of who declines."""

import json
import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from app.services import log
from app.store.engine import Database
from app.store.tables import EvaluatorRow, JudgmentRow, RoundRow
from tests.web.page import Page, come_in
from tests.web.room import NOW, Room, furnish, invite
from tests.web.test_protocol_in_the_page import kept

Opened = Callable[[Database], TestClient]


def test_declining_keeps_nothing_and_the_link_stays_good(stranger: TestClient, room: Room) -> None:
    page = Page(stranger).post(f"/i/{room.token}", {})
    action, fields = page.forms[1]
    assert action == "/judge/decline"
    gone = page.post(action, fields)
    assert gone.step == "declined"
    assert not stranger.cookies.get("fg_evaluator")
    row = kept(room, EvaluatorRow)[0]
    assert (row.joined_at, row.session_sha256, row.consented_at) == (None, None, None)
    assert gone.go("/judge").status == 403
    assert come_in(stranger, room.token).step == "verdict"


def test_whoever_agreed_cannot_be_told_that_nothing_is_kept(ada: Page, room: Room) -> None:
    judged = ada.send(verdict="interpretable")
    token = ada.form()[1]["form_token"]
    assert judged.post("/judge/decline", {"form_token": token}).step == "hypothesis"
    assert judged.go("/judge/decline").step == "hypothesis"
    assert len(kept(room, JudgmentRow)) == 1
    assert kept(room, EvaluatorRow)[0].session_sha256 is not None


def test_declining_by_address_or_from_elsewhere_changes_nothing(stranger: TestClient, room: Room) -> None:
    page = Page(stranger).post(f"/i/{room.token}", {})
    assert page.go("/judge/decline").step == "consent"
    assert page.post("/judge/decline", {"form_token": "0" * 32}).status == 403
    assert kept(room, EvaluatorRow)[0].joined_at is not None


@pytest.mark.parametrize("locked", [False, True])
def test_a_round_called_off_keeps_its_promise_of_deletion_until_the_lock(ada: Page, room: Room, locked: bool) -> None:
    ada.send(verdict="interpretable")
    token = ada.form()[1]["form_token"]
    with room.database.writing() as session:
        for action in ("opened", "locked", "abandoned") if locked else ("opened", "abandoned"):
            log.append_event(session, room.round_id, "Dag", action, {}, NOW)
        session.get_one(RoundRow, room.round_id).state = "abandoned"
    mine = ada.go("/judge/mine")
    assert ("The round was locked" in mine.text) == locked
    assert ('action="/judge/erase"' in mine.text) != locked
    page = ada.post("/judge/erase", {"form_token": token, "sure": "true"})
    assert page.step == ("error" if locked else "erased")
    assert len(kept(room, JudgmentRow)) == int(locked)
    assert not locked or "The round was locked, so the answers are part of its record." in page.text


def test_what_is_said_to_be_kept_is_in_the_file_and_the_file_has_no_more(ada: Page) -> None:
    ada.send(verdict="interpretable", unfolded="true", fixed_width="true").send(hypothesis="fruit").go("/judge")
    found = json.loads(ada.go("/judge/mine.json").text)
    assert set(found) == {"about", "receipt", "first_shown", "judgments", "flags", "aids_opened", "phase_2"}
    assert set(found["about"]) == {
        "pseudonym", "knew_the_models_before", "last_question_begun", "invited_at", "joined_at", "consented_at",
    }  # fmt: skip
    assert [one["item"] for one in found["first_shown"]] == ["code0", "code1"]
    assert (found["judgments"][0]["unfolded"], found["judgments"][0]["fixed_width"]) == (True, True)
    said = ada.go("/judge/mine").text
    for told in ("pseudonym Ada", "what you write", "first shown", "unfolded", "fixed-width", "looked closer",
                 "came in and agreed", "knew the models before"):  # fmt: skip
        assert told in said


def test_the_page_about_taking_part_says_the_same_of_what_is_kept(stranger: TestClient, room: Room) -> None:
    asked = Page(stranger).post(f"/i/{room.token}", {})
    said = re.search(r"<p>Under the pseudonym.*?</p>", asked.text, re.DOTALL)
    assert said
    assert said[0] in asked.send().go("/judge/mine").text


def test_nothing_about_the_person_is_left_after_the_deletion(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database)
    invite(room, "Eve", "invitation-of-eve-0123456789", exposed=True)
    with browser(sqlite_database) as client:
        page = come_in(client, "invitation-of-eve-0123456789")
        token = page.form()[1]["form_token"]
        page.post("/judge/erase", {"form_token": token, "sure": "true"})
        assert not client.cookies.get("fg_evaluator")
    row = next(one for one in kept(room, EvaluatorRow) if one.id == "id-Eve")
    assert (row.name, row.joined_at, row.consented_at, row.session_sha256) == ("erased id-Eve", None, None, None)
    assert (row.exposed, row.phase) == (False, 1)
