"""Measures the server's time per item: for saving a verdict with the next page, and for a page fetched ahead.

    python -m bench.judging [items]

One evaluator of a round of the demo's models, SQLite in a temporary folder, a real server on the loopback interface.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.foundation.settings import Settings
from app.robots.visitor import Visitor
from app.robots.walk import Answers, walk_round
from app.store.engine import Database
from app.web.serving import served_in_thread
from bench.real_round import open_real_round

ITEMS = 120


@contextmanager
def serve_real_round(item_count: int) -> Iterator[tuple[str, str]]:
    """Serve a round that asks for verdicts only, and yield the server's address and an invitation token."""
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(data=Path(name), port=0)
        (token,) = open_real_round(settings, ["Ada"], item_count // 2, {"hypothesis": False})
        database = Database(settings.resolved_database_url)
        with served_in_thread(settings, database) as address:
            yield address, token
        database.close()


def measure_waits(address: str, token: str) -> dict[str, list[float]]:
    """Judge all items, and return the milliseconds of every saved verdict and of every page fetched ahead."""
    with Visitor.at(address) as visitor:
        for page in walk_round(visitor, token, Answers(lambda _page: "interpretable")):
            if page.step == "verdict":
                visitor.get(f"/judge/ahead/{page.item}")
    prefixes = {"save and next": "/judge/verdict", "fetched ahead": "/judge/ahead/"}
    return {
        name: [1000 * wait.seconds for wait in visitor.waits if wait.path.startswith(prefix)]
        for name, prefix in prefixes.items()
    }


def main(item_count: int) -> None:
    """Print the median and the 95th percentile of each kind of request."""
    with serve_real_round(item_count) as (address, token):
        waits = measure_waits(address, token)
    for name, milliseconds in waits.items():
        print(f"{name}: {describe_times(milliseconds)}")


def describe_times(milliseconds: Sequence[float]) -> str:
    """The median, the 95th percentile and the number of some times, as text."""
    median, percentiles = statistics.median(milliseconds), statistics.quantiles(milliseconds, n=20)
    return f"p50 {median:.1f} ms, p95 {percentiles[18]:.1f} ms, n {len(milliseconds)}"


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ITEMS)
