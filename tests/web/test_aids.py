"""Aids open after the verdict alone, and lock it; before it nothing of them is on any page."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from app.services.aids_keys import AidsKeys, missing_aids_key_warning
from app.store.engine import Database
from app.store.tables import AidsRow, EvaluatorRow
from app.web.evaluator.aids_view import WIDTH, histogram_bars, with_visible_spaces, zero_x
from tests.web.page import NewClient, Page, come_in
from tests.web.served_round import ServedRound, made_up_aids, make_round, stored_entries

AIDS = {"aids": True}
KEY_IS_LOST = "the server has lost the key to it"
OUT_OF_TURN = "That page was out of date. Nothing was changed"


@pytest.fixture
def aided(sqlite_database: Database) -> ServedRound:
    return make_round(sqlite_database, public=AIDS)


@pytest.fixture
def reader(aided: ServedRound, new_client: NewClient) -> Iterator[Page]:
    with new_client(aided.database) as client:  # a server that starts encrypts the aids
        yield come_in(client, aided.token)


def warning_for_admins(served_round: ServedRound, data: Path) -> str | None:
    with served_round.database.reading() as session:
        return missing_aids_key_warning(session, served_round.round_id, AidsKeys.in_data_folder(data))


def opened(served_round: ServedRound) -> list[str]:
    return [row.item for row in stored_entries(served_round, "aids opened")]


def open_aids(page: Page, item: str = "") -> Page:
    _, hidden = page.form()
    return page.post("/judge/aids", {"form_token": hidden["form_token"], "item": item or page.item}).go("/judge")


def test_aids_open_after_the_verdict_and_show_strengths(database: Database, new_client: NewClient) -> None:
    served_round = make_round(database, public=AIDS)
    with new_client(database) as client:
        page = come_in(client, served_round.token)
        hypothesis_page = page.send(verdict="interpretable")
        shown = open_aids(hypothesis_page)
        assert shown.step == "hypothesis"
        assert opened(served_round) == [page.item]
        marks = re.findall(r'<mark data-level="\d"[^>]*data-strength="(\d+) %" tabindex="0"', shown.text)
        assert len(marks) == hypothesis_page.text.count("<mark data-level=") - 6  # the scale's own marks tell nothing
        assert "A closer look" in shown.text
        assert shown.send(hypothesis="fruit", comment="").step == "verdict"


def test_the_text_is_the_same_with_its_strengths(reader: Page) -> None:
    hypothesis_page = reader.send(verdict="interpretable")
    shown = open_aids(hypothesis_page)
    assert [[text for text, _ in passage] for passage in shown.read().passage_texts] == [
        [text for text, _ in passage] for passage in hypothesis_page.read().passage_texts
    ]


def test_aids_stay_shut_before_the_verdict(reader: Page, aided: ServedRound) -> None:
    _, hidden = reader.form()
    refused = reader.post("/judge/aids", {"form_token": hidden["form_token"], "item": reader.item})
    assert refused.status == 422
    assert OUT_OF_TURN in refused.text
    assert opened(aided) == []


def test_no_page_before_the_verdict_has_anything_of_the_aids(reader: Page) -> None:
    for address in ("/judge", f"/judge/ahead/{reader.item}"):
        text = reader.go(address).text
        assert "data-strength" not in text
        assert "<svg" not in text
        assert "A closer look" not in text


def test_the_verdict_is_final_once_the_aids_are_open(reader: Page) -> None:
    first = reader.item
    _, hidden = reader.form()
    hypothesis_page = reader.send(verdict="interpretable")
    shown = open_aids(hypothesis_page)
    assert shown.go(f"/judge/item/{first}").status == 422
    again = shown.post("/judge/verdict", hidden | {"verdict": "not_interpretable", "key": f"{first}.1"})
    assert again.status == 422
    following = shown.go("/judge").send(hypothesis="", comment="")
    assert following.go(f"/judge/undo?item={following.item}").item == following.item  # nothing that undo could reach


def test_aids_opened_twice_are_opened_once(reader: Page, aided: ServedRound) -> None:
    shown = open_aids(reader.send(verdict="interpretable"))
    before = [row.chain for row in stored_entries(aided, "aids opened")]
    assert len(before) == 1
    assert open_aids(shown).text.count("A closer look") == 1
    assert [row.chain for row in stored_entries(aided, "aids opened")] == before


def test_only_the_item_just_judged_can_be_looked_at_closer(reader: Page, aided: ServedRound) -> None:
    second = reader.send(verdict="interpretable").send(hypothesis="", comment="")
    for item in (aided.codes[0], second.item, "nothing"):
        _, hidden = second.form()
        answer = second.post("/judge/aids", {"form_token": hidden["form_token"], "item": item})
        assert answer.status == 422
    assert opened(aided) == []


def test_aids_of_version_0_1_are_encrypted_when_the_server_starts(
    database: Database, new_client: NewClient, tmp_path: Path
) -> None:
    served_round = make_round(database, public=AIDS)
    with new_client(database), database.reading() as session:
        rows = session.scalars(select(AidsRow)).all()
    assert {row.content[:10] for row in rows} == {"aes256gcm:"}
    assert len({len(row.content) for row in rows}) == 1
    assert {row.item for row in rows} == set(served_round.codes)
    files = [path.read_bytes() for path in tmp_path.iterdir() if path.is_file()]
    assert not any(b"apple" in content and b"promoted" in content for content in files)


def test_a_lost_key_loses_the_aids_and_locks_no_verdict(reader: Page, aided: ServedRound, tmp_path: Path) -> None:
    key_file = tmp_path / "aids_keys" / "round1.key"
    hypothesis_page = reader.send(verdict="interpretable")
    key_text = key_file.read_text()
    key_file.unlink()
    _, hidden = hypothesis_page.form()
    refused = hypothesis_page.post("/judge/aids", {"form_token": hidden["form_token"], "item": hypothesis_page.item})
    assert refused.status == 422
    assert KEY_IS_LOST in refused.text
    assert opened(aided) == []
    assert str(key_file) in (warning_for_admins(aided, tmp_path) or "")
    key_file.write_text(key_text)
    assert warning_for_admins(aided, tmp_path) is None
    assert "A closer look" in open_aids(hypothesis_page).text
    key_file.unlink()
    without_aids = hypothesis_page.go("/judge")
    assert KEY_IS_LOST in without_aids.text
    assert without_aids.send(hypothesis="fruit", comment="").step == "verdict"


def test_a_round_without_aids_offers_and_shows_none(ada: Page, served_round: ServedRound, tmp_path: Path) -> None:
    assert warning_for_admins(served_round, tmp_path) is None
    hypothesis_page = ada.send(verdict="interpretable")
    assert "Look closer" not in hypothesis_page.text
    _, hidden = hypothesis_page.form()
    assert (
        hypothesis_page.post("/judge/aids", {"form_token": hidden["form_token"], "item": hypothesis_page.item}).status
        == 422
    )
    assert opened(served_round) == []


def test_a_round_of_verdicts_alone_stops_after_each_for_a_closer_look(
    sqlite_database: Database, new_client: NewClient
) -> None:
    served_round = make_round(sqlite_database, public=AIDS | {"hypothesis": False})
    with new_client(sqlite_database) as client:
        hypothesis_page = come_in(client, served_round.token).send(verdict="interpretable")
        assert hypothesis_page.step == "hypothesis"
        assert "What is the rule?" not in hypothesis_page.text
        assert "A closer look" in open_aids(hypothesis_page).text
        assert hypothesis_page.send(comment="").step == "verdict"


def test_opened_aids_are_in_the_evaluators_own_data(reader: Page) -> None:
    item = reader.item
    shown = open_aids(reader.send(verdict="interpretable"))
    data = shown.client.get("/judge/mine.json").json()
    assert [opening["item"] for opening in data["aids_opened"]] == [item]


def test_item_pages_have_one_length_while_the_aids_are_shut(reader: Page, aided: ServedRound) -> None:
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
    assert [bar.height == 0 for bar in histogram_bars(drawn)] == [False, True, False, False, True]


@pytest.mark.parametrize(
    ("text", "shown"), [(" the", "␣the"), ("\n", "↵"), ("  ", "␣␣"), ("a b ", "a b␣"), ("\tx", "⇥x")]
)
def test_white_space_at_the_ends_of_a_token_is_made_visible(text: str, shown: str) -> None:
    assert with_visible_spaces(text) == shown
