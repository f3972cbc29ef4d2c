"""Passages are shown as they are: every character in its place, every mark on its token, nothing acting on the page."""

import random
import re
import time
from collections.abc import Iterable
from itertools import pairwise

import pytest

from app.judging.public_design import PublicDesign
from app.robots.page import HtmlPage, read_whole_page
from app.tasks.item import Item, Passage
from app.web.evaluator.padding import deflated
from app.web.evaluator.passages import FRAGMENT_WORDS, render_passages, translate_fragment
from tests.web.page import Page
from tests.web.served_round import HOSTILE, ServedRound, hostile_passage, made_up_item, made_up_passage

ONE_GROUP = PublicDesign(groups=(("top", 20),))
LARGEST_PLAIN, LARGEST_GZIP = 90_000, 15_000


def read(*passages: Passage) -> HtmlPage:
    return read_whole_page(render_passages(Item("code", passages), ONE_GROUP).decode())


def shown(texts: tuple[str, ...], levels: tuple[int, ...], peak: int) -> list[tuple[str, str, bool]]:
    pieces = read(Passage(texts, levels, peak, "top")).passage_texts[0]
    return [(text.removeprefix("\n"), marks.get("data-level", ""), "data-peak" in marks) for text, marks in pieces]


def test_white_space_is_that_of_the_text() -> None:
    texts = ("def f(x):", "\n", "    ", "return", "\t", "x", "\r\n", "\r\n", "done")
    pieces = read(Passage(texts, (0,) * 9, 3, "top")).passage_texts[0]
    assert "".join(text for text, _ in pieces) == "\ndef f(x):\n    return\tx\n\ndone"


def test_a_carriage_return_split_from_its_line_feed_is_one_line_end() -> None:
    pieces = read(Passage(("a\r", "\nb\r", "c"), (0, 0, 0), 0, "top")).passage_texts[0]
    assert "".join(text for text, _ in pieces) == "\na\nb\nc"


def test_marks_stand_on_their_words_and_leave_the_space_before_them() -> None:
    assert shown((" an", " apple", " fell"), (1, 5, 0), 1) == [
        (" ", "", False), ("an", "1", False), (" ", "", False), ("apple", "5", True), (" fell", "", False),
    ]  # fmt: skip


def test_a_mark_on_white_space_can_be_seen() -> None:
    html = render_passages(
        Item("c", (Passage(("a", "\n\n", " ", "\u200b"), (0, 3, 2, 1), 3, "top"),)), ONE_GROUP
    ).decode()
    assert '<mark data-level="3" data-blank="↵↵">\n\n</mark>' in html
    assert '<mark data-level="2" data-blank="␣"> </mark>' in html
    assert '<mark data-level="1" data-peak data-blank="∅">\u200b</mark>' in html


def test_a_split_character_carries_its_marks_to_the_token_that_completes_it() -> None:
    assert shown(("a", "", "", "\N{GRINNING FACE}", "b"), (0, 4, 0, 2, 0), 2) == [
        ("a", "", False), ("\N{GRINNING FACE}", "4", True), ("b", "", False),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_text_is_text(number: int) -> None:
    passage = hostile_passage(number)
    html = render_passages(Item("code", (passage,)), ONE_GROUP).decode()
    for forbidden in ("<script", "<img", "<!--", "\u202e", "\u2066", "\x00", "\x1b"):
        assert forbidden not in html
    pieces = read(passage).passage_texts[0]
    assert sum("data-peak" in marks for _, marks in pieces) == 1


def test_sixty_four_tokens_either_side_are_open_and_the_others_are_folded() -> None:
    texts = tuple(f" w{number}" for number in range(200))
    html = render_passages(Item("c", (Passage(texts, (0,) * 100 + (5,) + (0,) * 99, 100, "top"),)), ONE_GROUP).decode()
    before, opened, after = (part.split("</pre>")[0] for part in html.split("<pre")[1:])
    assert " w35" in before
    assert " w36" not in before
    assert len(re.findall(r"\bw\d", opened)) == 129
    assert " w165" in after
    assert html.count("<details>") == 2


def test_a_passage_from_the_start_of_a_document_has_nothing_to_unfold() -> None:
    html = render_passages(Item("c", (Passage((" a", " b"), (5, 0), 0, "top"),)), ONE_GROUP)
    assert b"<details>" not in html


def test_passages_are_numbered_in_their_order() -> None:
    html = render_passages(made_up_item("code", 1), ONE_GROUP).decode()
    places = [html.index(f'data-passage="{number}"') for number in range(1, 21)]
    assert all(first < second for first, second in pairwise(places))


def test_groups_are_named_only_if_the_design_has_several() -> None:
    passages = (Passage((" a",), (5,), 0, "random"), Passage((" b",), (5,), 0, "top"))
    html = render_passages(Item("c", passages), PublicDesign(groups=(("top", 1), ("random", 1)))).decode()
    assert html.index("Strongest") < html.index("Drawn at random")
    assert "Strongest" not in render_passages(Item("c", passages), PublicDesign(groups=(("top", 2),))).decode()


def test_the_fragments_own_words_can_be_translated_and_the_texts_words_cannot() -> None:
    fragment = render_passages(
        Item("c", (Passage(("<summary>Earlier</summary>", *(" w",) * 99, " x"), (0,) * 101, 100, "top"),)), ONE_GROUP
    )
    german = translate_fragment(fragment, {"Passage": "Stelle", "Earlier": "Davor", "Later": "Danach"}).decode()
    assert "<summary>Davor</summary>" in german
    assert "&lt;summary&gt;Earlier&lt;/summary&gt;" in german
    assert "<span>Stelle </span>1" in german


def test_an_item_of_twenty_passages_keeps_to_its_budget() -> None:
    fragment = render_passages(made_up_item("code", 1, tokens=200, share=1 / 3), ONE_GROUP)
    assert len(fragment) <= LARGEST_PLAIN - 12_000
    assert len(deflated(fragment)) <= LARGEST_GZIP - 3_000


def test_rendering_is_quick() -> None:
    item = made_up_item("code", 1)
    start = time.perf_counter()
    render_passages(item, ONE_GROUP)
    assert time.perf_counter() - start < 0.5


def test_headings_of_groups_are_translated() -> None:
    groups = {"top": 1, "quantile": 1, "random": 1, "contrast": 1}
    item = Item("c", tuple(made_up_passage(random.Random(1), 5, group=group) for group in groups))
    fragment = render_passages(item, PublicDesign(groups=tuple(groups.items())))
    translations = {word: f"<{word}>" for word in FRAGMENT_WORDS}
    german = translate_fragment(fragment, translations).decode()
    for heading in ("Strongest", "Across the range", "Drawn at random", "Weak or silent"):
        assert f"<h2>&lt;{heading}&gt;</h2>" in german
        assert f"<h2>{heading}</h2>" not in german


def test_passages_declare_no_language(ada: Page) -> None:
    assert ada.text.count("<pre ") == ada.text.count('<pre dir="auto" lang="" translate="no">') > 0


def test_what_an_evaluator_sees_can_be_compared_with_the_item_that_was_committed(
    ada: Page, served_round: ServedRound
) -> None:
    seen = [without_spaces(piece.text for piece in passage) for passage in ada.read().passage_texts]
    words = {item.code: [without_spaces(passage.texts) for passage in item.passages] for item in served_round.items}
    assert [code for code in words if words[code] == seen] == [ada.item]


def without_spaces(texts: Iterable[str]) -> str:
    return "".join("".join(texts).split())
