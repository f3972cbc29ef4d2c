"""After every mishap the server has each confirmed answer exactly once, and the page says what is not saved yet."""

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import Site, Window
from tests.browser.evaluator_actions import (
    open_first_item,
    saving_states,
    standing_answers,
    stored_judgments,
    wait_for_item,
    wait_for_saving,
    wait_for_step,
    wait_until_ready,
    wait_until_sent,
    wait_until_shown,
)
from tests.web.served_round import ServedRound

RETRY_SOON = "const own = setTimeout; window.setTimeout = (callback, time) => own(callback, time / 10)"
"""Script for a page that makes the waits between two tries of a save a tenth as long."""


@pytest.fixture
def page(request: pytest.FixtureRequest, window: Window, context: BrowserContext, served_round: ServedRound) -> Page:
    """Ada's page at her first item, with request interception switched on from the start.

    If interception begins while the page is working, one request can still get past it.
    """
    context.route("**/nobody-asks-for-this", lambda route: route.abort())
    open_first_item(window.page, served_round)
    if request.node.get_closest_marker("slow") is None:
        window.page.evaluate(RETRY_SOON)
    return window.page


def cut_network(context: BrowserContext) -> None:
    """Make every request fail at once, without the browser knowing that it is offline."""
    context.route("**/*", lambda route: route.abort("internetdisconnected"))


def restore_network(context: BrowserContext) -> None:
    """Let requests arrive again."""
    context.unroute_all()


def answer_item(page: Page, text: str) -> None:
    """Answer the item at hand: INTERPRETABLE, and the text for its rule."""
    wait_for_step(page, "verdict")
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    page.locator("#hypothesis").fill(text)
    page.keyboard.press("Control+Enter")


def test_an_answer_is_sent_once_the_network_is_back(
    page: Page, context: BrowserContext, served_round: ServedRound
) -> None:
    cut_network(context)
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    wait_until_shown(page, "waiting")
    page.locator("#hypothesis").fill("typed without a network")
    page.keyboard.press("Control+Enter")
    expect(page.locator("main[data-step=hypothesis] button[aria-disabled=true]").first).to_be_visible()
    assert stored_judgments(served_round) == []
    restore_network(context)
    wait_for_item(page, served_round.codes[1])
    wait_for_saving(page, "saved")
    wait_until_sent(page)
    assert standing_answers(served_round) == {served_round.codes[0]: ("interpretable", "typed without a network")}
    assert len(stored_judgments(served_round)) == 2


def test_an_answer_survives_a_closed_tab(page: Page, context: BrowserContext, served_round: ServedRound) -> None:
    cut_network(context)
    page.keyboard.press("2")
    wait_until_shown(page, "waiting")
    page.close()
    restore_network(context)
    again = context.new_page()
    again.goto("/judge")
    wait_for_step(again, "hypothesis")
    wait_until_sent(again)
    assert [row.verdict for row in stored_judgments(served_round)] == ["not_interpretable"]
    assert (
        stored_judgments(served_round)[0].judged_at - stored_judgments(served_round)[0].shown_at
    ).total_seconds() < 60


@pytest.mark.parametrize("served_round", [{"hypothesis": False}], indirect=True)
def test_every_unsent_answer_survives_a_closed_tab(
    page: Page, context: BrowserContext, served_round: ServedRound
) -> None:
    page.wait_for_load_state("networkidle")
    cut_network(context)
    page.keyboard.press("1")
    wait_for_item(page, served_round.codes[1])
    wait_until_shown(page, "waiting")
    page.keyboard.press("2")
    expect(page.locator(".panel button[aria-disabled=true]").first).to_be_visible()
    page.close()
    restore_network(context)
    again = context.new_page()
    again.goto("/judge")
    wait_for_item(again, served_round.codes[2])
    wait_until_sent(again)
    assert [(row.item, row.verdict) for row in stored_judgments(served_round)] == [
        (served_round.codes[0], "interpretable"),
        (served_round.codes[1], "not_interpretable"),
    ]


