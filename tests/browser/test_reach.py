"""Every screen and every reader: phone, 400 % zoom, forced colours, right-to-left text, the reader's own theme."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.acting import ready, rows, saving, settle_in, step, taken
from tests.browser.conftest import Site, profile
from tests.web.room import Room


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 256), (320, 568), (768, 1024), (2560, 1440)])
def test_nothing_scrolls_sideways(chromium: Browser, site: Site, room: Room, width: int, height: int) -> None:
    with profile(chromium, site, viewport={"width": width, "height": height}) as context:
        page = context.new_page()
        settle_in(page, room)
        for _ in range(2):
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            page.keyboard.press("1")
            step(page, "hypothesis")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            page.keyboard.press("Control+Enter")
            step(page, "verdict")


def test_both_answers_are_in_sight_on_a_phone(chromium: Browser, site: Site, room: Room) -> None:
    with profile(chromium, site, viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        settle_in(page, room)
        for button in page.locator("button.verdict").all():
            expect(button).to_be_in_viewport(ratio=1)
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= 36


def test_the_peak_jumped_to_is_above_the_panel_on_a_phone(chromium: Browser, site: Site, room: Room) -> None:
    with profile(chromium, site, viewport={"width": 375, "height": 667}) as context:
        page = context.new_page()
        settle_in(page, room)
        page.keyboard.press("1")
        step(page, "hypothesis")
        for number in range(3):
            page.keyboard.press("n")
            expect(page.locator(".passage.here")).to_have_attribute("data-passage", str(number + 1))
            page.wait_for_function(
                "() => { const box = (one) => document.querySelector(one).getBoundingClientRect();"
                " const peak = box('.passage.here [data-peak]');"
                " return peak.top >= 0 && peak.bottom <= box('.panel').top }"
            )


def test_levels_can_be_told_apart_without_colours(chromium: Browser, site: Site, room: Room) -> None:
    with profile(chromium, site, forced_colors="active") as context:
        page = context.new_page()
        settle_in(page, room)
        lines = [
            page.locator(f"mark[data-level='{level}']").first.evaluate(
                "mark => { const style = getComputedStyle(mark);"
                " return style.textDecorationThickness + style.textDecorationStyle }"
            )
            for level in range(1, 6)
        ]
        assert len(set(lines)) == 5


def test_levels_and_peaks_differ_in_more_than_hue(context: BrowserContext, room: Room) -> None:
    page = context.new_page()
    settle_in(page, room)
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


def test_right_to_left_text_runs_from_the_right(context: BrowserContext, room: Room) -> None:
    page = context.new_page()
    settle_in(page, room)
    page.locator(".passage pre").first.evaluate("pre => pre.textContent = 'שלום עולם'")
    assert page.locator(".passage pre").first.evaluate("pre => getComputedStyle(pre).direction") == "rtl"


def test_the_readers_own_face_and_theme_are_kept(context: BrowserContext, room: Room) -> None:
    page = context.new_page()
    settle_in(page, room)
    page.keyboard.press("f")
    page.keyboard.press("t")
    page.reload()
    ready(page)
    assert "mono" in page.locator(".passage pre").first.evaluate("pre => getComputedStyle(pre).fontFamily").lower()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.keyboard.press("o")
    expect(page.locator(".passages details:not([open])")).to_have_count(0)
    page.keyboard.press("1")
    saving(page, "saved")
    taken(page)
    assert [(row.unfolded, row.fixed_width) for row in rows(room)] == [(True, True)]


def test_focus_goes_to_what_is_new(context: BrowserContext, room: Room) -> None:
    page: Page = context.new_page()
    settle_in(page, room)
    page.keyboard.press("1")
    step(page, "hypothesis")
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.press("Control+Enter")
    step(page, "verdict")
    expect(page.locator("#item-heading")).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("Saved")


def test_the_page_does_not_jump_when_its_heading_takes_the_focus(context: BrowserContext, room: Room) -> None:
    page = context.new_page()
    settle_in(page, room)
    before = top_of(page)
    page.keyboard.press("1")
    step(page, "hypothesis")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#item-heading")).to_be_focused()
    assert top_of(page) == before


def top_of(page: Page) -> float:
    return float(page.locator(".passage").first.evaluate("one => one.getBoundingClientRect().top"))
