"""What evaluators read is true, in their language, and what a design brings is shown as it is."""

import copy
import pickle
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.foundation.errors import JudgmentError
from app.judging.pace import EvaluatorPace
from app.judging.public_design import PublicDesign
from app.rounds.item import Item
from app.rounds.rubric import Rubric
from app.store.engine import Database
from app.store.tables import RoundRow
from app.web import language
from app.web.evaluator.judging_pages import SWAP
from app.web.evaluator.passages import FRAGMENT_WORDS, render_passages, translate_fragment
from app.web.templating import page_templates
from tests.web.page import Page, come_in
from tests.web.room import Room, furnish, made_up_passage

Opened = Callable[[Database], TestClient]
GERMAN = {"Accept-Language": "de"}


def rubric(**own: Any) -> dict[str, Any]:
    return {"rubric": Rubric(**own).filled_in(20).model_dump(mode="json")}


@pytest.mark.parametrize("label", ["YES, 80 % FIT", "YES <b>bold</b>", "%(name)s", "100%"])
def test_a_label_of_the_design_is_shown_as_it_is(sqlite_database: Database, browser: Opened, label: str) -> None:
    room = furnish(sqlite_database, public=rubric(interpretable=label) | {"cannot_judge": True})
    with browser(sqlite_database) as client:
        page = come_in(client, room.token)
        assert page.status == 200
        shown = label.replace("<", "&lt;").replace(">", "&gt;")
        assert f">{shown}<kbd>" in page.text
        assert f'data-said="{shown}"' in page.text
        assert "<b>bold" not in page.text
        asked = page.send(verdict="interpretable")
        assert f"data-said-here>{shown}<" in asked.text


def test_the_third_answer_is_translated(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database, public={"cannot_judge": True})
    with browser(sqlite_database) as client:
        client.headers.update(GERMAN)
        page = come_in(client, room.token)
        assert ">Nicht zu beurteilen<kbd>" in page.text
        assert "Nicht zu beurteilen" in page.send(verdict="cannot_judge").text


def test_an_item_that_has_no_answer_yet_says_nothing_of_one(ada: Page) -> None:
    ada.client.headers.update(GERMAN)
    assert "Project-Id-Version" not in ada.go("/judge").text
    assert language.gettext("") == ""


def test_a_refused_second_answer_is_told_by_the_buttons_word(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database, public=rubric(interpretable="ONE RULE, 80 %"))
    with browser(sqlite_database) as client:
        page = come_in(client, room.token)
        action, fields = page.form()
        page.post(action, fields | {"verdict": "interpretable"})
        refused = page.post(action, fields | {"verdict": "not_interpretable"})
        assert "You already answered this item: ONE RULE, 80 %. That answer counts" in refused.text


def wrong(page: Page, how: str) -> Page:
    action, fields = page.form()
    answers: dict[str, Callable[[], Page]] = {
        "verdict": lambda: page.send(verdict="maybe"),
        "form": lambda: page.send(verdict="interpretable", elapsed="-1"),
        "turn": lambda: page.send(verdict="interpretable", key="code0.7"),
        "theirs": lambda: page.send(verdict="interpretable", item="elsewhere", key="elsewhere.0"),
        "site": lambda: page.post(action, fields, **{"sec-fetch-site": "cross-site"}),
        "size": lambda: page.post(action, {"x": "x" * 1_000_001}),
        "method": lambda: page.post("/judge/mine", {}),
        "reach": lambda: page.go("/judge/item/code3"),
    }
    return answers[how]()


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("verdict", "Diese Antwort steht hier nicht zur Wahl."),
        ("form", "Das Formular enthielt einen unbrauchbaren Wert (elapsed)."),
        ("turn", "Diese Seite war veraltet."),
        ("theirs", "Diese Aufgabe gehört nicht zu Ihren."),
        ("site", "Dieses Formular kam von einer anderen Website"),
        ("size", "Was Sie gesendet haben, ist zu lang"),
        ("method", "Diese Adresse nimmt eine solche Anfrage nicht an."),
        ("reach", "die letzten 10 Antworten"),
    ],
)
def test_every_refusal_is_told_in_the_readers_language(ada: Page, how: str, sentence: str) -> None:
    ada.client.headers.update(GERMAN)
    assert sentence in wrong(ada, how).text


def test_a_text_that_is_too_long_is_refused_in_the_readers_language(ada: Page) -> None:
    ada.client.headers.update(GERMAN)
    asked = ada.send(verdict="interpretable")
    assert "Die Regel hat 10001 Zeichen; höchstens 10000 sind möglich." in asked.send(hypothesis="x" * 10_001).text


def test_a_round_that_takes_no_answers_says_so_in_the_readers_language(ada: Page, room: Room) -> None:
    ada.client.headers.update(GERMAN)
    with room.database.writing() as session:
        session.get_one(RoundRow, room.round_id).state = "locked"
    assert "Diese Runde ist geschlossen. Urteile werden" in ada.send(verdict="interpretable").text


