"""The data stored about an evaluator: it can be read, downloaded and deleted."""

import json
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.evidence.event_details import SealedDetail
from app.evidence.signing import SigningKey, is_signed
from app.foundation.errors import NotFoundError
from app.services import log, rounds
from app.services.round_keys import RoundKeys
from app.store.engine import Database
from app.store.tables import EvaluatorRow, EventRow, RoundRow
from tests.web.page import NewClient, Page, come_in
from tests.web.served_round import NOW, ServedRound, invite, make_round, stored_entries, stored_rows


def count_in_files(folder: Path, *texts: bytes) -> int:
    content = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return sum(content.count(text) for text in texts)


@pytest.mark.parametrize("locked", [False, True])
def test_data_of_an_abandoned_round_can_be_deleted_unless_it_was_locked(
    ada: Page, served_round: ServedRound, locked: bool
) -> None:
    ada.send(verdict="interpretable")
    token = ada.form()[1]["form_token"]
    with served_round.database.writing() as session:
        for action in ("opened", "locked", "abandoned") if locked else ("opened", "abandoned"):
            log.append_event(session, served_round.round_id, "Dag", action, {}, NOW)
        session.get_one(RoundRow, served_round.round_id).state = "abandoned"
    mine = ada.go("/judge/mine")
    assert ("The round was locked" in mine.text) == locked
    assert ('action="/judge/erase"' in mine.text) != locked
    page = ada.post("/judge/erase", {"form_token": token, "sure": "true"})
    assert page.step == ("error" if locked else "erased")
    assert len(stored_entries(served_round, "judgment")) == int(locked)
    assert not locked or "The round was locked, so the answers are part of its record." in page.text


def test_the_file_of_own_data_has_what_the_page_says_and_no_more(ada: Page) -> None:
    ada.send(verdict="interpretable", unfolded="true", fixed_width="true").send(hypothesis="fruit").go("/judge")
    data = json.loads(ada.go("/judge/mine.json").text)
    assert set(data) == {
        "about",
        "receipt",
        "receipt_note",
        "first_shown",
        "judgments",
        "flags",
        "aids_opened",
        "phase_2",
    }
    assert set(data["about"]) == {
        "pseudonym", "knew_the_models_before", "last_question_begun", "invited_at", "joined_at", "consented_at",
    }  # fmt: skip
    assert [display["item"] for display in data["first_shown"]] == ["code0", "code1"]
    assert (data["judgments"][0]["unfolded"], data["judgments"][0]["fixed_width"]) == (True, True)
    text = ada.go("/judge/mine").text
    for phrase in ("pseudonym Ada", "what you write", "first shown", "unfolded", "fixed-width", "opened the aids",
                 "came in and agreed", "knew the models before"):  # fmt: skip
        assert phrase in text


def test_the_consent_page_says_the_same_of_what_is_stored(stranger: TestClient, served_round: ServedRound) -> None:
    consent_page = Page(stranger).post(f"/i/{served_round.token}", {})
    text = re.search(r"<p>Under the pseudonym.*?</p>", consent_page.text, re.DOTALL)
    assert text
    assert text[0] in consent_page.send().go("/judge/mine").text


def test_nothing_about_the_person_is_left_after_the_deletion(sqlite_database: Database, new_client: NewClient) -> None:
    served_round = make_round(sqlite_database)
    invite(served_round, "Eve", "invitation-of-eve-0123456789", exposed=True)
    with new_client(sqlite_database) as client:
        page = come_in(client, "invitation-of-eve-0123456789")
        token = page.form()[1]["form_token"]
        page.post("/judge/erase", {"form_token": token, "sure": "true"})
        assert not client.cookies.get("fg_evaluator")
    row = next(evaluator for evaluator in stored_rows(served_round, EvaluatorRow) if evaluator.id == "id-Eve")
    assert (row.name, row.joined_at, row.consented_at, row.session_sha256) == ("erased id-Eve", None, None, None)
    assert (row.exposed, row.phase, row.order_seed, row.block) == (False, 1, "", None)
    assert (row.token_sha256, row.invited_at) == ("forgotten id-Eve", row.erased_at)


