"""Second thoughts in a browser: the answer just given is what undo reaches, and a reload takes no time away."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.acting import final, on_item, ready, rows, settle_in, step, taken
from tests.web.room import Room


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page on a screen of ordinary size."""
    return context.new_page()


def test_a_key_pressed_by_mistake_is_taken_back_at_once_and_no_word_is_lost(page: Page, room: Room) -> None:
    settle_in(page, room)
    page.keyboard.press("1")
    step(page, "hypothesis")
    page.locator("#hypothesis").fill("fruit, half writ")
    expect(page.locator("a[data-key-of=u]")).to_be_visible()
    page.locator("#hypothesis").press("Escape")
    page.keyboard.press("u")
    step(page, "verdict")
    on_item(page, room.codes[0])
    expect(page.locator("button[value=interpretable]")).to_have_attribute("aria-pressed", "true")
    ready(page)
    page.keyboard.press("2")
    step(page, "hypothesis")
    expect(page.locator("#hypothesis")).to_have_value("fruit, half writ")
    page.keyboard.press("Control+Enter")
    on_item(page, room.codes[1])
    taken(page)
    assert final(room) == {room.codes[0]: ("not_interpretable", "fruit, half writ")}


def test_a_rule_left_for_an_earlier_item_is_asked_for_again(page: Page, room: Room) -> None:
    settle_in(page, room)
    page.keyboard.press("1")
    step(page, "hypothesis")
    page.keyboard.press("Control+Enter")
    on_item(page, room.codes[1])
    page.keyboard.press("1")
    step(page, "hypothesis")
    for _ in range(2):
        ready(page)
        page.keyboard.press("u")
        step(page, "verdict")
    on_item(page, room.codes[0])
    ready(page)
    page.keyboard.press("2")
    step(page, "hypothesis")
    page.keyboard.press("Control+Enter")
    on_item(page, room.codes[1])
    step(page, "hypothesis")
    page.keyboard.press("Control+Enter")
    on_item(page, room.codes[2])
    taken(page)
    assert {code: verdict for code, (verdict, _) in final(room).items()} == {
        room.codes[0]: "not_interpretable",
        room.codes[1]: "interpretable",
    }


def test_a_reload_takes_no_reading_time_away(page: Page, room: Room) -> None:
    settle_in(page, room)
    page.wait_for_timeout(1500)
    page.mouse.move(200, 200)
    page.reload()
    ready(page)
    page.keyboard.press("1")
    step(page, "hypothesis")
    page.wait_for_timeout(300)
    page.keyboard.press("Control+Enter")
    on_item(page, room.codes[1])
    page.keyboard.press("1")
    step(page, "hypothesis")
    taken(page)
    first, _, second = rows(room)
    assert first.active_seconds >= 1.4
    assert (first.judged_at - first.shown_at).total_seconds() >= 1.4
    assert second.active_seconds < 1.4


def test_an_item_can_be_passed_over_at_its_rule(page: Page, room: Room) -> None:
    settle_in(page, room)
    page.keyboard.press("1")
    step(page, "hypothesis")
    page.get_by_text("Skip this item").click()
    page.get_by_label("It is distressing to read").check()
    page.get_by_label("Remark, if you like").fill("1 u n")
    page.get_by_role("button", name="Skip it").click()
    on_item(page, room.codes[1])
    taken(page)
    page.reload()
    on_item(page, room.codes[1])
    step(page, "verdict")
    expect(page.locator(".progress")).to_have_text("1 of 5 done")
