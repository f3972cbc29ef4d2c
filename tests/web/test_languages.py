"""Every sentence of the evaluators' pages is in the catalogue, and German proves that it works."""

import string
from functools import cache

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from starlette.testclient import TestClient

from app.foundation.paths import CHECKOUT, resource_folder
from app.tasks.first_glance.rubric import OPERATIONAL_AMONG_GROUPS, FirstGlanceRubric
from app.web import language
from tests.web.page import GERMAN, NewClient, Page
from tests.web.served_round import ServedRound

CATALOGUE = resource_folder("templates") / "languages" / "de" / "LC_MESSAGES"
METHODS = [
    ("app/**.py", "python"),
    ("templates/evaluator/**.html", "jinja2"),
    ("templates/tasks/**.html", "jinja2"),
    ("templates/*.html", "jinja2"),
]
KEYWORDS = {"translatable": None, "_": None, "gettext": None, "ngettext": (1, 2)}


@cache
def extracted_messages() -> set[str]:
    extracted = extract_from_dir(
        str(CHECKOUT), method_map=METHODS, keywords=KEYWORDS, directory_filter=may_have_messages
    )
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in extracted}


def may_have_messages(path: str) -> bool:
    return not any(part.startswith(".") or part in ("models", "harvest", "cli") for part in path.split("/")[-1:])


def translations_of(catalogue: Catalog) -> dict[str, str]:
    def whole(text: object) -> str:
        return text if isinstance(text, str) else "|".join(text) if isinstance(text, list | tuple) else ""

    return {whole(message.id): whole(message.string) for message in catalogue if message.id}


def placeholders(text: str) -> set[str]:
    named = {part.split(")")[0] for part in text.split("%(")[1:]}
    return named | {name for _, name, _, _ in string.Formatter().parse(text.replace("%", "")) if name}


def test_the_german_catalogue_has_every_sentence_and_no_other() -> None:
    with (CATALOGUE / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="de")
    translations = {
        message.id if isinstance(message.id, str) else message.id[0]: message.string
        for message in catalogue
        if message.id
    }
    assert set(translations) == extracted_messages()
    assert [text for text, translated in translations.items() if not translated] == []


def test_german_sentences_have_the_same_placeholders() -> None:
    with (CATALOGUE / "messages.po").open("rb") as file:
        for message in read_po(file, locale="de"):
            if isinstance(message.id, str) and message.id:
                assert placeholders(message.id) == placeholders(str(message.string)), message.id


def test_the_compiled_catalogue_is_up_to_date() -> None:
    with (CATALOGUE / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="de")
    with (CATALOGUE / "messages.mo").open("rb") as file:
        compiled = read_mo(file)
    assert translations_of(compiled) == translations_of(catalogue)


def test_the_default_rubric_is_in_the_catalogue() -> None:
    rubric = FirstGlanceRubric()
    words = {rubric.question, rubric.interpretable, rubric.not_interpretable, rubric.rule, rubric.operational}
    assert words | {*rubric.examples, OPERATIONAL_AMONG_GROUPS} <= extracted_messages()


def test_a_reader_who_asks_for_german_gets_it(ada: Page) -> None:
    ada.client.headers["Accept-Language"] = "de-AT,de;q=0.9,en;q=0.5"
    page = ada.go("/judge")
    assert '<html lang="de"' in page.text
    assert page.heading == "Aufgabe 1 von 5"
    assert "mindestens 16 der 20" in page.text
    assert "<summary>Davor</summary>" in page.text
    assert "NICHT DEUTBAR" in page.text
    hypothesis_page = page.send(verdict="interpretable")
    assert "Wie lautet die Regel?" in hypothesis_page.text


def test_the_readers_own_choice_comes_first(ada: Page) -> None:
    page = ada.post("/language", {"language": "de"})
    assert page.heading == "Aufgabe 1 von 5"
    assert ada.post("/language", {"language": "klingon"}).status == 422


@pytest.mark.parametrize(
    ("header", "expected"),
    [("", "en"), ("fr", "en"), ("fr,de;q=0.3", "de"), ("en;q=0.1,de", "de"), ("de;q=x,en", "de"), ("*", "en")],
)
def test_the_browsers_preferred_language_is_used(
    header: str, expected: str, served_round: ServedRound, new_client: NewClient
) -> None:
    with new_client(served_round.database) as client:
        client.headers["Accept-Language"] = header
        assert f'<html lang="{expected}"' in Page(client).go(f"/i/{served_round.token}").text
    assert set(language.LANGUAGES) >= {"en", "de"}


def test_an_empty_text_is_not_translated_into_the_catalogues_header(ada: Page) -> None:
    ada.client.headers.update(GERMAN)
    assert "Project-Id-Version" not in ada.go("/judge").text
    assert language.gettext("") == ""


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


@pytest.mark.parametrize("header", ["de;q=²", "de;q=1e400", "de;q=", ";q=0.5", "de; q=0.9", "de;q=0.5;x=y", "\u00b2"])
def test_no_language_header_breaks_a_page(stranger: TestClient, served_round: ServedRound, header: str) -> None:
    sent = {"Accept-Language": header.encode("utf-8")}
    assert stranger.get(f"/i/{served_round.token}", headers=sent).status_code == 200  # type: ignore[arg-type]  # httpx takes bytes


def test_a_language_weight_after_a_space_is_used(stranger: TestClient, served_round: ServedRound) -> None:
    stranger.headers["Accept-Language"] = "de; q=0.3, en; q=0.9"
    assert '<html lang="en"' in Page(stranger).go(f"/i/{served_round.token}").text


@pytest.mark.parametrize("where", ["/i/{token}", "/judge/instructions", "/judge/mine", "/judge", "/judge/item/code0"])
def test_choosing_a_language_shows_the_same_page(ada: Page, served_round: ServedRound, where: str) -> None:
    ada.send(verdict="interpretable").send(hypothesis="")
    page = ada.go(where.format(token=served_round.token))
    address = where.format(token=served_round.token)
    fields = page.forms[-1]
    assert fields == ("/language", {"back": address})
    reply = page.client.post("/language", data=fields[1] | {"language": "de"}, follow_redirects=False)
    assert reply.headers["location"] == address
    assert '<html lang="de"' in page.go(address).text


def test_choosing_a_language_on_an_invitation_needs_no_session(stranger: TestClient, served_round: ServedRound) -> None:
    page = Page(stranger).go(f"/i/{served_round.token}")
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
def test_the_language_form_leads_nowhere_but_to_our_pages(stranger: TestClient, back: str) -> None:
    reply = stranger.post("/language", data={"language": "de", "back": back}, follow_redirects=False)
    assert reply.headers["location"] == "/judge"


def test_a_further_language_needs_only_its_entry_and_its_catalogue(ada: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(language.LANGUAGES, "eo", language.Language("Esperanto", ","))
    assert 'value="eo"' in ada.go("/judge").text
    reply = ada.client.post("/language", data={"language": "eo", "back": "/judge"}, follow_redirects=False)
    assert reply.headers["location"] == "/judge"
    assert '<html lang="eo"' in ada.go("/judge").text


@pytest.mark.parametrize("code", ["eo", "", "EN", "de-AT"])
def test_a_language_that_the_pages_do_not_have_is_refused(stranger: TestClient, code: str) -> None:
    reply = stranger.post("/language", data={"language": code, "back": "/judge"}, follow_redirects=False)
    assert reply.status_code == 422
    assert "(language)" in reply.text
