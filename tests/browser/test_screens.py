"""Every screen and every reader: phone, 400 % zoom, forced colours, right-to-left text, the reader's own theme."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.evaluator_actions import (
    open_first_item,
    stored_judgments,
    wait_for_saving,
    wait_for_step,
    wait_until_ready,
    wait_until_sent,
)
from tests.web.served_round import ServedRound


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 256), (320, 568), (768, 1024), (2560, 1440)])
def test_no_item_page_scrolls_sideways(page: Page, served_round: ServedRound, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    open_first_item(page, served_round)
    for _ in range(2):
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("1")
        wait_for_step(page, "hypothesis")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("Control+Enter")
        wait_for_step(page, "verdict")


def test_both_answers_are_in_sight_on_a_phone(page: Page, served_round: ServedRound) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_first_item(page, served_round)
    for button in page.locator("button.verdict").all():
        expect(button).to_be_in_viewport(ratio=1)
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 36


def test_the_peak_jumped_to_is_above_the_panel_on_a_phone(page: Page, served_round: ServedRound) -> None:
    page.set_viewport_size({"width": 375, "height": 667})
    open_first_item(page, served_round)
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    for number in range(3):
        page.keyboard.press("n")
        expect(page.locator(".passage.current")).to_have_attribute("data-passage", str(number + 1))
        page.wait_for_function(
            "() => { const box = (one) => document.querySelector(one).getBoundingClientRect();"
            " const peak = box('.passage.current [data-peak]');"
            " return peak.top >= 0 && peak.bottom <= box('.panel').top }"
        )


def test_levels_can_be_told_apart_without_colours(page: Page, served_round: ServedRound) -> None:
    page.emulate_media(forced_colors="active")
    open_first_item(page, served_round)
    lines = [
        page.locator(f"mark[data-level='{level}']").first.evaluate(
            "mark => { const style = getComputedStyle(mark);"
            " return style.textDecorationThickness + style.textDecorationStyle }"
        )
        for level in range(1, 6)
    ]
    assert len(set(lines)) == 5


def test_levels_and_peaks_differ_in_more_than_hue(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    lightness = [
        page.locator(f"mark[data-level='{level}']").first.evaluate(
            "mark => getComputedStyle(mark).backgroundColor.match(/\\d+/g).slice(0, 3)"
            ".reduce((sum, part, place) => sum + Number(part) * [0.2126, 0.7152, 0.0722][place], 0)"
        )
        for level in range(1, 6)
    ]
    assert lightness == sorted(lightness, reverse=True)
    peak = page.locator("mark[data-peak]").first
    assert peak.evaluate("mark => getComputedStyle(mark).outlineStyle") == "solid"


def test_right_to_left_text_runs_from_the_right(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    page.locator(".passage pre").first.evaluate("pre => pre.textContent = 'שלום עולם'")
    assert page.locator(".passage pre").first.evaluate("pre => getComputedStyle(pre).direction") == "rtl"


def test_the_readers_own_face_and_theme_are_kept(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    page.keyboard.press("f")
    page.keyboard.press("t")
    page.reload()
    wait_until_ready(page)
    assert "mono" in page.locator(".passage pre").first.evaluate("pre => getComputedStyle(pre).fontFamily").lower()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.keyboard.press("o")
    expect(page.locator(".passages details:not([open])")).to_have_count(0)
    page.keyboard.press("1")
    wait_for_saving(page, "saved")
    wait_until_sent(page)
    assert [(row.unfolded, row.fixed_width) for row in stored_judgments(served_round)] == [(True, True)]


def test_focus_goes_to_what_is_new(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.press("Control+Enter")
    wait_for_step(page, "verdict")
    expect(page.locator("#item-heading")).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("Saved")


def test_the_page_does_not_jump_when_its_heading_takes_the_focus(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    before = top_of(page)
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#item-heading")).to_be_focused()
    assert top_of(page) == before


def top_of(page: Page) -> float:
    return float(page.locator(".passage").first.evaluate("one => one.getBoundingClientRect().top"))
