"""Actions of an evaluator in a browser, and what the database stores of them."""

import pytest
from playwright.sync_api import Page, expect

from app.robots.page import read_page
from tests.web.served_round import ServedRound
from tests.web.served_round import stored_judgments as stored_judgments

VERDICTS = ("interpretable", "not_interpretable")
RECORD_SAVING_STATES = """
  window.savingStates = [];
  new MutationObserver((changes) => changes.forEach((change) => savingStates.push(change.target.dataset.saving)))
    .observe(document, { subtree: true, attributeFilter: ["data-saving"] });
"""
"""Runs in every page before its own scripts, and records every saving state that the page shows."""


def standing_answers(served_round: ServedRound) -> dict[str, tuple[str, str]]:
    """{item: its latest (verdict, hypothesis)}."""
    return {row.item: (row.verdict, row.hypothesis) for row in stored_judgments(served_round)}


def wait_for_step(page: Page, name: str) -> None:
    """Wait until the page is at this step."""
    expect(page.locator(f"main[data-step={name}]")).to_be_visible()


def wait_for_item(page: Page, code: str) -> None:
    """Wait until this item is shown."""
    expect(page.locator(f"main[data-item={code}]")).to_be_visible()


def wait_for_saving(page: Page, state: str) -> None:
    """Wait until the page shows this saving state. It may miss a brief one: use `wait_until_shown` for these."""
    expect(page.locator(f"[data-saving={state}]")).to_be_visible()


def wait_until_sent(page: Page) -> None:
    """Wait until the server has stored every answer: then the browser deletes its own copies."""
    for _ in range(1200):
        if page.evaluate("Object.keys(localStorage).every(key => !key.startsWith('first-glance-answer'))"):
            return
        page.wait_for_timeout(50)
    pytest.fail("the browser still has an answer that was not sent")


def saving_states(page: Page) -> list[str]:
    """Every saving state that the page has shown since it was loaded, however briefly."""
    return list(page.evaluate("savingStates"))


def wait_until_shown(page: Page, state: str) -> None:
    """Wait until the page has shown this saving state at least once since it was loaded, however briefly."""
    page.wait_for_function("state => savingStates.includes(state)", arg=state)


def wait_until_ready(page: Page) -> None:
    """Wait until the page listens to keys: its script shows the buttons then."""
    expect(page.locator("button[data-action=next]")).to_be_visible()


def walk_to_first_item(page: Page, served_round: ServedRound) -> None:
    """Go from the invitation to the first item through every page between."""
    page.goto(f"/i/{served_round.token}")
    page.get_by_role("button", name="Come in").press("Enter")
    page.get_by_role("button", name="I agree").press("Enter")
    page.get_by_role("link", name="Begin").press("Enter")
    wait_for_step(page, "verdict")


def open_first_item(page: Page, served_round: ServedRound) -> None:
    """Open the first item with the same requests as `walk_to_first_item`, but without showing the pages before it."""
    requests = page.context.request
    consent = read_page(requests.post(f"/i/{served_round.token}").text()).require_form("consent")
    requests.post(consent.action, form={**consent.fields})
    page.goto("/judge")
    wait_until_ready(page)
