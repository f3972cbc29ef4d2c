"""How long a crowd waits at the door: many evaluators follow their links within ten seconds.

    python -m bench.joining [evaluators] [seconds]

A real round with overlap 3 and leases, SQLite in a temporary folder, a real server in a process of its own. Each
evaluator opens the link, takes part, agrees, and gets the first item: four requests. One JSON object: milliseconds a
request took (`p50`, `p99`, `worst`), and the whole way from link to first item (`join_p99`).
"""

import json
import multiprocessing
import socket
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from sqlalchemy import select

from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services import rounds, seals
from app.services.admins import add_admin
from app.store.engine import Database
from app.store.schema import migrate
from app.store.tables import AssignmentRow
from app.web.evaluator.padding import response_sizes
from app.web.evaluator.passages import render_passages
from tests.rounds.making import make_archive, two_arms
from tests.web.page import Reader

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept-Encoding": "identity"}


def furnish(url: str, folder: Path, people: int) -> list[str]:
    """An open round in the database, and everyone's invitation."""
    plum, fig = (make_archive(folder / name, seed=seed, width=80, dead=0) for name, seed in (("p", 1), ("f", 2)))
    pool = {"assignment": "overlap", "overlap": 3, "evaluators": 3, "lease_minutes": 60}
    design = two_arms(plum, fig, neurons=60).with_changes(**pool)
    keys = [seals.new_key().recipient, seals.new_key().recipient]
    database = Database(url)
    with database.writing() as session:
        add_admin(session, "Dag", "a long enough password", now())
        made = rounds.create_round(session, design, {one.sha256: one.path for one in (plum, fig)}, "Dag", now())
        seals.seal_round(session, made, keys, render_passages, "Dag", now(), seals.SealOptions(measure=response_sizes))
        rounds.open_round(session, made, "Dag", now())
        names = [f"E{number:03}" for number in range(people)]
        tokens = [rounds.invite_evaluator(session, made, name, False, "Dag", now()).token for name in names]
    database.close()
    return tokens


def serve(url: str, folder: str, place: socket.socket) -> None:
    """The server's process: a socket that waits, then requests until it is ended."""
    from app.cli.serve import web_server

    web_server(Settings(data=Path(folder), secret="s" * 40), Database(url)).run(sockets=[place])


def join(port: int, token: str) -> list[float]:
    """Seconds of each request from the link to the first item."""
    line = HTTPConnection("127.0.0.1", port, timeout=120)
    times: list[float] = []

    def ask(method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[str, str]:
        start = time.perf_counter()
        line.request(method, path, body, headers)
        response = line.getresponse()
        text = response.read().decode()
        times.append(time.perf_counter() - start)
        if response.status >= 400:
            sys.exit(f"{path} was refused with status {response.status}: {text[:300]}")
        return text, response.getheader("set-cookie") or ""

    ask("GET", f"/i/{token}", None, {})
    _, cookie = ask("POST", f"/i/{token}", "", FORM)
    headers = FORM | {"Cookie": cookie.split(";")[0]}
    page, _ = ask("GET", "/judge", None, headers)
    reader = Reader()
    reader.feed(page)
    ask("POST", "/judge/consent", urlencode(reader.forms[0][1]), headers)
    page, _ = ask("GET", "/judge", None, headers)
    if "data-item=" not in page:
        sys.exit("An evaluator got no item.")
    return times


def main(people: int, seconds: float) -> dict[str, Any]:
    """The crowd comes in evenly over `seconds`; everyone on a thread of their own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'bench.db'}"
        migrate(url)
        tokens = furnish(url, folder, people)
        from app.cli.serve import bound_socket

        with bound_socket(Settings(data=folder, secret="s" * 40, port=0)) as place:
            port = place.getsockname()[1]
            process = multiprocessing.get_context("spawn").Process(target=serve, args=(url, name, place))
            process.start()
            _wait(port)
            found = _crowd(port, tokens, seconds)
            process.terminate()
            process.join()
        database = Database(url)
        with database.reading() as session:
            leased = len(session.scalars(select(AssignmentRow)).all())
    each = [1000 * one for times in found for one in times]
    whole = [1000 * sum(times) for times in found]
    p50, p99 = np.quantile(each, [0.5, 0.99])
    return {
        "evaluators": people, "seconds": seconds, "items_given": leased, "p50": round(p50, 1), "p99": round(p99, 1),
        "worst": round(max(each), 1), "join_p99": round(float(np.quantile(whole, 0.99)), 1),
    }  # fmt: skip


def _wait(port: int) -> None:
    line = HTTPConnection("127.0.0.1", port, timeout=120)
    line.request("GET", "/nowhere")
    line.getresponse().read()


def _crowd(port: int, tokens: list[str], seconds: float) -> list[list[float]]:
    start, ready = time.perf_counter(), threading.Barrier(len(tokens))

    def come(number: int) -> list[float]:
        ready.wait()
        time.sleep(max(0.0, start + seconds * number / len(tokens) - time.perf_counter()))
        return join(port, tokens[number])

    with ThreadPoolExecutor(len(tokens)) as pool:
        return list(pool.map(come, range(len(tokens))))


if __name__ == "__main__":
    given = sys.argv[1:]
    print(json.dumps(main(int(given[0]) if given else 200, float(given[1]) if len(given) > 1 else 10.0)))