def test_the_second_answer_is_refused_in_german_with_the_german_label(ada: Page) -> None:
    ada.client.headers.update(GERMAN)
    action, fields = ada.form()
    ada.post(action, fields | {"verdict": "interpretable"})
    assert (
        "schon beantwortet: DEUTBAR. Diese Antwort gilt"
        in ada.post(action, fields | {"verdict": "not_interpretable"}).text
    )


def test_a_refusal_leads_back_to_the_desk(ada: Page) -> None:
    refused = wrong(ada, "turn")
    assert "go back to your reading" in refused.text
    assert '<a href="/judge">' in refused.text
    assert "where you are now" not in refused.text


def test_no_page_of_an_error_leads_nowhere(ada: Page, stranger: TestClient) -> None:
    for page in (ada.go("/nowhere"), wrong(ada, "turn")):
        for address in re.findall(r'<a [^>]*href="([^"#]+)"', page.text):
            assert page.go(address).status == 200
    stranger.cookies.set("fg_evaluator", "of-an-earlier-visit", domain="127.0.0.1")
    stale = Page(stranger).go("/judge")
    assert (stale.status, 'href="/judge"' in stale.text) == (403, False)
    stranger.cookies.clear()
    assert 'href="/judge"' not in Page(stranger).go("/judge").text


def test_a_title_asks_for_the_invitation_only_where_it_helps(stranger: TestClient, room: Room) -> None:
    assert "This page needs your invitation" in Page(stranger).go("/judge").text
    asked = Page(stranger).post(f"/i/{room.token}", {})
    refused = asked.post("/judge/consent", {"form_token": "0" * 32})
    assert (refused.status, refused.heading) == (403, "That could not be done")
    assert '<a href="/judge">' in refused.text


def test_an_error_keeps_its_sentence_and_its_values_wherever_it_goes() -> None:
    error = JudgmentError("%(num)s of %(what)s, 80 %%", num=3, what="five")
    for one in (error, copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert str(one) == "3 of five, 80 %"
    assert str(JudgmentError("80 % of it")) == "80 % of it"


@pytest.mark.parametrize(
    ("left", "hours", "english", "german"),
    [
        (
            24,
            5.5,
            "24 items to go, about 5.5 hours at your pace.",
            "Noch 24 Aufgaben, in Ihrem Tempo etwa 5,5 Stunden.",
        ),
        (24, 5.0, "24 items to go, about 5 hours at your pace.", "Noch 24 Aufgaben, in Ihrem Tempo etwa 5 Stunden."),
        (1, 1.0, "1 item to go, about 1 hour at your pace.", "Noch 1 Aufgabe, in Ihrem Tempo etwa 1 Stunde."),
        (2, 0.0, "2 items to go, a few minutes at your pace.", "Noch 2 Aufgaben, in Ihrem Tempo ein paar Minuten."),
    ],
)
def test_what_is_left_is_told_in_a_sentence(left: int, hours: float, english: str, german: str) -> None:
    pace = EvaluatorPace(left, 60 * hours or 5, returning=False, break_due=False, daily_cap_reached=False)
    template = page_templates().get_template("evaluator/_remaining.html")
    assert template.render(pace=pace).strip() == english
    settled = language._current.set("de")
    try:
        assert template.render(pace=pace).strip() == german
    finally:
        language._current.reset(settled)


def test_headings_of_groups_are_translated() -> None:
    groups = {"top": 1, "quantile": 1, "random": 1, "contrast": 1}
    made = Item("c", tuple(made_up_passage(random.Random(1), 5, group=group) for group in groups))
    fragment = render_passages(made, PublicDesign(groups=tuple(groups.items())))
    said = {word: f"<{word}>" for word in FRAGMENT_WORDS}
    german = translate_fragment(fragment, said).decode()
    for heading in ("Strongest", "Across the range", "Drawn at random", "Weak or silent"):
        assert f"<h2>&lt;{heading}&gt;</h2>" in german
        assert f"<h2>{heading}</h2>" not in german


def test_passages_are_in_no_language_of_the_page(ada: Page) -> None:
    assert ada.text.count("<pre ") == ada.text.count('<pre dir="auto" lang="" translate="no">') > 0


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        (5.0, "5", "5"),
        (5.5, "5.5", "5,5"),
        (0.5, "0.5", "0,5"),
        (0.25, "0.25", "0,25"),
        (0, "0", "0"),
        (10, "10", "10"),
    ],
)
def test_numbers_are_written_as_people_write_them(value: float, english: str, german: str) -> None:
    assert language.format_number(value) == english
    settled = language._current.set("de")
    try:
        assert language.format_number(value) == german
    finally:
        language._current.reset(settled)


