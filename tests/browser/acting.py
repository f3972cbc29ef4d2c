"""What evaluators do in a browser, and what the database says of it afterwards."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.robots.page import read_page
from app.store.tables import JudgmentRow
from tests.web.room import Room

VERDICTS = ("interpretable", "not_interpretable")
LISTEN = """
  window.said = [];
  new MutationObserver((changes) => changes.forEach((one) => said.push(one.target.dataset.saving)))
    .observe(document, { subtree: true, attributeFilter: ["data-saving"] });
"""
"""Runs in every page before its own scripts, and notes each thing that it says of the answer on its way."""


def rows(room: Room) -> list[JudgmentRow]:
    """Every judgment, in the order in which they came."""
    with room.database.reading() as session:
        return list(session.scalars(select(JudgmentRow).order_by(JudgmentRow.id)))


def final(room: Room) -> dict[str, tuple[str, str]]:
    """The verdict and the hypothesis that stand, by item."""
    return {row.item: (row.verdict, row.hypothesis) for row in rows(room)}


def step(page: Page, name: str) -> None:
    """Wait until the page asks this."""
    expect(page.locator(f"main[data-step={name}]")).to_be_visible()


def on_item(page: Page, code: str) -> None:
    """Wait until this item is shown."""
    expect(page.locator(f"main[data-item={code}]")).to_be_visible()


def saving(page: Page, state: str) -> None:
    """Wait until the page says this of the answer on its way. Only for what it goes on saying: see `said`."""
    expect(page.locator(f"[data-saving={state}]")).to_be_visible()


def taken(page: Page) -> None:
    """Wait until the server has taken every answer that was given: only then is the browser's own copy gone."""
    for _ in range(1200):
        if page.evaluate("Object.keys(localStorage).every(place => !place.startsWith('first-glance-answer'))"):
            return
        page.wait_for_timeout(50)
    pytest.fail("an answer was never taken")


def said(page: Page) -> list[str]:
    """All that the page has said of answers on their way since it was loaded, however briefly."""
    return list(page.evaluate("said"))


def heard(page: Page, state: str) -> None:
    """Wait until the page has said this of an answer at least once since it was loaded, however briefly."""
    page.wait_for_function("state => said.includes(state)", arg=state)


def ready(page: Page) -> None:
    """Wait until the page listens to keys: its own buttons show them from then on."""
    expect(page.locator("button[data-act=next]")).to_be_visible()


def arrive(page: Page, room: Room) -> None:
    """From the invitation to the first item."""
    page.goto(f"/i/{room.token}")
    page.get_by_role("button", name="Come in").press("Enter")
    page.get_by_role("button", name="I agree").press("Enter")
    page.get_by_role("link", name="Begin").press("Enter")
    step(page, "verdict")


def settle_in(page: Page, room: Room) -> None:
    """Be at the first item, where scripts run: in and agreed by the same requests as `arrive`, without the pages."""
    requests = page.context.request
    consent = read_page(requests.post(f"/i/{room.token}").text()).require_form("consent")
    requests.post(consent.action, form={**consent.fields})
    page.goto("/judge")
    ready(page)
