"""Aids open after the verdict alone, and lock it; before it nothing of them is on any page."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.store.engine import Database
from app.store.tables import AssignmentRow, EvaluatorRow
from app.web.evaluator.aids_view import WIDTH, histogram_bars, visible_text, zero_x
from tests.web.page import Page, come_in
from tests.web.room import Room, furnish, made_up_aids

AIDS = {"aids": True}
OUT_OF_TURN = "That page was out of date. Nothing was changed"


@pytest.fixture
def aided(sqlite_database: Database) -> Room:
    return furnish(sqlite_database, public=AIDS)


@pytest.fixture
def reader(aided: Room, browser: Callable[[Database], TestClient]) -> Page:
    return come_in(browser(aided.database), aided.token)


def opened(room: Room) -> list[str]:
    with room.database.reading() as session:
        return list(session.scalars(select(AssignmentRow.item).where(AssignmentRow.aids_at.is_not(None))))


def open_aids(page: Page, item: str = "") -> Page:
    _, hidden = page.form()
    return page.post("/judge/aids", {"form_token": hidden["form_token"], "item": item or page.item}).go("/judge")


def test_aids_open_after_the_verdict_and_show_strengths(database: Database, browser: Callable[..., TestClient]) -> None:
    room = furnish(database, public=AIDS)
    with browser(database) as client:
        page = come_in(client, room.token)
        asked = page.send(verdict="interpretable")
        shown = open_aids(asked)
        assert shown.step == "hypothesis"
        assert opened(room) == [page.item]
        marks = re.findall(r'<mark data-level="\d"[^>]*data-strength="(\d+) %" tabindex="0"', shown.text)
        assert len(marks) == asked.text.count("<mark data-level=") - 6  # the scale's own marks tell nothing
        assert "A closer look" in shown.text
        assert shown.send(hypothesis="fruit", comment="").step == "verdict"


def test_the_text_is_the_same_with_its_strengths(reader: Page) -> None:
    asked = reader.send(verdict="interpretable")
    shown = open_aids(asked)
    assert [[text for text, _ in one] for one in shown.read().passage_texts] == [
        [text for text, _ in one] for one in asked.read().passage_texts
    ]


def test_before_the_verdict_they_stay_shut(reader: Page, aided: Room) -> None:
    _, hidden = reader.form()
    refused = reader.post("/judge/aids", {"form_token": hidden["form_token"], "item": reader.item})
    assert refused.status == 422
    assert OUT_OF_TURN in refused.text
    assert opened(aided) == []


def test_no_page_before_the_verdict_holds_anything_of_them(reader: Page) -> None:
    for address in ("/judge", f"/judge/ahead/{reader.item}"):
        text = reader.go(address).text
        assert "data-strength" not in text
        assert "<svg" not in text
        assert "A closer look" not in text


def test_once_open_the_verdict_stands(reader: Page) -> None:
    first = reader.item
    _, hidden = reader.form()
    asked = reader.send(verdict="interpretable")
    shown = open_aids(asked)
    assert shown.go(f"/judge/item/{first}").status == 422
    again = shown.post("/judge/verdict", hidden | {"verdict": "not_interpretable", "key": f"{first}.1"})
    assert again.status == 422
    following = shown.go("/judge").send(hypothesis="", comment="")
    assert following.go(f"/judge/undo?item={following.item}").item == following.item  # nothing that undo could reach


def test_opened_twice_is_opened_once(reader: Page, aided: Room) -> None:
    shown = open_aids(reader.send(verdict="interpretable"))
    with aided.database.reading() as session:
        before = session.scalars(select(AssignmentRow.aids_at)).first()
    assert open_aids(shown).text.count("A closer look") == 1
    with aided.database.reading() as session:
        assert session.scalars(select(AssignmentRow.aids_at)).first() == before


def test_only_the_item_just_judged_can_be_looked_at_closer(reader: Page, aided: Room) -> None:
    second = reader.send(verdict="interpretable").send(hypothesis="", comment="")
    for item in (aided.codes[0], second.item, "nothing"):
        _, hidden = second.form()
        answer = second.post("/judge/aids", {"form_token": hidden["form_token"], "item": item})
        assert answer.status == 422
    assert opened(aided) == []


def test_a_round_without_aids_offers_and_gives_none(ada: Page, room: Room) -> None:
    asked = ada.send(verdict="interpretable")
    assert "Look closer" not in asked.text
    _, hidden = asked.form()
    assert asked.post("/judge/aids", {"form_token": hidden["form_token"], "item": asked.item}).status == 422
    assert opened(room) == []


def test_a_round_of_verdicts_alone_stops_after_each_for_a_closer_look(
    sqlite_database: Database, browser: Callable[[Database], TestClient]
) -> None:
    room = furnish(sqlite_database, public=AIDS | {"hypothesis": False})
    with browser(sqlite_database) as client:
        asked = come_in(client, room.token).send(verdict="interpretable")
        assert asked.step == "hypothesis"
        assert "What is the rule?" not in asked.text
        assert "A closer look" in open_aids(asked).text
        assert asked.send(comment="").step == "verdict"


def test_what_was_opened_is_in_the_evaluator_s_own_data(reader: Page) -> None:
    item = reader.item
    shown = open_aids(reader.send(verdict="interpretable"))
    data = shown.client.get("/judge/mine.json").json()
    assert [one["item"] for one in data["aids_opened"]] == [item]


def test_item_pages_have_one_length_while_the_aids_are_shut(reader: Page, aided: Room) -> None:
    lengths, page = set(), reader
    while page.step != "done":
        lengths.add(len(page.client.get("/judge", headers={"Accept-Encoding": "identity"}).content))
        page = page.send(**({"verdict": "interpretable"} if page.step == "verdict" else {"comment": ""}))
    assert len(lengths) == 1
    with aided.database.reading() as session:
        assert session.scalars(select(EvaluatorRow)).one().phase == 1


def test_the_histogram_reaches_from_end_to_end_and_marks_where_zero_lies() -> None:
    drawn = made_up_aids((), lowest=-25.0, histogram=(1, 0, 10, 5, 0))
    assert zero_x(drawn) == WIDTH / 5
    assert [bar.below_zero for bar in histogram_bars(drawn)] == [True, False, False, False, False]
    assert histogram_bars(drawn)[0].x == 0
    assert histogram_bars(drawn)[-1].x + histogram_bars(drawn)[-1].width == WIDTH
    assert histogram_bars(drawn)[2].y == 0
    assert [one.height == 0 for one in histogram_bars(drawn)] == [False, True, False, False, True]


@pytest.mark.parametrize(
    ("text", "shown"), [(" the", "␣the"), ("\n", "↵"), ("  ", "␣␣"), ("a b ", "a b␣"), ("\tx", "⇥x")]
)
def test_white_space_at_the_ends_of_a_token_is_made_visible(text: str, shown: str) -> None:
    assert visible_text(text) == shown