@pytest.mark.parametrize(
    ("minutes", "english", "german"),
    [
        ((0.5, 1.5), "0.5 to 1.5 minutes an item.", "0,5 bis 1,5 Minuten je Aufgabe."),
        ((1, 2), "1 to 2 minutes an item.", "1 bis 2 Minuten je Aufgabe."),
        ((1, 1), "1 minute an item.", "1 Minute je Aufgabe."),
        ((0.5, 0.5), "0.5 minutes an item.", "0,5 Minuten je Aufgabe."),
    ],
)
def test_the_time_per_item_is_told_as_the_design_has_it(
    sqlite_database: Database, browser: Opened, minutes: tuple[float, float], english: str, german: str
) -> None:
    room = furnish(sqlite_database, public={"minutes": list(minutes)})
    with browser(sqlite_database) as client:
        page = come_in(client, room.token).go("/judge/instructions")
        assert re.search(rf"\s{re.escape(english)}", page.text)
        client.headers.update(GERMAN)
        assert german in page.go("/judge/instructions").text


def test_what_the_design_adds_is_on_the_page_of_instructions(sqlite_database: Database, browser: Opened) -> None:
    room = furnish(sqlite_database, public=rubric(notes="Code <b>counts</b>, 100 %.\n\nSo do lists."))
    with browser(sqlite_database) as client:
        text = come_in(client, room.token).go("/judge/instructions").text
        assert "<p>Code &lt;b&gt;counts&lt;/b&gt;, 100 %.</p>" in text
        assert "<p>So do lists.</p>" in text


def test_several_groups_are_described_as_they_are_shown(sqlite_database: Database, browser: Opened) -> None:
    groups = {"top": 10, "quantile": 10}
    room = furnish(
        sqlite_database,
        public={"groups": groups, "rubric": Rubric().filled_in(10, among_groups=True).model_dump(mode="json")},
    )
    with browser(sqlite_database) as client:
        page = come_in(client, room.token)
        assert "10 framed tokens under “Strongest”, one in each passage there" in page.text
        text = page.go("/judge/instructions").text
        assert "An item has 20 passages under a few headings" in text
        assert "An item has 10 passages" not in text
        client.headers.update(GERMAN)
        assert "10 umrahmten Wortteile unter „Stärkste“" in page.go("/judge/instructions").text


@pytest.mark.parametrize("header", ["de;q=²", "de;q=1e400", "de;q=", ";q=0.5", "de; q=0.9", "de;q=0.5;x=y", "\u00b2"])
def test_no_wish_for_a_language_breaks_a_page(stranger: TestClient, room: Room, header: str) -> None:
    sent = {"Accept-Language": header.encode("utf-8")}
    assert stranger.get(f"/i/{room.token}", headers=sent).status_code == 200  # type: ignore[arg-type]  # httpx takes bytes


def test_a_space_before_the_weight_is_heard(stranger: TestClient, room: Room) -> None:
    stranger.headers["Accept-Language"] = "de; q=0.3, en; q=0.9"
    assert '<html lang="en"' in Page(stranger).go(f"/i/{room.token}").text


@pytest.mark.parametrize("where", ["/i/{token}", "/judge/instructions", "/judge/mine", "/judge", "/judge/item/code0"])
def test_choosing_a_language_shows_the_same_page(ada: Page, room: Room, where: str) -> None:
    ada.send(verdict="interpretable").send(hypothesis="")
    page = ada.go(where.format(token=room.token))
    address = where.format(token=room.token)
    fields = page.forms[-1]
    assert fields == ("/language", {"back": address})
    reply = page.client.post("/language", data=fields[1] | {"language": "de"}, follow_redirects=False)
    assert reply.headers["location"] == address
    assert '<html lang="de"' in page.go(address).text


def test_choosing_a_language_on_an_invitation_needs_no_session(stranger: TestClient, room: Room) -> None:
    page = Page(stranger).go(f"/i/{room.token}")
    back = page.post("/language", page.forms[-1][1] | {"language": "de"})
    assert (back.status, back.step) == (200, "confirm")
    assert "Eintreten" in back.text


@pytest.mark.parametrize(
    "back",
    [
        "https://elsewhere.example/judge", "//elsewhere.example", "/\\elsewhere.example", "/judge/../admin", "/admin",
        "/judge\n", "/judge/item/a/b", "javascript:alert(1)", "/i/", "", "/judge/mine.json", "/judge?x=//e",
    ],
)  # fmt: skip
def test_a_form_leads_nowhere_but_to_our_pages(stranger: TestClient, back: str) -> None:
    reply = stranger.post("/language", data={"language": "de", "back": back}, follow_redirects=False)
    assert reply.headers["location"] == "/judge"


def test_a_page_that_answers_a_form_comes_back_to_the_desk(ada: Page) -> None:
    action, fields = ada.form()
    page = ada.post(action, fields | {"verdict": "interpretable"}, **{SWAP: "1"})
    assert page.forms[-1] == ("/language", {"back": "/judge"})
    ahead = ada.go(f"/judge/ahead/{ada.item}")
    assert not ahead.text or ahead.forms[-1] == ("/language", {"back": "/judge"})
