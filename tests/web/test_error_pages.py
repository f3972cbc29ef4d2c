"""Refusals: in the reader's language, with a way on."""

import copy
import pickle
import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from app.foundation.errors import JudgmentError
from app.store.tables import RoundRow
from tests.web.page import GERMAN, Page
from tests.web.served_round import ServedRound


def provoke_refusal(page: Page, how: str) -> Page:
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
def test_every_refusal_is_in_the_readers_language(ada: Page, how: str, sentence: str) -> None:
    ada.client.headers.update(GERMAN)
    assert sentence in provoke_refusal(ada, how).text


def test_a_text_that_is_too_long_is_refused_in_the_readers_language(ada: Page) -> None:
    ada.client.headers.update(GERMAN)
    next_page = ada.send(verdict="interpretable")
    assert "Die Regel hat 10001 Zeichen; höchstens 10000 sind möglich." in next_page.send(hypothesis="x" * 10_001).text


def test_a_round_that_takes_no_answers_says_so_in_the_readers_language(ada: Page, served_round: ServedRound) -> None:
    ada.client.headers.update(GERMAN)
    with served_round.database.writing() as session:
        session.get_one(RoundRow, served_round.round_id).state = "locked"
    assert "Diese Runde ist geschlossen. Urteile werden" in ada.send(verdict="interpretable").text


def test_the_second_answer_is_refused_in_german_with_the_german_label(ada: Page) -> None:
    ada.client.headers.update(GERMAN)
    action, fields = ada.form()
    ada.post(action, fields | {"verdict": "interpretable"})
    assert (
        "schon beantwortet: DEUTBAR. Diese Antwort gilt"
        in ada.post(action, fields | {"verdict": "not_interpretable"}).text
    )


def test_a_refusal_links_to_the_judging_page(ada: Page) -> None:
    refused = provoke_refusal(ada, "turn")
    assert "go back to your items" in refused.text
    assert '<a href="/judge">' in refused.text
    assert "where you are now" not in refused.text


def test_every_link_on_an_error_page_leads_to_a_page(ada: Page, stranger: TestClient) -> None:
    for page in (ada.go("/nowhere"), provoke_refusal(ada, "turn")):
        for address in re.findall(r'<a [^>]*href="([^"#]+)"', page.text):
            assert page.go(address).status == 200
    stranger.cookies.set("fg_evaluator", "of-an-earlier-visit", domain="127.0.0.1")
    stale = Page(stranger).go("/judge")
    assert (stale.status, 'href="/judge"' in stale.text) == (403, False)
    stranger.cookies.clear()
    assert 'href="/judge"' not in Page(stranger).go("/judge").text


def test_a_title_asks_for_the_invitation_only_where_it_helps(stranger: TestClient, served_round: ServedRound) -> None:
    assert "This page needs your invitation" in Page(stranger).go("/judge").text
    next_page = Page(stranger).post(f"/i/{served_round.token}", {})
    refused = next_page.post("/judge/consent", {"form_token": "0" * 32})
    assert (refused.status, refused.heading) == (403, "That could not be done")
    assert '<a href="/judge">' in refused.text


def test_a_copied_or_pickled_error_keeps_its_sentence_and_values() -> None:
    error = JudgmentError("%(num)s of %(what)s, 80 %%", num=3, what="five")
    for version in (error, copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert str(version) == "3 of five, 80 %"
    assert str(JudgmentError("80 % of it")) == "80 % of it"


def test_an_unexpected_error_shows_a_page_and_no_traceback(ada: Page, served_round: ServedRound) -> None:
    with served_round.database.writing() as session:
        session.get_one(RoundRow, served_round.round_id).public_design = {"groups": "nonsense"}
    page = ada.go("/judge")
    assert page.status == 500
    assert "No saved answer is lost" in page.text
    assert "Traceback" not in page.text


def test_an_address_with_a_character_that_no_database_takes_has_no_page(ada: Page) -> None:
    page = ada.go("/judge/item/code0%00")
    assert (page.status, "There is no page at this address" in page.text) == (404, True)
