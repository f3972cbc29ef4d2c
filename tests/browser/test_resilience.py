"""After every mishap the server has what the evaluator saw confirmed, once; and what is not saved yet says so."""

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.acting import final, heard, on_item, ready, rows, said, saving, settle_in, step, taken
from tests.browser.conftest import Site
from tests.web.room import Room


@pytest.fixture
def page(context: BrowserContext, room: Room) -> Page:
    """Ada at her first item, where requests can be held up from the start.

    A page that begins to be held up while it is at work may still send one request past whoever holds it.
    """
    context.route("**/nobody-asks-for-this", lambda route: route.abort())
    found = context.new_page()
    settle_in(found, room)
    return found


def cut(context: BrowserContext) -> None:
    """From now on nothing arrives; each request fails at once, and the browser is not told that it is offline."""
    context.route("**/*", lambda route: route.abort("internetdisconnected"))


def mend(context: BrowserContext) -> None:
    """The network is back."""
    context.unroute_all()


def answered(page: Page, text: str) -> None:
    """Answer the item at hand: INTERPRETABLE, and the text for its rule."""
    step(page, "verdict")
    page.keyboard.press("1")
    step(page, "hypothesis")
    page.locator("#hypothesis").fill(text)
    page.keyboard.press("Control+Enter")


def test_an_answer_waits_out_a_dead_network(page: Page, context: BrowserContext, room: Room) -> None:
    cut(context)
    page.keyboard.press("1")
    step(page, "hypothesis")
    heard(page, "waiting")
    page.locator("#hypothesis").fill("typed without a network")
    page.keyboard.press("Control+Enter")
    expect(page.locator("main[data-step=hypothesis] button[aria-disabled=true]").first).to_be_visible()
    assert rows(room) == []
    mend(context)
    on_item(page, room.codes[1])
    saving(page, "saved")
    taken(page)
    assert final(room) == {room.codes[0]: ("interpretable", "typed without a network")}
    assert len(rows(room)) == 2


def test_an_answer_survives_a_closed_tab(page: Page, context: BrowserContext, room: Room) -> None:
    cut(context)
    page.keyboard.press("2")
    heard(page, "waiting")
    page.close()
    mend(context)
    again = context.new_page()
    again.goto("/judge")
    step(again, "hypothesis")
    taken(again)
    assert [row.verdict for row in rows(room)] == ["not_interpretable"]
    assert (rows(room)[0].judged_at - rows(room)[0].shown_at).total_seconds() < 60


@pytest.mark.parametrize("room", [{"hypothesis": False}], indirect=True)
def test_every_answer_that_the_page_says_it_keeps_survives_a_closed_tab(
    page: Page, context: BrowserContext, room: Room
) -> None:
    page.wait_for_load_state("networkidle")
    cut(context)
    page.keyboard.press("1")
    on_item(page, room.codes[1])
    heard(page, "waiting")
    page.keyboard.press("2")
    expect(page.locator(".panel button[aria-disabled=true]").first).to_be_visible()
    page.close()
    mend(context)
    again = context.new_page()
    again.goto("/judge")
    on_item(again, room.codes[2])
    taken(again)
    assert [(row.item, row.verdict) for row in rows(room)] == [
        (room.codes[0], "interpretable"),
        (room.codes[1], "not_interpretable"),
    ]


@pytest.mark.parametrize("mishap", ["500", "aborted", "lost", "404", "429", "200"])
def test_a_save_that_fails_twice_is_sent_until_it_is_taken(page: Page, room: Room, mishap: str) -> None:
    failures: list[str] = []

    def fail(route: Route) -> None:
        if len(failures) == 2:
            route.continue_()
            return
        failures.append(mishap)
        if mishap.isdigit():  # from something between, whatever it says
            route.fulfill(status=int(mishap), content_type="text/html", body="<main><h1>Hotel network</h1></main>")
            return
        if mishap == "lost":
            route.fetch()  # it arrives, and its answer is lost on the way back
        route.abort("connectionreset")

    page.route("**/judge/verdict", fail)
    page.keyboard.press("1")
    saving(page, "saved")
    assert said(page) == ["saving", "waiting", "saving", "waiting", "saving", "saved"]
    step(page, "hypothesis")
    taken(page)
    assert [row.verdict for row in rows(room)] == ["interpretable"]


