"""axe finds nothing to complain of on any page that an evaluator can come to, in either theme."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.acting import arrive, on_item, ready, settle_in, step
from tests.browser.conftest import SCHEMES, Site, profile
from tests.web.room import Room

LAY_OUT_ALL = "document.querySelectorAll('.passage').forEach(one => one.style.contentVisibility = 'visible')"
VERDICTS_ONLY = {"hypothesis": False}


@pytest.fixture
def page(chromium: Browser, site: Site) -> Iterator[Page]:
    """A page that axe looks at in each theme."""
    with profile(chromium, site, reduced_motion="reduce") as context:
        yield context.new_page()


def complaints(page: Page) -> list[str]:
    """What axe finds in either theme; it takes colours by place, so passages out of sight must have theirs."""
    page.evaluate(LAY_OUT_ALL)
    found = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found += [(scheme, one) for one in Axe().run(page).response["violations"]]
    return [
        f"{scheme}: {one['id']}: {one['nodes'][0]['html']} {one['nodes'][0]['failureSummary']}" for scheme, one in found
    ]


def sound(page: Page, names: Iterator[str]) -> list[str]:
    """The names of the pages that a walk stops at; axe has looked at each."""
    found = {name: complaints(page) for name in names}
    assert found == {name: [] for name in found}
    return list(found)


def ways_in(page: Page, room: Room) -> Iterator[str]:
    """Every page before the first item, by name."""
    page.goto("/nowhere")
    yield "error"
    page.goto(f"/i/{room.token}")
    yield "confirm"
    page.get_by_role("button", name="Come in").click()
    yield "consent"
    page.get_by_role("button", name="I would rather not").click()
    yield "declined"
    page.goto(f"/i/{room.token}")
    page.get_by_role("button", name="Come in").click()
    page.get_by_role("button", name="I agree").click()
    yield "instructions"


def pages_of_a_round(page: Page) -> Iterator[str]:
    """The item's two questions, the sheet of keys, and the last page."""
    page.goto("/judge")
    ready(page)
    yield "verdict"
    page.keyboard.press("?")
    yield "keys"
    page.keyboard.press("Escape")
    for number in range(5):
        step(page, "verdict")
        page.keyboard.press("1")
        step(page, "hypothesis")
        if number == 0:
            yield "hypothesis"
        page.keyboard.press("Control+Enter")
    step(page, "done")
    yield "done"


def own_data(page: Page) -> Iterator[str]:
    """What is kept about the evaluator, and the page after its deletion."""
    page.goto("/judge/mine")
    yield "mine"
    page.get_by_label("Yes, delete all my answers").check()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("heading", level=1).wait_for()
    yield "erased"


def second_phase(page: Page, room: Room) -> Iterator[str]:
    """All verdicts given, and the question about the blinding."""
    for code in room.codes:
        on_item(page, code)
        page.get_by_role("button", name="NOT INTERPRETABLE").press("Enter")
    step(page, "phase")
    yield "phase"
    page.get_by_role("button", name="Go on").click()
    step(page, "guess")
    yield "guess"


def test_from_the_invitation_to_the_thanks(page: Page, room: Room) -> None:
    assert len(sound(page, ways_in(page, room)) + sound(page, pages_of_a_round(page))) == 9


def test_the_pages_of_ones_own_data(page: Page, room: Room) -> None:
    arrive(page, room)
    assert sound(page, own_data(page)) == ["mine", "erased"]


@pytest.mark.parametrize("room", [VERDICTS_ONLY | {"blinding_question": "sort"}], indirect=True)
def test_the_second_phase(page: Page, room: Room) -> None:
    arrive(page, room)
    assert sound(page, second_phase(page, room)) == ["phase", "guess"]


@pytest.mark.parametrize("room", [VERDICTS_ONLY | {"daily_cap": 1}], indirect=True)
def test_the_rest_after_a_days_work(page: Page, room: Room) -> None:
    settle_in(page, room)
    page.keyboard.press("1")
    step(page, "rest")
    assert complaints(page) == []


@pytest.mark.parametrize("room", [{"aids": True}], indirect=True)
def test_a_closer_look(page: Page, room: Room) -> None:
    settle_in(page, room)
    page.keyboard.press("1")
    step(page, "hypothesis")
    page.keyboard.press("a")
    page.get_by_role("heading", name="A closer look").wait_for()
    assert complaints(page) == []
