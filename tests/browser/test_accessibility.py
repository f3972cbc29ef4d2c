"""axe finds nothing to complain of on any page that an evaluator can come to, in either theme."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.axe import axe_violations
from tests.browser.conftest import Window
from tests.browser.evaluator_actions import (
    open_first_item,
    wait_for_item,
    wait_for_step,
    wait_until_ready,
    walk_to_first_item,
)
from tests.web.served_round import ServedRound

VERDICTS_ONLY = {"hypothesis": False}


@pytest.fixture
def page(window: Window) -> Page:
    """A page that axe looks at in each theme, without movement."""
    window.page.emulate_media(reduced_motion="reduce")
    return window.page


def inspected(page: Page, names: Iterator[str]) -> list[str]:
    """The names of the pages that a walk stops at; axe finds nothing wrong with any of them."""
    violations = {name: axe_violations(page) for name in names}
    assert violations == {name: [] for name in violations}
    return list(violations)


def pages_before_the_first_item(page: Page, served_round: ServedRound) -> Iterator[str]:
    """Every page before the first item, by name."""
    page.goto("/nowhere")
    yield "error"
    page.goto(f"/i/{served_round.token}")
    yield "confirm"
    page.get_by_role("button", name="Come in").click()
    yield "consent"
    page.get_by_role("button", name="I would rather not").click()
    yield "declined"
    page.goto(f"/i/{served_round.token}")
    page.get_by_role("button", name="Come in").click()
    page.get_by_role("button", name="I agree").click()
    yield "instructions"


def pages_of_a_round(page: Page, served_round: ServedRound) -> Iterator[str]:
    """The item's two questions, the sheet of keys, and the last page."""
    page.goto("/judge")
    wait_until_ready(page)
    yield "verdict"
    page.keyboard.press("?")
    yield "keys"
    page.keyboard.press("Escape")
    for code in served_round.codes:
        wait_for_item(page, code)
        wait_for_step(page, "verdict")
        page.keyboard.press("1")
        wait_for_step(page, "hypothesis")
        if code == served_round.codes[0]:
            yield "hypothesis"
        page.keyboard.press("Control+Enter")
    wait_for_step(page, "done")
    yield "done"


def pages_of_own_data(page: Page) -> Iterator[str]:
    """The evaluator's own data, and the page after its deletion."""
    page.goto("/judge/mine")
    yield "mine"
    page.get_by_label("Yes, delete all my answers").check()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("heading", level=1).wait_for()
    yield "erased"


def pages_of_blinding_question(page: Page, served_round: ServedRound) -> Iterator[str]:
    """The page after all verdicts, and the blinding question."""
    for code in served_round.codes:
        wait_for_item(page, code)
        page.get_by_role("button", name="NOT INTERPRETABLE").press("Enter")
    wait_for_step(page, "phase")
    yield "phase"
    page.get_by_role("button", name="Go on").click()
    wait_for_step(page, "guess")
    yield "guess"


def test_every_page_from_the_invitation_to_the_thanks_is_accessible(page: Page, served_round: ServedRound) -> None:
    before = inspected(page, pages_before_the_first_item(page, served_round))
    assert before == ["error", "confirm", "consent", "declined", "instructions"]
    assert inspected(page, pages_of_a_round(page, served_round)) == ["verdict", "keys", "hypothesis", "done"]


def test_the_pages_of_ones_own_data_are_accessible(page: Page, served_round: ServedRound) -> None:
    walk_to_first_item(page, served_round)
    assert inspected(page, pages_of_own_data(page)) == ["mine", "erased"]


@pytest.mark.parametrize("served_round", [VERDICTS_ONLY | {"blinding_question": "sort"}], indirect=True)
def test_the_pages_of_the_blinding_question_are_accessible(page: Page, served_round: ServedRound) -> None:
    walk_to_first_item(page, served_round)
    assert inspected(page, pages_of_blinding_question(page, served_round)) == ["phase", "guess"]


@pytest.mark.parametrize("served_round", [VERDICTS_ONLY | {"daily_cap": 1}], indirect=True)
def test_the_page_after_a_days_work_is_accessible(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    page.keyboard.press("1")
    wait_for_step(page, "rest")
    assert axe_violations(page) == []


@pytest.mark.parametrize("served_round", [{"aids": True}], indirect=True)
def test_an_item_with_its_aids_is_accessible(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    page.keyboard.press("a")
    page.get_by_role("heading", name="A closer look").wait_for()
    assert axe_violations(page) == []
