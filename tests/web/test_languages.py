"""Every sentence of the evaluators' pages is in the catalogue, and German proves that it works."""

import string
from collections.abc import Callable

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from starlette.testclient import TestClient

from app.foundation.paths import CHECKOUT, resource_folder
from app.rounds.rubric import OPERATIONAL_AMONG_GROUPS, Rubric
from app.store.engine import Database
from app.web import language
from tests.web.page import Page
from tests.web.room import Room

GERMAN = resource_folder("templates") / "languages" / "de" / "LC_MESSAGES"
METHODS = [("app/**.py", "python"), ("templates/evaluator/**.html", "jinja2"), ("templates/*.html", "jinja2")]
KEYWORDS = {"translatable": None, "_": None, "gettext": None, "ngettext": (1, 2)}


def said() -> set[str]:
    found = extract_from_dir(str(CHECKOUT), method_map=METHODS, keywords=KEYWORDS, directory_filter=of_ours)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


def of_ours(path: str) -> bool:
    return not any(part.startswith(".") or part in ("models", "harvest", "cli") for part in path.split("/")[-1:])


def test_the_german_catalogue_has_every_sentence_and_no_other() -> None:
    with (GERMAN / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="de")
    known = {one.id if isinstance(one.id, str) else one.id[0]: one.string for one in catalogue if one.id}
    assert set(known) == said()
    assert [text for text, translated in known.items() if not translated] == []


def test_what_is_filled_in_is_the_same_in_german() -> None:
    with (GERMAN / "messages.po").open("rb") as file:
        for one in read_po(file, locale="de"):
            if isinstance(one.id, str) and one.id:
                assert holes(one.id) == holes(str(one.string)), one.id


def told(catalogue: Catalog) -> dict[str, str]:
    def whole(text: object) -> str:
        return text if isinstance(text, str) else "|".join(text) if isinstance(text, list | tuple) else ""

    return {whole(one.id): whole(one.string) for one in catalogue if one.id}


def holes(text: str) -> set[str]:
    named = {part.split(")")[0] for part in text.split("%(")[1:]}
    return named | {name for _, name, _, _ in string.Formatter().parse(text.replace("%", "")) if name}


def test_the_compiled_catalogue_is_up_to_date() -> None:
    with (GERMAN / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="de")
    with (GERMAN / "messages.mo").open("rb") as file:
        compiled = read_mo(file)
    assert told(compiled) == told(catalogue)


def test_the_marked_rubric_is_the_default_rubric() -> None:
    rubric = Rubric()
    words = {rubric.question, rubric.interpretable, rubric.not_interpretable, rubric.rule, rubric.operational}
    assert words | {*rubric.examples, OPERATIONAL_AMONG_GROUPS} <= said()


def test_a_reader_who_asks_for_german_gets_it(ada: Page) -> None:
    ada.client.headers["Accept-Language"] = "de-AT,de;q=0.9,en;q=0.5"
    page = ada.go("/judge")
    assert '<html lang="de"' in page.text
    assert page.heading == "Aufgabe 1 von 5"
    assert "mindestens 16 der 20" in page.text
    assert "<summary>Davor</summary>" in page.text
    assert "NICHT DEUTBAR" in page.text
    asked = page.send(verdict="interpretable")
    assert "Wie lautet die Regel?" in asked.text


def test_the_readers_own_choice_comes_first(ada: Page) -> None:
    page = ada.post("/language", {"language": "de"})
    assert page.heading == "Aufgabe 1 von 5"
    assert ada.post("/language", {"language": "klingon"}).status == 422


@pytest.mark.parametrize(
    ("header", "expected"),
    [("", "en"), ("fr", "en"), ("fr,de;q=0.3", "de"), ("en;q=0.1,de", "de"), ("de;q=x,en", "de"), ("*", "en")],
)
def test_the_browsers_wish_is_heard(
    header: str, expected: str, room: Room, browser: Callable[[Database], TestClient]
) -> None:
    with browser(room.database) as client:
        client.headers["Accept-Language"] = header
        assert f'<html lang="{expected}"' in Page(client).go(f"/i/{room.token}").text
    assert set(language.LANGUAGES) >= {"en", "de"}
