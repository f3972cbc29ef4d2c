"""Measures how long pages take when many evaluators follow their links within ten seconds.

    python -m bench.joining [evaluators] [seconds]

A real round with overlap 3 and leases, SQLite in a temporary folder, a real server in a process of its own. Each
evaluator opens the link, takes part, agrees, reads the instructions and gets the first item. One JSON object:
milliseconds that a page took (`p50`, `p99`, `worst`), and the time from link to first item (`join_p99`).
"""

import argparse
import json
import multiprocessing
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from sqlalchemy import select

from app.foundation.json_types import JsonObject
from app.foundation.settings import Settings
from app.robots.visitor import Visitor
from app.robots.walk import Answers, walk_round
from app.store.engine import Database
from app.store.tables import AssignmentRow
from app.web.serving import bound_socket, browser_address, web_server
from bench.real_round import open_real_round

NEURONS_PER_ARM = 60
LEASED_DESIGN: JsonObject = {"assignment": "overlap", "overlap": 3, "evaluators": 3, "lease_minutes": 60}
"""The fields of a design in which items are leased one at a time."""


def measure_joining(evaluator_count: int, seconds: float) -> dict[str, float]:
    """Let the evaluators join evenly over `seconds`, each on a thread of their own, and measure their waits."""
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(data=Path(name), secret="s" * 40, port=0)
        names = [f"E{index:03}" for index in range(evaluator_count)]
        tokens = open_real_round(settings, names, NEURONS_PER_ARM, LEASED_DESIGN)
        with served_in_process(settings) as address:
            waits = run_evaluators(address, tokens, seconds)
        leased = count_assignments(settings)
    page_waits = [1000 * wait for evaluator_waits in waits for wait in evaluator_waits]
    p50, p99 = np.quantile(page_waits, [0.5, 0.99])
    join_p99 = np.quantile([1000 * sum(evaluator_waits) for evaluator_waits in waits], 0.99)
    return {
        "evaluators": evaluator_count,
        "seconds": seconds,
        "items_given": leased,
        "p50": round(float(p50), 1),
        "p99": round(float(p99), 1),
        "worst": round(max(page_waits), 1),
        "join_p99": round(float(join_p99), 1),
    }


@contextmanager
def served_in_process(settings: Settings) -> Iterator[str]:
    """Serve in a process of its own, and yield the address once it answers."""
    with bound_socket(settings) as listener:
        process = multiprocessing.get_context("spawn").Process(target=serve, args=(settings, listener))
        process.start()
        address = browser_address(listener, settings)
        with Visitor.at(address) as visitor:
            visitor.download("/admin/sign-in")
        yield address
        process.terminate()
        process.join()


def serve(settings: Settings, listener: socket.socket) -> None:
    """Run the server until its process is ended."""
    web_server(settings, Database(settings.resolved_database_url)).run(sockets=[listener])


def run_evaluators(address: str, invitation_tokens: Sequence[str], seconds: float) -> list[list[float]]:
    """Let the evaluators join, and return the seconds that each waited for each page."""
    ready = threading.Barrier(len(invitation_tokens))
    start = time.perf_counter()

    def join(index: int) -> list[float]:
        with Visitor.at(address) as visitor:
            ready.wait()
            time.sleep(max(0.0, start + seconds * index / len(invitation_tokens) - time.perf_counter()))
            pages = walk_round(visitor, invitation_tokens[index], Answers(lambda _page: "interpretable"))
            next(page for page in pages if page.item)
            return [wait.seconds for wait in visitor.waits]

    with ThreadPoolExecutor(len(invitation_tokens)) as pool:
        return list(pool.map(join, range(len(invitation_tokens))))


def count_assignments(settings: Settings) -> int:
    """How many items were leased."""
    database = Database(settings.resolved_database_url)
    with database.reading() as session:
        count = len(session.scalars(select(AssignmentRow)).all())
    database.close()
    return count


def main() -> None:
    """Print the evaluators' waits as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("evaluators", type=int, nargs="?", default=200)
    parser.add_argument("seconds", type=float, nargs="?", default=10.0)
    arguments = parser.parse_args()
    print(json.dumps(measure_joining(arguments.evaluators, arguments.seconds)))


if __name__ == "__main__":
    main()
