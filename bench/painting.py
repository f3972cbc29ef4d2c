"""Measures the time from a key press to the paint of the next item, in a real Chromium.

    python -m bench.painting [items]

One evaluator who gives verdicts only in a round of the demo's models, SQLite, a real server on the loopback interface.
The next page is fetched ahead, as it always is.
"""

import shutil
import sys

import httpx2
from playwright.sync_api import Page, sync_playwright

from app.robots.visitor import Visitor
from app.robots.walk import Answers, walk_round
from bench.judging import describe_times, serve_real_round

ITEMS = 40
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""Names of Chromium on the path; without one, Playwright's own is used."""
STOPWATCH = """
  window.painted = [];
  addEventListener("keydown", (event) => (window.pressed = event.timeStamp), { capture: true });
  new MutationObserver((changes) => {
    if (!changes.some((change) => [...change.addedNodes].some((node) => node.matches?.("main.judging-page")))) return;
    requestAnimationFrame(() => {
      const after = new MessageChannel(); // its message comes once the frame is painted
      after.port1.onmessage = () => painted.push(performance.now() - pressed);
      after.port2.postMessage(null);
    });
  }).observe(document, { childList: true, subtree: true });
"""
PAUSE_BEFORE_KEY_MS = 300
"""The pause before each key press, in which the next page arrives; people take a minute."""
SHOWS_ANOTHER_ITEM = "item => (document.querySelector('main').dataset.item ?? item) !== item"


def main(item_count: int) -> None:
    """Print the median and the 95th percentile of the times between a key and its page."""
    with serve_real_round(item_count) as (address, token), sync_playwright() as playwright:
        executable = next((path for name in BROWSERS if (path := shutil.which(name))), None)
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-quic"])
        context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 800})
        context.add_cookies([{"name": name, "value": value, "url": address} for name, value in enrol(address, token)])
        page = context.new_page()
        page.add_init_script(STOPWATCH)
        milliseconds = measure_paints(page, item_count)
        browser.close()
    print(f"key to painted: {describe_times(milliseconds)}")


def enrol(address: str, token: str) -> list[tuple[str, str]]:
    """Agree to take part, and return the session's cookies, so that the browser can go on."""
    with httpx2.Client(base_url=address, follow_redirects=True) as client:
        pages = walk_round(Visitor(client), token, Answers(lambda _page: "interpretable"))
        next(page for page in pages if page.step == "verdict")
        return list(client.cookies.items())


def measure_paints(page: Page, item_count: int) -> list[float]:
    """Answer every item but the last by a key press; returns the milliseconds until each paint."""
    page.goto("/judge")
    for _ in range(item_count - 1):
        item = page.locator("main").get_attribute("data-item")
        page.wait_for_timeout(PAUSE_BEFORE_KEY_MS)
        page.keyboard.press("1")
        page.wait_for_function(SHOWS_ANOTHER_ITEM, arg=item)
        page.wait_for_selector("[data-saving=saved]")
    return [float(milliseconds) for milliseconds in page.evaluate("painted")]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ITEMS)