@pytest.mark.parametrize("mishap", ["500", "aborted", "lost", "404", "429", "200"])
def test_a_save_that_fails_twice_is_sent_until_it_succeeds(page: Page, served_round: ServedRound, mishap: str) -> None:
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
    wait_for_saving(page, "saved")
    assert saving_states(page) == ["saving", "waiting", "saving", "waiting", "saving", "saved"]
    wait_for_step(page, "hypothesis")
    wait_until_sent(page)
    assert [row.verdict for row in stored_judgments(served_round)] == ["interpretable"]


@pytest.mark.parametrize("faster", [20, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("arrived", [True, False])
def test_a_save_that_is_never_answered_is_sent_again(
    page: Page, served_round: ServedRound, faster: int, arrived: bool
) -> None:
    held_routes: list[Route] = []

    def swallow(route: Route) -> None:
        if held_routes:
            route.continue_()
            return
        held_routes.append(route)  # never answered, so the page's own patience ends it
        if arrived:
            route.fetch()

    page.evaluate("by => { const own = AbortSignal.timeout; AbortSignal.timeout = time => own(time / by); }", faster)
    page.route("**/judge/verdict", swallow)
    page.keyboard.press("1")
    wait_for_saving(page, "saved")
    assert saving_states(page) == ["saving", "waiting", "saving", "saved"]
    wait_for_step(page, "hypothesis")
    wait_until_sent(page)
    assert [row.verdict for row in stored_judgments(served_round)] == ["interpretable"]


@pytest.mark.parametrize("seconds", [1, pytest.param(30, marks=pytest.mark.slow)])
def test_a_network_cut_in_the_middle_of_a_round_loses_nothing(
    page: Page, context: BrowserContext, served_round: ServedRound, seconds: float
) -> None:
    answer_item(page, "before the cut")
    wait_for_item(page, served_round.codes[1])
    wait_until_sent(page)
    context.set_offline(True)
    answer_item(page, "during the cut")
    wait_until_shown(page, "waiting")
    page.wait_for_timeout(1000 * seconds)
    wait_for_item(page, served_round.codes[1])
    assert standing_answers(served_round) == {served_round.codes[0]: ("interpretable", "before the cut")}
    context.set_offline(False)
    for code in served_round.codes[2:]:
        wait_for_item(page, code)
        answer_item(page, "after the cut")
    wait_for_step(page, "done")
    texts = ["before the cut", "during the cut", "after the cut"]
    wait_until_sent(page)
    assert standing_answers(served_round) == {
        code: ("interpretable", text) for code, text in zip(served_round.codes, texts, strict=True)
    }
    assert len(stored_judgments(served_round)) == 6


def test_a_refused_answer_says_so_and_shows_no_next_item(page: Page, served_round: ServedRound) -> None:
    page.locator("button[value=interpretable]").evaluate("button => button.value = 'nonsense'")
    page.keyboard.press("1")
    expect(page.get_by_role("alert")).to_contain_text("choose one of the buttons")
    wait_for_saving(page, "refused")
    assert stored_judgments(served_round) == []


def test_a_second_tab_with_another_verdict_is_told_of_the_first(
    page: Page, context: BrowserContext, served_round: ServedRound
) -> None:
    second_tab = context.new_page()
    second_tab.goto("/judge")
    wait_until_ready(second_tab)
    page.keyboard.press("1")
    wait_for_saving(page, "saved")
    second_tab.keyboard.press("2")
    expect(second_tab.get_by_role("alert")).to_contain_text("You already answered this item: INTERPRETABLE")
    wait_until_sent(page)
    assert [row.verdict for row in stored_judgments(served_round)] == ["interpretable"]


@pytest.mark.parametrize("served_round", [{"hypothesis": False}], indirect=True)
def test_two_tabs_without_a_network_lose_neither_answer(
    page: Page, context: BrowserContext, served_round: ServedRound
) -> None:
    page.keyboard.press("1")
    wait_for_item(page, served_round.codes[1])
    wait_until_sent(page)
    second_tab = context.new_page()
    second_tab.goto(f"/judge/item/{served_round.codes[0]}")
    wait_until_ready(second_tab)
    cut_network(context)
    page.keyboard.press("1")
    wait_until_shown(page, "waiting")
    second_tab.keyboard.press("2")
    wait_until_shown(second_tab, "waiting")
    restore_network(context)
    wait_for_saving(page, "saved")
    wait_for_saving(second_tab, "saved")
    wait_until_sent(page)
    stand = {code: verdict for code, (verdict, _) in standing_answers(served_round).items()}
    assert stand == {served_round.codes[0]: "not_interpretable", served_round.codes[1]: "interpretable"}


def test_of_two_tabs_that_answer_an_item_offline_one_is_refused(
    page: Page, context: BrowserContext, served_round: ServedRound
) -> None:
    second_tab = context.new_page()
    second_tab.goto("/judge")
    wait_until_ready(second_tab)
    cut_network(context)
    for tab, key in ((page, "1"), (second_tab, "2")):
        tab.keyboard.press(key)
        wait_until_shown(tab, "waiting")
    restore_network(context)
    for tab in (page, second_tab):
        tab.wait_for_function("() => ['saved', 'refused'].includes(savingStates.at(-1))")
    assert sorted(saving_states(tab)[-1] for tab in (page, second_tab)) == ["refused", "saved"]
    wait_until_sent(page)
    assert len(stored_judgments(served_round)) == 1


def test_a_reload_at_every_step_loses_and_repeats_nothing(page: Page, served_round: ServedRound) -> None:
    for number, code in enumerate(served_round.codes):
        page.reload()
        wait_until_ready(page)
        wait_for_item(page, code)
        page.keyboard.press("1")
        wait_for_step(page, "hypothesis")
        wait_for_saving(page, "saved")
        page.locator("#hypothesis").fill(f"draft {number}")
        page.reload()
        wait_until_ready(page)
        expect(page.locator("#hypothesis")).to_have_value(f"draft {number}")
        page.keyboard.press("Control+Enter")
        if code != served_round.codes[-1]:
            wait_for_item(page, served_round.codes[number + 1])
            wait_for_saving(page, "saved")
    wait_for_step(page, "done")
    page.reload()
    wait_for_step(page, "done")
    wait_until_sent(page)
    assert [text for _, text in standing_answers(served_round).values()] == [f"draft {number}" for number in range(3)]
    assert len(stored_judgments(served_round)) == 6


def test_an_answer_is_saved_once_the_server_is_back(page: Page, site: Site, served_round: ServedRound) -> None:
    site.stop()
    page.keyboard.press("1")
    wait_until_shown(page, "waiting")
    site.start()
    wait_for_saving(page, "saved")
    assert [row.verdict for row in stored_judgments(served_round)] == ["interpretable"]


def test_an_answer_without_a_session_is_sent_after_the_link_is_opened_again(
    page: Page, context: BrowserContext, served_round: ServedRound
) -> None:
    context.clear_cookies()
    page.keyboard.press("1")
    expect(page.get_by_role("alert")).to_contain_text("Open your invitation link again")
    assert stored_judgments(served_round) == []
    page.goto(f"/i/{served_round.token}")
    page.get_by_role("button", name="Come in").click()
    wait_for_step(page, "hypothesis")
    assert [row.verdict for row in stored_judgments(served_round)] == ["interpretable"]


def test_the_next_item_is_painted_before_the_server_answers(page: Page, served_round: ServedRound) -> None:
    page.keyboard.press("1")
    wait_for_saving(page, "saved")
    held_routes: list[Route] = []
    requested: list[str] = []
    page.route("**/judge/hypothesis", lambda route: held_routes.append(route))
    page.on("request", lambda request: requested.append(request.url.rsplit("/", 1)[-1]))
    page.keyboard.press("Control+Enter")
    wait_for_item(page, served_round.codes[1])
    wait_for_saving(page, "saving")
    page.wait_for_timeout(500)
    assert served_round.codes[1] not in requested, "the page after this one was asked for before the answer was in"
    with page.expect_request(f"**/judge/ahead/{served_round.codes[1]}"):
        held_routes[0].continue_()
    wait_for_saving(page, "saved")
    wait_for_item(page, served_round.codes[1])
