"""Judging without a script, from invitation to thanks: answers, their keys, and every way to do it wrong."""

import json
from typing import cast

import pytest
from starlette.testclient import TestClient

from app.evidence.chains import first_break
from app.evidence.entries import ChainEntry
from app.rounds.lifecycle import State
from app.store.engine import Database
from app.store.tables import AssignmentRow, RoundRow
from app.web.evaluator.judging_pages import NEXT_PAGE_HEADER
from tests.web.page import NewClient, Page, come_in
from tests.web.served_round import ServedRound, invite, make_round, stored_entries, stored_judgments

VERDICTS = ("interpretable", "not_interpretable", "interpretable", "interpretable", "not_interpretable")


def count(served_round: ServedRound) -> int:
    return len(stored_entries(served_round, "judgment"))


def test_a_round_is_judged_from_invitation_to_thanks(database: Database, new_client: NewClient) -> None:
    served_round = make_round(database)
    with new_client(database) as client:
        page = come_in(client, served_round.token)
        items = []
        for number, verdict in enumerate(VERDICTS):
            assert page.step == "verdict"
            assert page.heading == f"Item {number + 1} of 5"
            items.append(page.item)
            page = page.send(verdict=verdict)
            assert page.step == "hypothesis"
            page = page.send(hypothesis=f"rule {number}", comment="")
        assert page.step == "done"
    assert tuple(items) == served_round.codes
    final = {row.item: row for row in stored_judgments(served_round)}
    assert [final[code].verdict for code in served_round.codes] == list(VERDICTS)
    assert [final[code].hypothesis for code in served_round.codes] == [f"rule {number}" for number in range(5)]


def test_judgments_are_chained_from_the_commitment_on(ada: Page, served_round: ServedRound) -> None:
    ada.send(verdict="interpretable").send(hypothesis="fruit").send(verdict="not_interpretable")
    links = [(row.read_entry(), row.chain) for row in stored_entries(served_round, "judgment")]
    assert len(links) == 3
    assert first_break("c" * 64, links) is None
    changed = [(cast("ChainEntry", {**links[0][0], "verdict": "not_interpretable"}), links[0][1]), *links[1:]]
    assert first_break("c" * 64, changed) == 0


def test_the_link_brings_back_to_the_same_item(ada: Page, served_round: ServedRound, new_client: NewClient) -> None:
    second = ada.send(verdict="interpretable").send(hypothesis="").item
    with new_client(served_round.database) as second_client:
        assert come_in(second_client, served_round.token).item == second


def test_a_reload_shows_the_same_question(ada: Page) -> None:
    hypothesis_page = ada.send(verdict="interpretable")
    again = hypothesis_page.go("/judge")
    assert (again.step, again.item) == ("hypothesis", hypothesis_page.item)


def test_the_same_form_twice_is_one_judgment(ada: Page, served_round: ServedRound) -> None:
    action, fields = ada.form()
    for _ in range(5):
        assert ada.post(action, fields | {"verdict": "interpretable"}).step == "hypothesis"
    assert count(served_round) == 1


def test_another_answer_under_the_same_key_is_refused(ada: Page, served_round: ServedRound) -> None:
    action, fields = ada.form()
    ada.post(action, fields | {"verdict": "interpretable"})
    refused = ada.post(action, fields | {"verdict": "not_interpretable"})
    assert refused.status == 422
    assert "You already answered this item: INTERPRETABLE" in refused.text
    assert [row.verdict for row in stored_judgments(served_round)] == ["interpretable"]


@pytest.mark.parametrize("verdict", ["cannot_judge", "NOT_A_LABEL", "<script>", "", "Interpretable"])
def test_a_verdict_that_is_not_offered_is_refused(ada: Page, served_round: ServedRound, verdict: str) -> None:
    page = ada.send(verdict=verdict)
    assert page.status == 422
    assert "<script>" not in page.text.replace("<script src", "")
    assert count(served_round) == 0


@pytest.mark.parametrize(
    "fields",
    [{"elapsed": "-1"}, {"active": "nan"}, {"elapsed": "inf"}, {"unfolded": "maybe"}, {"arm": "x"}, {"key": "code0.7"}],
)
def test_a_form_with_an_impossible_field_is_refused(
    ada: Page, served_round: ServedRound, fields: dict[str, str]
) -> None:
    page = ada.send(verdict="interpretable", **fields)
    assert page.status == 422
    assert count(served_round) == 0


def test_an_unknown_item_and_one_out_of_turn_are_refused(ada: Page, served_round: ServedRound) -> None:
    assert ada.send(verdict="interpretable", item="elsewhere", key="elsewhere.0").status == 422
    assert ada.send(verdict="interpretable", item="code3", key="code3.0").status == 422
    assert count(served_round) == 0


def test_a_hypothesis_that_is_too_long_is_not_cut(ada: Page, served_round: ServedRound) -> None:
    hypothesis_page = ada.send(verdict="interpretable")
    assert hypothesis_page.send(hypothesis="x" * 10_001).status == 422
    accepted = hypothesis_page.send(hypothesis="ü" * 10_000)
    assert accepted.step == "verdict"
    assert stored_judgments(served_round)[-1].hypothesis == "ü" * 10_000


def test_a_form_without_its_token_is_refused(ada: Page, served_round: ServedRound) -> None:
    assert ada.send(verdict="interpretable", form_token="0" * 32).status == 403
    action, fields = ada.form()
    assert ada.post(action, {"item": fields["item"], "key": fields["key"], "verdict": "interpretable"}).status == 422
    assert count(served_round) == 0


