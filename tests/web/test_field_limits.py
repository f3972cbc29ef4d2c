"""The limits in forms are those that the program checks."""

import re

from app.archive.levels import MARK_LEVELS
from app.foundation.paths import resource_folder
from app.judging.judgment import LONGEST_TEXT
from tests.web.page import Page


def test_no_template_writes_a_limit_as_a_number() -> None:
    templates = resource_folder("templates").rglob("*.html")
    assert [path.name for path in templates if re.search(r'(max|min)length="\d', path.read_text("utf-8"))] == []


def test_an_evaluators_text_fields_take_as_many_characters_as_are_stored(ada: Page) -> None:
    text = ada.send(verdict="interpretable").text
    assert text.count(f'maxlength="{LONGEST_TEXT}"') == text.count("maxlength=") == 3


def test_the_scale_shows_every_level_that_is_marked(ada: Page) -> None:
    scale = ada.text.partition('<p class="scale">')[2].partition("</p>")[0]
    assert re.findall(r'data-level="(\d)">', scale) == [str(level) for level in MARK_LEVELS] == list("12345")
    assert re.findall(r'data-level="(\d)"\s+data-peak', scale) == ["5"]