def test_the_files_of_a_running_server_have_nothing_of_somebody_who_deleted_their_data(
    ada: Page, tmp_path: Path
) -> None:
    ada.send(verdict="interpretable").send(hypothesis="zebra and quagga")
    token = ada.form()[1]["form_token"]
    assert count_in_files(tmp_path, b"zebra and quagga", b'"evaluator":"Ada"') > 1
    ada.post("/judge/erase", {"form_token": token, "sure": "true"})
    assert count_in_files(tmp_path, b"zebra and quagga", b'"evaluator":"Ada"') == 0


def test_nobody_can_make_a_new_link_for_somebody_who_deleted_their_data(ada: Page, served_round: ServedRound) -> None:
    ada.post("/judge/erase", {"form_token": ada.form()[1]["form_token"], "sure": "true"})
    with served_round.database.writing() as session, pytest.raises(NotFoundError):
        rounds.reissue_invitation(session, served_round.round_id, "id-Ada", "Dag", NOW)


def test_own_data_can_be_downloaded(ada: Page) -> None:
    ada.send(verdict="interpretable").send(hypothesis="fruit & <b>")
    page = ada.go("/judge/mine.json")
    data = json.loads(page.text)
    assert "attachment" in page.headers["content-disposition"]
    assert data["about"]["pseudonym"] == "Ada"
    assert [judgment["hypothesis"] for judgment in data["judgments"]] == ["", "fruit & <b>"]


def test_own_data_can_be_deleted_while_the_round_is_open(ada: Page, served_round: ServedRound) -> None:
    ada.send(verdict="interpretable").send(hypothesis="fruit")
    token = ada.form()[1]["form_token"]
    assert ada.post("/judge/erase", {"form_token": token}).step == "mine"
    assert len(stored_entries(served_round, "judgment")) == 2
    assert ada.post("/judge/erase", {"form_token": token, "sure": "true"}).step == "erased"
    assert stored_entries(served_round, "judgment") == []
    assert ada.go("/judge").status == 403
    assert ada.go(f"/i/{served_round.token}").status == 404
    row = stored_rows(served_round, EvaluatorRow)[0]
    assert row.name == "erased id-Ada"  # ids of real evaluators are random
    assert [(event.action, event.detail) for event in stored_rows(served_round, EventRow)] == [
        ("erased", {"evaluator": "id-Ada"})
    ]


def test_nothing_is_deleted_after_the_lock(ada: Page, served_round: ServedRound) -> None:
    page = ada.send(verdict="interpretable")
    token = ada.form()[1]["form_token"]
    with served_round.database.writing() as session:
        session.get_one(RoundRow, served_round.round_id).state = "locked"
    assert page.post("/judge/erase", {"form_token": token, "sure": "true"}).status == 409
    assert len(stored_entries(served_round, "judgment")) == 1


@pytest.mark.parametrize("key_is_stored", [True, False])
def test_the_page_says_that_receipts_are_unsigned_if_the_key_of_the_round_is_lost(
    ada: Page, served_round: ServedRound, tmp_path: Path, key_is_stored: bool
) -> None:
    round_keys = RoundKeys.in_data_folder(tmp_path)
    signing_key = round_keys.made_or_read(served_round.round_id) if key_is_stored else SigningKey.new()
    sealed = SealedDetail(
        commitment="c0" * 32,
        design_sha256="d0" * 32,
        sealed_sha256="e0" * 32,
        items=2,
        keys=2,
        two_person=False,
        audit=None,
        receipt_key=signing_key.public_key,
    )
    with served_round.database.writing() as session:
        log.append_event(session, served_round.round_id, "Dag", "sealed", sealed.model_dump(), NOW)
    receipt = json.loads(ada.go("/judge/mine.json").text)["receipt"]
    assert is_signed(receipt, signing_key.public_key) == key_is_stored
    assert ("is not signed" in ada.go("/judge/mine").text) != key_is_stored