def test_verdicts_alone_go_from_item_to_item(sqlite_database: Database, new_client: NewClient) -> None:
    served_round = make_round(sqlite_database, items=2, public={"hypothesis": False, "cannot_judge": True})
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token).send(verdict="cannot_judge")
        assert page.item == served_round.codes[1]
        assert page.send(verdict="interpretable").step == "done"
    assert [row.verdict for row in stored_judgments(served_round)] == ["cannot_judge", "interpretable"]


@pytest.mark.parametrize("state", ["sealed", "locked", "unblinded", "abandoned"])
def test_a_round_that_is_not_open_takes_no_judgment(ada: Page, served_round: ServedRound, state: State) -> None:
    with served_round.database.writing() as session:
        session.get_one(RoundRow, served_round.round_id).state = state
    refused = ada.send(verdict="interpretable")
    assert refused.status == 409
    assert count(served_round) == 0
    assert ada.go("/judge").step == "closed"
    assert ada.go(f"/judge/item/{served_round.codes[0]}").step == "closed"


def test_no_answer_is_taken_before_consent(stranger: TestClient, served_round: ServedRound) -> None:
    page = Page(stranger).post(f"/i/{served_round.token}", {})
    assert page.step == "consent"
    fields = page.form()[1] | {"item": "code0", "key": "code0.0", "verdict": "interpretable"}
    assert page.post("/judge/verdict", fields).status == 403
    assert page.go("/judge/instructions").step == "consent"
    assert count(served_round) == 0


def test_one_evaluator_cannot_reach_anothers_answers(
    ada: Page, served_round: ServedRound, new_client: NewClient
) -> None:
    ada.send(verdict="interpretable").send(hypothesis="a secret rule")
    invite(served_round, "Bo", "invitation-of-bo-9876543210")
    with new_client(served_round.database) as client:
        bo = come_in(client, "invitation-of-bo-9876543210")
        assert bo.item == served_round.codes[0]
        assert bo.go(f"/judge/item/{served_round.codes[0]}").status == 422
        bo = bo.go("/judge").send(verdict="not_interpretable")
        assert "a secret rule" not in bo.text
    assert {row.evaluator_id: row.verdict for row in stored_entries(served_round, "judgment")} == {
        "id-Ada": "interpretable",
        "id-Bo": "not_interpretable",
    }


def test_times_are_the_servers_and_what_the_page_reports_stays_beside_them(
    ada: Page, served_round: ServedRound
) -> None:
    ada.send(verdict="interpretable", elapsed="30", active="0.001", waited="4", unfolded="true", fixed_width="true")
    row = stored_judgments(served_round)[0]
    assert 0 <= (row.judged_at - row.shown_at).total_seconds() < 25  # the item was sent a moment ago
    assert row.active_seconds == 0.001
    assert (row.unfolded, row.fixed_width) == (True, True)
    content = json.loads(stored_entries(served_round, "judgment")[0].content)
    assert content["reported"] == {"elapsed_seconds": 30, "attentive_seconds": 0.001, "delay_seconds": 4}
    ada.go("/judge").send(hypothesis="").send(verdict="interpretable")
    plain = stored_judgments(served_round)[2]
    assert 0 <= plain.active_seconds < 60
    assert plain.active_seconds == pytest.approx((plain.judged_at - plain.shown_at).total_seconds(), abs=0.01)


def test_no_browser_can_date_a_judgment_before_the_answer_before_it(ada: Page, served_round: ServedRound) -> None:
    second = ada.send(verdict="interpretable").send(hypothesis="")
    second.send(verdict="interpretable", elapsed="604000", active="604000", waited="604000")
    times = [row.judged_at for row in stored_judgments(served_round)]
    assert times == sorted(times)
    last = stored_judgments(served_round)[-1]
    assert times[1] <= last.shown_at <= last.judged_at
    assert last.active_seconds <= (last.judged_at - times[1]).total_seconds() + 0.001


def test_a_page_fetched_ahead_is_not_recorded_as_shown(ada: Page, served_round: ServedRound) -> None:
    page = ada.go(f"/judge/ahead/{ada.item}")
    assert page.item == served_round.codes[1]
    with served_round.database.reading() as session:
        assert session.get_one(AssignmentRow, ("id-Ada", served_round.codes[0])).shown_at is not None
        assert session.get_one(AssignmentRow, ("id-Ada", served_round.codes[1])).shown_at is None


def test_the_script_gets_the_next_page_with_its_answer(ada: Page) -> None:
    action, fields = ada.form()
    swap = {"X-First-Glance-Swap": "1"}
    response = ada.client.post(action, data=fields | {"verdict": "interpretable"}, headers=swap, follow_redirects=False)
    assert response.status_code == 200
    assert 'data-step="hypothesis"' in response.text


def test_the_language_form_on_a_posted_page_leads_to_the_judging_page(ada: Page) -> None:
    action, fields = ada.form()
    page = ada.post(action, fields | {"verdict": "interpretable"}, **{NEXT_PAGE_HEADER: "1"})
    assert page.forms[-1] == ("/language", {"back": "/judge"})
    ahead = ada.go(f"/judge/ahead/{ada.item}")
    assert not ahead.text or ahead.forms[-1] == ("/language", {"back": "/judge"})
