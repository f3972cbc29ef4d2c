"""From a key press to the next item painted, in a real Chromium, with the next page fetched ahead.

    python -m bench.painting [items]

One evaluator who gives verdicts only, 200 tokens in each of 20 passages, SQLite, a real server on the loopback
interface.
"""

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.judging import PORT, serve
from tests.browser.acting import arrive, on_item, saving
from tests.browser.conftest import FLAGS, NAMES
from tests.web.room import Room

STOPWATCH = """
  window.painted = [];
  addEventListener("keydown", (event) => (window.pressed = event.timeStamp), { capture: true });
  new MutationObserver((changes) => {
    if (!changes.some((one) => [...one.addedNodes].some((node) => node.matches?.("main.desk")))) return;
    requestAnimationFrame(() => {
      const after = new MessageChannel(); // its message comes once the frame is painted
      after.port1.onmessage = () => painted.push(performance.now() - pressed);
      after.port2.postMessage(null);
    });
  }).observe(document, { childList: true, subtree: true });
"""
THINKING = 300
"""Milliseconds before each key, in which the next page arrives: people take a minute."""


def judge(page: Page, room: Room) -> list[float]:
    arrive(page, room)
    for code in room.codes[1:]:
        page.wait_for_timeout(THINKING)
        page.keyboard.press("1")
        on_item(page, code)
        saving(page, "saved")
    return [float(one) for one in page.evaluate("painted")]


def run(items: int) -> list[float]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        room = serve(Path(folder), items)
        installed = next((path for name in NAMES if (path := shutil.which(name))), None)
        browser = playwright.chromium.launch(executable_path=installed, args=FLAGS)
        page = browser.new_page(base_url=f"http://127.0.0.1:{PORT}", viewport={"width": 1280, "height": 800})
        page.add_init_script(STOPWATCH)
        times = judge(page, room)
        browser.close()
    return times


if __name__ == "__main__":
    found = run(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
    cuts = statistics.quantiles(found, n=20)
    print(f"key to painted: p50 {statistics.median(found):.0f} ms, p95 {cuts[18]:.0f} ms, n {len(found)}")
