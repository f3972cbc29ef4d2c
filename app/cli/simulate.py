"""`firstglance simulate ROUND`: evaluators with known faults judge a copy of the round over real HTTP.

For dry runs and load. The round itself is never touched. The truth is mechanical: an item is truly interpretable if a
stated share of its peaks is one word; each evaluator then errs as their sensitivity and specificity say.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import click
import numpy as np

from app.cli.common import as_json, database, print_json, print_pairs
from app.cli.serve import running
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.robots.page import HtmlForm, HtmlPage, ScriptError
from app.robots.visitor import Visitor, most_common_share
from app.services.round_copy import new_probes, shadow_of
from app.store.engine import Database

ENDS = ("done", "phase")
MOST_PAGES = 100_000


@dataclass(frozen=True)
class Character:
    """How a simulated evaluator judges."""

    sensitivity: float
    """Probability of INTERPRETABLE on a truly interpretable item."""
    specificity: float
    """Probability of NOT INTERPRETABLE on any other."""
    strictness: float
    """Share of peaks that must be one word for an item to be truly interpretable."""
    seconds: float
    """Mean time spent on an item, exponentially distributed."""


@dataclass
class SimulatedSession:
    """What one simulated evaluator did."""

    truths: list[tuple[bool, bool]] = field(default_factory=list)
    """(truly interpretable, judged interpretable) of each item."""
    waits: list[float] = field(default_factory=list)
    """Seconds from asking for a page to having it."""


class SimulatedEvaluator:
    """One simulated evaluator with a browser and a temperament of their own."""

    def __init__(self, visitor: Visitor, character: Character, source: random.Random) -> None:
        self._visitor, self._character, self._source = visitor, character, source
        self.record = SimulatedSession()

    def play(self, token: str) -> SimulatedSession:
        """Come in by the invitation and judge until there is nothing left."""
        self._timed(lambda: self._visitor.get(f"/i/{token}"))
        page = self._timed(lambda: self._visitor.post(f"/i/{token}", {}))
        for _ in range(MOST_PAGES):
            if page.step in ENDS:
                return self.record
            page = self._answer(page)
        msg = f"the round did not end after {MOST_PAGES} pages"
        raise ScriptError(msg)

    def _answer(self, page: HtmlPage) -> HtmlPage:
        verdict, hypothesis = page.form("verdict"), page.form("hypothesis")
        if verdict is not None:
            return self._judge(verdict, page.peaks)
        if hypothesis is not None:
            return self._timed(lambda: self._visitor.send(hypothesis, hypothesis="", comment=""))
        if page.step == "instructions":
            return self._timed(lambda: self._visitor.get("/judge"))
        msg = f"a simulated evaluator does not know how to go on from the page “{page.step or 'without a step'}”"
        raise ScriptError(msg)

    def _judge(self, form: HtmlForm, peaks: Sequence[str]) -> HtmlPage:
        own = self._character
        truly = most_common_share(peaks) >= own.strictness
        said = self._source.random() < (own.sensitivity if truly else 1 - own.specificity)
        if own.seconds > 0:
            time.sleep(self._source.expovariate(1 / own.seconds))
        self.record.truths.append((truly, said))
        verdict = "interpretable" if said else "not_interpretable"
        return self._timed(lambda: self._visitor.send(form, verdict=verdict))

    def _timed(self, ask: Callable[[], HtmlPage]) -> HtmlPage:
        start = time.perf_counter()
        page = ask()
        self.record.waits.append(time.perf_counter() - start)
        return page


@click.command("simulate")
@click.argument("round_id", metavar="ROUND")
@click.option("--evaluators", type=click.IntRange(1, 1000), default=3, show_default=True)
@click.option("--sensitivity", type=click.FloatRange(0, 1), default=0.95, show_default=True)
@click.option("--specificity", type=click.FloatRange(0, 1), default=0.9, show_default=True)
@click.option("--strictness", type=click.FloatRange(0, 1), default=0.8, show_default=True, help="Share of equal peaks.")
@click.option("--seconds", type=click.FloatRange(0), default=0.0, show_default=True, help="Mean time per item.")
@click.option("--seed", type=int, default=0, show_default=True)
@as_json
@click.pass_obj
def simulate_command(
    settings: Settings, /, round_id: str, evaluators: int, seed: int, json_wanted: bool, **character: float
) -> None:
    """Let simulated evaluators judge a copy of a sealed round over HTTP; nothing of it is kept."""
    probes = new_probes(evaluators)
    start = time.perf_counter()
    with database(settings) as base, base.reading() as session, shadow_of(session, round_id, probes, now()) as shadow:
        records = played(settings, shadow, [one.token for one in probes], Character(**character), seed)
    seconds = time.perf_counter() - start
    found = summary(records, seconds)
    if json_wanted:
        print_json(found)
    else:
        print_pairs(found)


def played(
    settings: Settings, shadow: Database, tokens: Sequence[str], character: Character, seed: int
) -> list[SimulatedSession]:
    """What each evaluator did, all at once, on a server of their own."""
    with running(settings.model_copy(update={"port": 0}), shadow) as address, ThreadPoolExecutor(len(tokens)) as pool:

        def play(number: int) -> SimulatedSession:
            with Visitor.of(address) as visitor:
                return SimulatedEvaluator(visitor, character, random.Random(f"{seed} {number}")).play(tokens[number])

        return list(pool.map(play, range(len(tokens))))


def summary(records: Sequence[SimulatedSession], seconds: float) -> dict[str, object]:
    """What came of it: how often the evaluators were right, and how long pages took, in seconds."""
    counts = Counter(pair for one in records for pair in one.truths)
    truly, not_truly = counts[True, True] + counts[True, False], counts[False, True] + counts[False, False]
    waits = np.array([wait for one in records for wait in one.waits] or [0.0])
    return {
        "evaluators": len(records),
        "judgments": truly + not_truly,
        "truly interpretable": truly,
        "sensitivity found": round(counts[True, True] / truly, 4) if truly else None,
        "specificity found": round(counts[False, False] / not_truly, 4) if not_truly else None,
        "pages": len(waits),
        "median wait": round(float(np.median(waits)), 4),
        "p99 wait": round(float(np.quantile(waits, 0.99)), 4),
        "seconds": round(seconds, 2),
    }
