"""What evaluators do in a browser, and what the database says of it afterwards."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.robots.page import read_page
from app.store.tables import JudgmentRow
from tests.web.room import Room

VERDICTS = ("interpretable", "not_interpretable")
RECORD_SAVING_STATES = """
  window.savingStates = [];
  new MutationObserver((changes) => changes.forEach((change) => savingStates.push(change.target.dataset.saving)))
    .observe(document, { subtree: true, attributeFilter: ["data-saving"] });
"""
"""Runs in every page before its own scripts, and records each thing that it says of the answer on its way."""


def stored_judgments(room: Room) -> list[JudgmentRow]:
    """Every judgment, in the order in which they came."""
    with room.database.reading() as session:
        return list(session.scalars(select(JudgmentRow).order_by(JudgmentRow.id)))


def standing_answers(room: Room) -> dict[str, tuple[str, str]]:
    """The verdict and the hypothesis that stand, by item."""
    return {row.item: (row.verdict, row.hypothesis) for row in stored_judgments(room)}


def wait_for_step(page: Page, name: str) -> None:
    """Wait until the page asks this."""
    expect(page.locator(f"main[data-step={name}]")).to_be_visible()


def wait_for_item(page: Page, code: str) -> None:
    """Wait until this item is shown."""
    expect(page.locator(f"main[data-item={code}]")).to_be_visible()


def wait_for_saving(page: Page, state: str) -> None:
    """Wait until the page says this of the answer on its way. Only for what it goes on saying: see `saving_states`."""
    expect(page.locator(f"[data-saving={state}]")).to_be_visible()


def wait_until_sent(page: Page) -> None:
    """Wait until the server has taken every answer that was given: only then is the browser's own copy gone."""
    for _ in range(1200):
        if page.evaluate("Object.keys(localStorage).every(place => !place.startsWith('first-glance-answer'))"):
            return
        page.wait_for_timeout(50)
    pytest.fail("an answer was never taken")


def saving_states(page: Page) -> list[str]:
    """All that the page has said of answers on their way since it was loaded, however briefly."""
    return list(page.evaluate("savingStates"))


def wait_until_said(page: Page, state: str) -> None:
    """Wait until the page has said this of an answer at least once since it was loaded, however briefly."""
    page.wait_for_function("state => savingStates.includes(state)", arg=state)


def wait_until_ready(page: Page) -> None:
    """Wait until the page listens to keys: its own buttons show them from then on."""
    expect(page.locator("button[data-act=next]")).to_be_visible()


def walk_to_first_item(page: Page, room: Room) -> None:
    """From the invitation to the first item."""
    page.goto(f"/i/{room.token}")
    page.get_by_role("button", name="Come in").press("Enter")
    page.get_by_role("button", name="I agree").press("Enter")
    page.get_by_role("link", name="Begin").press("Enter")
    wait_for_step(page, "verdict")


def open_first_item(page: Page, room: Room) -> None:
    """Be at the first item, where scripts run, by the same requests as `walk_to_first_item` but without its pages."""
    requests = page.context.request
    consent = read_page(requests.post(f"/i/{room.token}").text()).require_form("consent")
    requests.post(consent.action, form={**consent.fields})
    page.goto("/judge")
    wait_until_ready(page)
