"""Characters that nobody sees in typed text."""

import pytest

from app.foundation.typed_text import has_unseen_characters, seen_form, show_unseen_characters, tidy_line

HONEST = [
    "Ada Lovelace",
    "José",
    "Jose\u0301",
    "می\u200cرود",
    "क्\u200dष",
    "\N{MAN}\u200d\N{WOMAN}",
    "\N{HEAVY BLACK HEART}\ufe0f",
    "80\N{NO-BREAK SPACE}%",
    "漢字",
]
UNSEEN = [
    "Ada\u200b",
    "\u202eadA",
    "A\x00",
    "\x1b[31mred",
    "Ad\u200da",
    "a\u00adb",
    "\ufeffAda",
    "\u3164",
    "A\udcffb",
    "\u2028",
]


@pytest.mark.parametrize("text", HONEST)
def test_honest_text_of_any_script_stays_as_it_was_typed(text: str) -> None:
    assert not has_unseen_characters(text)
    assert show_unseen_characters(text) == text


@pytest.mark.parametrize("text", UNSEEN)
def test_a_character_that_nobody_sees_is_found_and_shown(text: str) -> None:
    assert has_unseen_characters(text)
    assert has_unseen_characters(text, in_lines=True)
    shown = show_unseen_characters(text)
    assert not has_unseen_characters(shown, in_lines=True)
    assert "<U+" in shown


def test_line_breaks_are_allowed_in_lines_only() -> None:
    assert has_unseen_characters("A\nB")
    assert not has_unseen_characters("A\n\tB", in_lines=True)
    assert show_unseen_characters("a\r\n\tb\rc") == "a\n\tb\nc"
    assert tidy_line(" A\n B\u00a0C ") == "A B C"


@pytest.mark.parametrize("twin", ["Ada", "A\u200dda", "\N{FULLWIDTH LATIN CAPITAL LETTER A}da", "Ada\ufe0f", " Ada"])
def test_names_that_look_alike_have_one_form(twin: str) -> None:
    assert seen_form(twin) == seen_form("Ada")
    assert seen_form("José") == seen_form("Jose\u0301")
    assert seen_form("ada") != seen_form("Ada")
