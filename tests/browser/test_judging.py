"""The whole round in a real browser: by keyboard alone and without JavaScript, with an eye on the console."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Site, Window, new_profile
from tests.browser.evaluator_actions import (
    open_first_item,
    standing_answers,
    stored_judgments,
    wait_for_item,
    wait_for_saving,
    wait_for_step,
    wait_until_ready,
    wait_until_sent,
    walk_to_first_item,
)
from tests.tasks.tasks import NAMES, TASKS, TaskUnderTest
from tests.web.served_round import ServedRound


@pytest.fixture
def page(window: Window) -> Iterator[Page]:
    """A page that must not make the console say anything, nor ask another site for anything."""
    page = window.page
    console: list[str] = []
    addresses: list[str] = []
    listeners: dict[str, Callable[[Any], None]] = {
        "console": lambda message: console.append(message.text),
        "pageerror": lambda error: console.append(str(error)),
        "request": lambda request: addresses.append(request.url),
    }
    for event, listener in listeners.items():
        page.on(event, listener)  # type: ignore[call-overload]  # an overload per event
    yield page
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    assert console == []
    assert {address.split("/")[2] for address in addresses if address.startswith("http")} == {page.url.split("/")[2]}


EACH_TASK = pytest.mark.parametrize(
    ("served_round", "task"), [({"task": task.name}, task) for task in TASKS], ids=NAMES, indirect=["served_round"]
)


@EACH_TASK
def test_a_round_can_be_judged_by_keyboard_alone(page: Page, served_round: ServedRound, task: TaskUnderTest) -> None:
    open_first_item(page, served_round)
    for number, code in enumerate(served_round.codes):
        expect(page.locator(f"main[data-item={code}]")).to_be_visible()
        page.keyboard.press("n")
        page.keyboard.press("N")  # Caps Lock may be on
        expect(page.locator(".passage.current h2")).to_contain_text("2")
        page.keyboard.press("1" if number % 2 == 0 else "2")
        wait_for_step(page, "hypothesis")
        page.keyboard.press("h")
        page.keyboard.type(f"rule {number}: n, p, 1, 2 and u are letters here")
        page.keyboard.press("Control+Enter")
    wait_for_step(page, "done")
    assert page.evaluate("document.activeElement.matches('main h1')")
    wait_until_sent(page)
    assert standing_answers(served_round) == {
        code: (
            task.answers[number % 2],
            f"rule {number}: n, p, 1, 2 and u are letters here",
        )
        for number, code in enumerate(served_round.codes)
    }
    assert len(stored_judgments(served_round)) == 6


def test_enter_skips_the_rule_but_breaks_the_line_while_writing(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    page.keyboard.press("Enter")
    expect(page.locator(f"main[data-item={served_round.codes[1]}]")).to_be_visible()
    page.keyboard.press("2")
    wait_for_step(page, "hypothesis")
    page.keyboard.press("h")
    page.keyboard.type("one line")
    page.keyboard.press("Enter")
    page.keyboard.type("another")
    page.keyboard.press("Control+Enter")
    expect(page.locator(f"main[data-item={served_round.codes[2]}]")).to_be_visible()
    wait_for_saving(page, "saved")
    wait_until_sent(page)
    assert standing_answers(served_round) == {
        served_round.codes[0]: ("interpretable", ""),
        served_round.codes[1]: ("not_interpretable", "one line\nanother"),
    }


@EACH_TASK
def test_a_round_can_be_judged_without_javascript(
    chromium: Browser, site: Site, served_round: ServedRound, task: TaskUnderTest
) -> None:
    with new_profile(chromium, site, java_script_enabled=False) as context:
        page = context.new_page()
        walk_to_first_item(page, served_round)
        expect(page.locator("button[data-action]:visible")).to_have_count(0)
        for number in range(3):
            page.locator("details summary").first.click() if page.locator("details summary").count() else None
            page.get_by_role("button", name=task.labels[number % 2], exact=False).first.click()
            wait_for_step(page, "hypothesis")
            page.locator("#hypothesis").fill(f"rule {number}")
            page.get_by_role("button", name="Next item").click()
        wait_for_step(page, "done")
    assert [verdict for verdict, _ in standing_answers(served_round).values()] == [
        task.answers[number % 2] for number in range(3)
    ]


def test_undo_by_key_shows_the_answer_and_takes_another(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    page.locator("#hypothesis").fill("fruit")
    page.keyboard.press("Control+Enter")
    wait_for_saving(page, "saved")
    expect(page.locator(f"main[data-item={served_round.codes[1]}]")).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator("button[value=interpretable]")).to_have_attribute("aria-pressed", "true")
    wait_until_ready(page)
    page.keyboard.press("2")
    wait_for_step(page, "hypothesis")
    expect(page.locator("#hypothesis")).to_have_value("fruit")
    page.keyboard.press("Control+Enter")
    expect(page.locator(f"main[data-item={served_round.codes[1]}]")).to_be_visible()
    wait_until_sent(page)
    assert standing_answers(served_round)[served_round.codes[0]] == ("not_interpretable", "fruit")


def test_a_held_key_makes_one_judgment(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    for _ in range(40):
        page.keyboard.down("1")
    page.keyboard.up("1")
    wait_for_step(page, "hypothesis")
    wait_for_saving(page, "saved")
    wait_until_sent(page)
    assert len(stored_judgments(served_round)) == 1


@pytest.mark.parametrize("served_round", [{}, {"hypothesis": False}], indirect=True)
@pytest.mark.parametrize("gap", [0, 150])
def test_a_double_click_makes_one_judgment(page: Page, served_round: ServedRound, gap: int) -> None:
    open_first_item(page, served_round)
    page.wait_for_load_state("networkidle")  # the page that follows is here, so it is shown at once
    box = page.locator("button[value=interpretable]").bounding_box()
    assert box is not None
    for _ in range(2):
        page.mouse.click(box["x"] + 20, box["y"] + 20)
        page.wait_for_timeout(gap)
    wait_for_saving(page, "saved")
    wait_until_sent(page)
    page.wait_for_load_state("networkidle")
    assert [row.item for row in stored_judgments(served_round)] == [served_round.codes[0]]


@pytest.mark.parametrize("served_round", [{"hypothesis": False, "break_every": 2}], indirect=True)
def test_a_break_is_offered_beside_the_item_that_was_fetched_ahead(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    for code in served_round.codes[1:3]:
        expect(page.get_by_text("A good moment for a break")).to_have_count(0)
        page.wait_for_load_state("networkidle")
        page.keyboard.press("1")
        wait_for_item(page, code)
        wait_until_sent(page)
    expect(page.get_by_text("A good moment for a break")).to_be_visible()


@pytest.mark.parametrize("served_round", [{"advance_ms": 600}], indirect=True)
def test_the_next_question_waits_as_long_as_the_design_says(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    began = page.evaluate("performance.now()")
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    assert page.evaluate("performance.now()") - began >= 600


def test_hostile_passages_are_read_as_text(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    for _ in range(2):
        page.keyboard.press("2")
        wait_for_step(page, "hypothesis")
        page.keyboard.press("Control+Enter")
        wait_for_step(page, "verdict")
    expect(page.locator(f"main[data-item={served_round.codes[2]}]")).to_be_visible()
    first = page.locator(".passage").first
    expect(first).to_contain_text("<script>alert(1)</script>")
    assert page.locator(".passage").count() == 20
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("served_round", [{"aids": True, "confidence": True}], indirect=True)
def test_a_closer_look_by_key_locks_the_verdict_and_keeps_what_was_being_written(
    page: Page, served_round: ServedRound
) -> None:
    open_first_item(page, served_round)
    page.keyboard.press("a")  # before the verdict there is nothing to open
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    page.keyboard.press("h")
    page.keyboard.type("fruit")
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="4").check()
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="A closer look")).to_be_visible()
    expect(page.locator("#hypothesis")).to_have_value("fruit")
    expect(page.get_by_role("radio", name="4")).to_be_checked()
    expect(page.get_by_role("button", name="Look closer")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    wait_for_item(page, served_round.codes[1])
    wait_until_sent(page)
    expect(page.get_by_role("link", name="Change last answer")).to_have_count(0)
    assert standing_answers(served_round) == {served_round.codes[0]: ("interpretable", "fruit")}


@pytest.mark.parametrize("served_round", [{"aids": True}], indirect=True)
def test_a_mark_shows_its_strength_to_pointer_and_keyboard(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    assert peak_tooltip(page) == "none"
    page.keyboard.press("a")
    peak = page.locator("mark[data-peak][data-strength]").first
    peak.hover()
    assert peak_tooltip(page) == '"100 %"'
    page.mouse.move(0, 0)
    assert peak_tooltip(page) == "none"
    peak.focus()
    assert peak_tooltip(page) == '"100 %"'


def peak_tooltip(page: Page) -> str:
    """The text of the tooltip over the first peak."""
    return str(
        page.evaluate("getComputedStyle(document.querySelector('.passages mark[data-peak]'), '::after').content")
    )
