"""Changing an answer in a browser: undo opens the answer just given, and a reload loses no reading time."""

from playwright.sync_api import Page, expect

from tests.browser.evaluator_actions import (
    open_first_item,
    standing_answers,
    stored_judgments,
    wait_for_item,
    wait_for_step,
    wait_until_ready,
    wait_until_sent,
)
from tests.web.served_round import ServedRound


def test_a_key_pressed_by_mistake_is_taken_back_at_once_and_no_word_is_lost(
    page: Page, served_round: ServedRound
) -> None:
    open_first_item(page, served_round)
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    page.locator("#hypothesis").fill("fruit, half writ")
    expect(page.locator("a[data-shortcut=u]")).to_be_visible()
    page.locator("#hypothesis").press("Escape")
    page.keyboard.press("u")
    wait_for_step(page, "verdict")
    wait_for_item(page, served_round.codes[0])
    expect(page.locator("button[value=interpretable]")).to_have_attribute("aria-pressed", "true")
    wait_until_ready(page)
    page.keyboard.press("2")
    wait_for_step(page, "hypothesis")
    expect(page.locator("#hypothesis")).to_have_value("fruit, half writ")
    page.keyboard.press("Control+Enter")
    wait_for_item(page, served_round.codes[1])
    wait_until_sent(page)
    assert standing_answers(served_round) == {served_round.codes[0]: ("not_interpretable", "fruit, half writ")}


def test_a_rule_left_for_an_earlier_item_is_asked_for_again(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    page.keyboard.press("Control+Enter")
    wait_for_item(page, served_round.codes[1])
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    for _ in range(2):
        wait_until_ready(page)
        page.keyboard.press("u")
        wait_for_step(page, "verdict")
    wait_for_item(page, served_round.codes[0])
    wait_until_ready(page)
    page.keyboard.press("2")
    wait_for_step(page, "hypothesis")
    page.keyboard.press("Control+Enter")
    wait_for_item(page, served_round.codes[1])
    wait_for_step(page, "hypothesis")
    page.keyboard.press("Control+Enter")
    wait_for_item(page, served_round.codes[2])
    wait_until_sent(page)
    assert {code: verdict for code, (verdict, _) in standing_answers(served_round).items()} == {
        served_round.codes[0]: "not_interpretable",
        served_round.codes[1]: "interpretable",
    }


def test_a_reload_takes_no_reading_time_away(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    page.wait_for_timeout(1500)
    page.mouse.move(200, 200)
    page.reload()
    wait_until_ready(page)
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    page.wait_for_timeout(300)
    page.keyboard.press("Control+Enter")
    wait_for_item(page, served_round.codes[1])
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    wait_until_sent(page)
    first, _, second = stored_judgments(served_round)
    assert first.active_seconds >= 1.4
    assert (first.judged_at - first.shown_at).total_seconds() >= 1.4
    assert second.active_seconds < 1.4


def test_an_item_can_be_skipped_while_its_rule_is_asked_for(page: Page, served_round: ServedRound) -> None:
    open_first_item(page, served_round)
    page.keyboard.press("1")
    wait_for_step(page, "hypothesis")
    page.get_by_text("Skip this item").click()
    page.get_by_label("It is distressing to read").check()
    page.get_by_label("Comment, if you like").fill("1 u n")
    page.get_by_role("button", name="Skip it").click()
    wait_for_item(page, served_round.codes[1])
    wait_until_sent(page)
    page.reload()
    wait_for_item(page, served_round.codes[1])
    wait_for_step(page, "verdict")
    expect(page.locator(".progress")).to_have_text("1 of 3 done")