@pytest.mark.parametrize("faster", [20, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("arrived", [True, False])
def test_a_save_that_is_never_answered_is_sent_again(page: Page, room: Room, faster: int, arrived: bool) -> None:
    held: list[Route] = []

    def swallow(route: Route) -> None:
        if held:
            route.continue_()
            return
        held.append(route)  # never answered, so the page's own patience ends it
        if arrived:
            route.fetch()

    page.evaluate("by => { const own = AbortSignal.timeout; AbortSignal.timeout = time => own(time / by); }", faster)
    page.route("**/judge/verdict", swallow)
    page.keyboard.press("1")
    saving(page, "saved")
    assert said(page) == ["saving", "waiting", "saving", "saved"]
    step(page, "hypothesis")
    taken(page)
    assert [row.verdict for row in rows(room)] == ["interpretable"]


@pytest.mark.parametrize("seconds", [2, pytest.param(30, marks=pytest.mark.slow)])
def test_a_network_cut_in_the_middle_of_a_round_loses_nothing(
    page: Page, context: BrowserContext, room: Room, seconds: float
) -> None:
    answered(page, "before the cut")
    on_item(page, room.codes[1])
    taken(page)
    context.set_offline(True)
    answered(page, "during the cut")
    heard(page, "waiting")
    page.wait_for_timeout(1000 * seconds)
    on_item(page, room.codes[1])
    assert final(room) == {room.codes[0]: ("interpretable", "before the cut")}
    context.set_offline(False)
    for code in room.codes[2:]:
        on_item(page, code)
        answered(page, "after the cut")
    step(page, "done")
    texts = ["before the cut", "during the cut", *["after the cut"] * 3]
    taken(page)
    assert final(room) == {code: ("interpretable", text) for code, text in zip(room.codes, texts, strict=True)}
    assert len(rows(room)) == 10


def test_a_refused_answer_says_so_and_moves_on_to_nothing(page: Page, room: Room) -> None:
    page.locator("button[value=interpretable]").evaluate("button => button.value = 'nonsense'")
    page.keyboard.press("1")
    expect(page.get_by_role("alert")).to_contain_text("choose one of the buttons")
    saving(page, "refused")
    assert rows(room) == []


def test_two_tabs_do_not_contradict_each_other_unseen(page: Page, context: BrowserContext, room: Room) -> None:
    other = context.new_page()
    other.goto("/judge")
    ready(other)
    page.keyboard.press("1")
    saving(page, "saved")
    other.keyboard.press("2")
    expect(other.get_by_role("alert")).to_contain_text("You already answered this item: INTERPRETABLE")
    taken(page)
    assert [row.verdict for row in rows(room)] == ["interpretable"]


@pytest.mark.parametrize("room", [{"hypothesis": False}], indirect=True)
def test_two_tabs_without_a_network_lose_neither_answer(page: Page, context: BrowserContext, room: Room) -> None:
    page.keyboard.press("1")
    on_item(page, room.codes[1])
    taken(page)
    other = context.new_page()
    other.goto(f"/judge/item/{room.codes[0]}")
    ready(other)
    cut(context)
    page.keyboard.press("1")
    heard(page, "waiting")
    other.keyboard.press("2")
    heard(other, "waiting")
    mend(context)
    saving(page, "saved")
    saving(other, "saved")
    taken(page)
    stand = {code: verdict for code, (verdict, _) in final(room).items()}
    assert stand == {room.codes[0]: "not_interpretable", room.codes[1]: "interpretable"}


def test_of_two_tabs_that_answered_one_item_one_is_told(page: Page, context: BrowserContext, room: Room) -> None:
    other = context.new_page()
    other.goto("/judge")
    ready(other)
    cut(context)
    for tab, key in ((page, "1"), (other, "2")):
        tab.keyboard.press(key)
        heard(tab, "waiting")
    mend(context)
    for tab in (page, other):
        tab.wait_for_function("() => ['saved', 'refused'].includes(said.at(-1))")
    assert sorted(said(tab)[-1] for tab in (page, other)) == ["refused", "saved"]
    taken(page)
    assert len(rows(room)) == 1


def test_a_reload_at_every_step_loses_and_repeats_nothing(page: Page, room: Room) -> None:
    for number, code in enumerate(room.codes):
        page.reload()
        ready(page)
        on_item(page, code)
        page.keyboard.press("1")
        step(page, "hypothesis")
        saving(page, "saved")
        page.locator("#hypothesis").fill(f"draft {number}")
        page.reload()
        ready(page)
        expect(page.locator("#hypothesis")).to_have_value(f"draft {number}")
        page.keyboard.press("Control+Enter")
        if code != room.codes[-1]:
            on_item(page, room.codes[number + 1])
            saving(page, "saved")
    step(page, "done")
    page.reload()
    step(page, "done")
    taken(page)
    assert [text for _, text in final(room).values()] == [f"draft {number}" for number in range(5)]
    assert len(rows(room)) == 10


def test_the_server_may_go_away_and_come_back(page: Page, site: Site, room: Room) -> None:
    site.stop()
    page.keyboard.press("1")
    heard(page, "waiting")
    site.start()
    saving(page, "saved")
    assert [row.verdict for row in rows(room)] == ["interpretable"]


def test_a_new_session_elsewhere_keeps_the_answer_until_the_link_is_opened_again(
    page: Page, context: BrowserContext, room: Room
) -> None:
    context.clear_cookies()
    page.keyboard.press("1")
    expect(page.get_by_role("alert")).to_contain_text("Open your invitation link again")
    assert rows(room) == []
    page.goto(f"/i/{room.token}")
    page.get_by_role("button", name="Come in").click()
    step(page, "hypothesis")
    assert [row.verdict for row in rows(room)] == ["interpretable"]


def test_the_next_item_is_painted_before_the_server_answers(page: Page, room: Room) -> None:
    page.keyboard.press("1")
    saving(page, "saved")
    held: list[Route] = []
    asked: list[str] = []
    page.route("**/judge/hypothesis", lambda route: held.append(route))
    page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    page.keyboard.press("Control+Enter")
    on_item(page, room.codes[1])
    saving(page, "saving")
    page.wait_for_timeout(500)
    assert room.codes[1] not in asked, "the page after this one was asked for before the answer was in"
    with page.expect_request(f"**/judge/ahead/{room.codes[1]}"):
        held[0].continue_()
    saving(page, "saved")
    on_item(page, room.codes[1])
