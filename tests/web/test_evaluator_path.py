"""The whole path of an evaluator without a script, on a database of each kind; and every way to do it wrong."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.evidence.chains import first_break
from app.evidence.entries import judgment_entry
from app.store.engine import Database
from app.store.tables import AssignmentRow, EvaluatorRow, JudgmentRow
from tests.web.page import Page, come_in
from tests.web.room import Room, furnish, invite

VERDICTS = ("interpretable", "not_interpretable", "interpretable", "interpretable", "not_interpretable")


def rows(room: Room) -> list[JudgmentRow]:
    with room.database.reading() as session:
        return list(session.scalars(select(JudgmentRow).order_by(JudgmentRow.number)))


def count(room: Room) -> int:
    with room.database.reading() as session:
        return session.scalars(select(func.count()).select_from(JudgmentRow)).one()


def test_a_round_is_judged_from_invitation_to_thanks(
    database: Database, browser: Callable[[Database], TestClient]
) -> None:
    room = furnish(database)
    with browser(database) as client:
        page = come_in(client, room.token)
        seen = []
        for number, verdict in enumerate(VERDICTS):
            assert page.step == "verdict"
            assert page.heading == f"Item {number + 1} of 5"
            seen.append(page.item)
            page = page.send(verdict=verdict)
            assert page.step == "hypothesis"
            page = page.send(hypothesis=f"rule {number}", comment="")
        assert page.step == "done"
    assert tuple(seen) == room.codes
    final = {row.item: row for row in rows(room)}
    assert [final[code].verdict for code in room.codes] == list(VERDICTS)
    assert [final[code].hypothesis for code in room.codes] == [f"rule {number}" for number in range(5)]


def test_judgments_are_chained_from_the_commitment_on(ada: Page, room: Room) -> None:
    ada.send(verdict="interpretable").send(hypothesis="fruit").send(verdict="not_interpretable")
    links = [(judgment_entry("Ada", row), row.chain) for row in rows(room)]
    assert len(links) == 3
    assert first_break("c" * 64, links) is None
    changed = [(links[0][0] | {"verdict": "not_interpretable"}, links[0][1]), *links[1:]]
    assert first_break("c" * 64, changed) == 0


def test_opening_an_invitation_records_nothing(stranger: TestClient, room: Room) -> None:
    page = Page(stranger).go(f"/i/{room.token}")
    assert page.status == 200
    assert "set-cookie" not in page.headers
    with room.database.reading() as session:
        assert session.get_one(EvaluatorRow, "id-Ada").joined_at is None


def test_an_unknown_token_gets_a_friendly_page(stranger: TestClient) -> None:
    page = Page(stranger).go("/i/not-a-token")
    assert page.status == 404
    assert "Check that you copied all of it" in page.text
    assert Page(stranger).post("/i/not-a-token", {}).status == 404


def test_without_a_session_the_desk_asks_for_the_link(stranger: TestClient) -> None:
    page = Page(stranger).go("/judge")
    assert page.status == 403
    assert "Open your invitation link again" in page.text


def test_the_link_brings_back_to_the_same_item(
    ada: Page, room: Room, browser: Callable[[Database], TestClient]
) -> None:
    second = ada.send(verdict="interpretable").send(hypothesis="").item
    with browser(room.database) as other:
        assert come_in(other, room.token).item == second


def test_a_reload_shows_the_same_question(ada: Page) -> None:
    asked = ada.send(verdict="interpretable")
    again = asked.go("/judge")
    assert (again.step, again.item) == ("hypothesis", asked.item)


def test_the_same_form_twice_is_one_judgment(ada: Page, room: Room) -> None:
    action, fields = ada.form()
    for _ in range(5):
        assert ada.post(action, fields | {"verdict": "interpretable"}).step == "hypothesis"
    assert count(room) == 1


def test_another_answer_under_the_same_key_is_refused(ada: Page, room: Room) -> None:
    action, fields = ada.form()
    ada.post(action, fields | {"verdict": "interpretable"})
    refused = ada.post(action, fields | {"verdict": "not_interpretable"})
    assert refused.status == 422
    assert "You already answered this item: INTERPRETABLE" in refused.text
    assert [row.verdict for row in rows(room)] == ["interpretable"]


@pytest.mark.parametrize("verdict", ["cannot_judge", "NOT_A_LABEL", "<script>", "", "Interpretable"])
def test_a_verdict_outside_the_scale_is_refused(ada: Page, room: Room, verdict: str) -> None:
    page = ada.send(verdict=verdict)
    assert page.status == 422
    assert "<script>" not in page.text.replace("<script src", "")
    assert count(room) == 0


@pytest.mark.parametrize(
    "fields",
    [{"elapsed": "-1"}, {"active": "nan"}, {"elapsed": "inf"}, {"unfolded": "maybe"}, {"arm": "x"}, {"key": "code0.7"}],
)
def test_a_form_with_nonsense_in_it_is_refused(ada: Page, room: Room, fields: dict[str, str]) -> None:
    page = ada.send(verdict="interpretable", **fields)
    assert page.status == 422
    assert count(room) == 0


def test_an_item_of_nobody_or_out_of_turn_is_refused(ada: Page, room: Room) -> None:
    assert ada.send(verdict="interpretable", item="elsewhere", key="elsewhere.0").status == 422
    assert ada.send(verdict="interpretable", item="code3", key="code3.0").status == 422
    assert count(room) == 0


def test_a_hypothesis_that_is_too_long_is_not_cut(ada: Page, room: Room) -> None:
    asked = ada.send(verdict="interpretable")
    assert asked.send(hypothesis="x" * 10_001).status == 422
    kept = asked.send(hypothesis="ü" * 10_000)
    assert kept.step == "verdict"
    assert rows(room)[-1].hypothesis == "ü" * 10_000


def test_a_form_without_its_token_is_refused(ada: Page, room: Room) -> None:
    assert ada.send(verdict="interpretable", form_token="0" * 32).status == 403
    action, fields = ada.form()
    assert ada.post(action, {"item": fields["item"], "key": fields["key"], "verdict": "interpretable"}).status == 422
    assert count(room) == 0


def test_undo_reaches_the_last_answer_and_keeps_its_history(ada: Page, room: Room) -> None:
    first = ada.item
    second = ada.send(verdict="interpretable").send(hypothesis="fruit")
    back = second.go(f"/judge/undo?item={second.item}")
    assert back.item == first
    assert "You answered INTERPRETABLE" in back.text
    asked = back.send(verdict="not_interpretable")
    assert "fruit" in asked.text
    assert asked.send(hypothesis="none").item == second.item
    assert [(row.verdict, row.step, row.revision) for row in rows(room)] == [
        ("interpretable", "verdict", 0),
        ("interpretable", "hypothesis", 1),
        ("not_interpretable", "verdict", 2),
        ("not_interpretable", "hypothesis", 3),
    ]


def test_undo_reaches_the_mistake_just_made_before_anything_else(ada: Page, room: Room) -> None:
    asked = ada.send(verdict="interpretable")
    assert asked.step == "hypothesis"
    back = asked.back()
    assert (back.step, back.item) == ("verdict", room.codes[0])
    assert 'data-key-of="u"' not in back.text  # nothing was judged before it
    again = back.send(verdict="not_interpretable")
    assert (again.step, again.item) == ("hypothesis", room.codes[0])
    second = again.send(hypothesis="fruit").send(verdict="interpretable")
    assert second.item == room.codes[1]
    assert second.back().item == room.codes[1]
    assert second.back().back().item == room.codes[0]


def test_a_link_of_a_page_that_was_answered_meanwhile_leads_to_that_answer(ada: Page, room: Room) -> None:
    """A script shows the second step below the first page's links until the server's reply is there."""
    ada.send(verdict="interpretable")
    assert ada.go(f"/judge/undo?item={room.codes[0]}").item == room.codes[0]
    changing = ada.go(f"/judge/item/{room.codes[0]}")
    revision = changing.form()[1]["key"].split(".")[1]
    assert changing.go(f"/judge/undo?item={room.codes[0]}&revision={revision}").step == "hypothesis"
    changing.send(verdict="not_interpretable")
    back = changing.go(f"/judge/undo?item={room.codes[0]}&revision={revision}")
    assert (back.step, back.item) == ("verdict", room.codes[0])


def test_a_rule_that_was_left_for_an_earlier_item_is_asked_for_after_it(ada: Page, room: Room) -> None:
    left = ada.send(verdict="interpretable").send(hypothesis="fruit").send(verdict="interpretable")
    first = left.back().back()
    assert first.item == room.codes[0]
    rule = first.send(verdict="not_interpretable")
    assert (rule.step, rule.item) == ("hypothesis", room.codes[0])
    assert "fruit" in rule.text
    resumed = rule.send(hypothesis="none")
    assert (resumed.step, resumed.item) == ("hypothesis", room.codes[1])
    assert resumed.send(hypothesis="colours").item == room.codes[2]


def test_undo_reaches_ten_answers_and_no_more(
    sqlite_database: Database, browser: Callable[[Database], TestClient]
) -> None:
    room = furnish(sqlite_database, items=12, public={"hypothesis": False})
    with browser(sqlite_database) as client:
        page = come_in(client, room.token)
        for _ in range(11):
            page = page.send(verdict="interpretable")
        reached = []
        while (page := page.back()).item not in reached:
            reached.append(page.item)
        assert reached == list(reversed(room.codes[1:11]))
        assert page.go(f"/judge/item/{room.codes[0]}").status == 422
        assert page.go("/judge/item/elsewhere").status == 404


def test_verdicts_alone_go_from_item_to_item(
    sqlite_database: Database, browser: Callable[[Database], TestClient]
) -> None:
    room = furnish(sqlite_database, items=2, public={"hypothesis": False, "cannot_judge": True})
    with browser(sqlite_database) as client:
        page = come_in(client, room.token).send(verdict="cannot_judge")
        assert page.item == room.codes[1]
        assert page.send(verdict="interpretable").step == "done"
    assert [row.verdict for row in rows(room)] == ["cannot_judge", "interpretable"]


@pytest.mark.parametrize("state", ["sealed", "locked", "unblinded", "abandoned"])
def test_a_round_that_is_not_open_takes_no_judgment(ada: Page, room: Room, state: str) -> None:
    from app.store.tables import RoundRow

    with room.database.writing() as session:
        session.get_one(RoundRow, room.round_id).state = state
    refused = ada.send(verdict="interpretable")
    assert refused.status == 409
    assert count(room) == 0
    assert ada.go("/judge").step == "closed"
    assert ada.go(f"/judge/item/{room.codes[0]}").step == "closed"


def test_no_answer_is_taken_before_consent(stranger: TestClient, room: Room) -> None:
    page = Page(stranger).post(f"/i/{room.token}", {})
    assert page.step == "consent"
    fields = page.form()[1] | {"item": "code0", "key": "code0.0", "verdict": "interpretable"}
    assert page.post("/judge/verdict", fields).status == 403
    assert page.go("/judge/instructions").step == "consent"
    assert count(room) == 0


def test_one_evaluator_cannot_reach_anothers_answers(
    ada: Page, room: Room, browser: Callable[[Database], TestClient]
) -> None:
    ada.send(verdict="interpretable").send(hypothesis="a secret rule")
    invite(room, "Bo", "invitation-of-bo-9876543210")
    with browser(room.database) as client:
        bo = come_in(client, "invitation-of-bo-9876543210")
        assert bo.item == room.codes[0]
        assert bo.go(f"/judge/item/{room.codes[0]}").status == 422
        bo = bo.go("/judge").send(verdict="not_interpretable")
        assert "a secret rule" not in bo.text
    assert {row.evaluator_id: row.verdict for row in rows(room)} == {
        "id-Ada": "interpretable",
        "id-Bo": "not_interpretable",
    }


def test_times_come_from_the_page_and_else_from_the_server(ada: Page, room: Room) -> None:
    ada.send(verdict="interpretable", elapsed="30", active="12.5", waited="4", unfolded="true", fixed_width="true")
    row = rows(room)[0]
    assert (row.judged_at - row.shown_at).total_seconds() == pytest.approx(30)
    assert row.active_seconds == 12.5
    assert (row.unfolded, row.fixed_width) == (True, True)
    ada.go("/judge").send(hypothesis="").send(verdict="interpretable")
    plain = rows(room)[2]
    assert 0 <= plain.active_seconds < 60
    assert plain.active_seconds == pytest.approx((plain.judged_at - plain.shown_at).total_seconds(), abs=0.01)


def test_fetching_ahead_is_not_seeing(ada: Page, room: Room) -> None:
    page = ada.go(f"/judge/ahead/{ada.item}")
    assert page.item == room.codes[1]
    with room.database.reading() as session:
        assert session.get_one(AssignmentRow, ("id-Ada", room.codes[0])).shown_at is not None
        assert session.get_one(AssignmentRow, ("id-Ada", room.codes[1])).shown_at is None


def test_the_script_gets_the_next_page_with_its_answer(ada: Page) -> None:
    action, fields = ada.form()
    swap = {"X-First-Glance-Swap": "1"}
    response = ada.client.post(action, data=fields | {"verdict": "interpretable"}, headers=swap, follow_redirects=False)
    assert response.status_code == 200
    assert 'data-step="hypothesis"' in response.text
