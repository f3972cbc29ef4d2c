"""The server's share of an item: one request that saves a verdict and brings the next page, and the page fetched ahead.

    python bench/judging.py [items]

One evaluator, SQLite in a temporary folder, a real server on the loopback interface, 200 tokens in each of 20 passages.
"""

import statistics
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import uvicorn

from app.foundation.settings import Settings
from app.store.engine import Database
from app.store.schema import migrate
from app.web.app import create_app
from tests.web.page import Reader
from tests.web.room import Room, furnish

PORT = 8791
FORM = {"Content-Type": "application/x-www-form-urlencoded", "X-First-Glance-Swap": "1", "Accept-Encoding": "identity"}


def serve(folder: Path, items: int) -> Room:
    url = f"sqlite:///{folder / 'bench.db'}"
    migrate(url)
    room = furnish(Database(url), items=items, public={"hypothesis": False})
    app = create_app(Settings(data=folder), room.database)
    server = uvicorn.Server(uvicorn.Config(app, port=PORT, log_level="error", access_log=False))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    return room


def ask(
    line: HTTPConnection, method: str, path: str, body: str | None, headers: dict[str, str]
) -> tuple[str, str, float]:
    """The page, the cookie it sets, and the milliseconds it took."""
    start = time.perf_counter()
    line.request(method, path, body, headers)
    response = line.getresponse()
    text = response.read().decode()
    return text, response.getheader("set-cookie") or "", 1000 * (time.perf_counter() - start)


def judge(room: Room) -> dict[str, list[float]]:
    line = HTTPConnection("127.0.0.1", PORT)
    _, cookie, _ = ask(line, "POST", f"/i/{room.token}", "", {})
    headers = FORM | {"Cookie": cookie.split(";")[0]}
    page, _, _ = ask(line, "GET", "/judge", None, headers)
    ask(line, "POST", "/judge/consent", urlencode(reading(page)[1]), headers)
    page, _, _ = ask(line, "GET", "/judge", None, headers)
    times: dict[str, list[float]] = {"save and next": [], "fetched ahead": []}
    for _ in range(len(room.codes) - 1):
        action, fields = reading(page)
        _, _, ahead = ask(line, "GET", f"/judge/ahead/{fields['item']}", None, headers)
        page, _, saved = ask(line, "POST", action, urlencode(fields | {"verdict": "interpretable"}), headers)
        times["save and next"].append(saved)
        times["fetched ahead"].append(ahead)
    return times


def reading(page: str) -> tuple[str, dict[str, str]]:
    reader = Reader()
    reader.feed(page)
    return reader.forms[0]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = judge(serve(Path(folder), int(sys.argv[1]) if len(sys.argv) > 1 else 120))
    for name, values in found.items():
        cuts = statistics.quantiles(values, n=20)
        print(f"{name}: p50 {statistics.median(values):.1f} ms, p95 {cuts[18]:.1f} ms, n {len(values)}")
