"""`firstglance simulate ROUND`: evaluators with known faults judge a copy of the round over real HTTP.

It serves dry runs and load tests, and never touches the round itself. The first answer is taken for true of an item if
a stated share of its peaks is one word, and the second of any other; each evaluator then makes errors by their
sensitivity and specificity.
"""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

import click
import numpy as np

from app.cli.options import SEED, NumberRange, json_option, round_argument
from app.cli.printing import print_facts, print_json
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.robots.page import HtmlPage
from app.robots.scripted_evaluators import most_common_share
from app.robots.visitor import Visitor
from app.robots.walk import Answers, walk_round
from app.services.opened_database import open_database
from app.services.round_copy import new_probes, open_round_copy
from app.store.engine import Database
from app.store.round_copy import read_round
from app.web.serving import served_in_thread


@dataclass(frozen=True)
class Character:
    """How a simulated evaluator judges."""

    sensitivity: float
    """Probability of the first answer where it is true."""
    specificity: float
    """Probability of the second answer where that is true."""
    strictness: float
    """The first answer is true of an item if at least this share of its peaks is one word."""
    seconds: float
    """Mean time spent on an item, exponentially distributed."""


@dataclass
class SimulatedSession:
    """What one simulated evaluator did."""

    verdict_pairs: list[tuple[bool, bool]] = field(default_factory=list)
    """(the first answer is true, the first answer was given) of each item."""
    waits: list[float] = field(default_factory=list)
    """Seconds from the request of each page to its response."""


class SimulatedEvaluator:
    """A simulated evaluator with a visitor and a character of their own."""

    def __init__(self, visitor: Visitor, character: Character, generator: Random) -> None:
        self._visitor, self._character, self._generator = visitor, character, generator
        self._verdict_pairs: list[tuple[bool, bool]] = []

    def judge_round(self, token: str) -> SimulatedSession:
        """Open the invitation and judge until no item is left."""
        for _page in walk_round(self._visitor, token, Answers(self._verdict_on)):
            pass
        return SimulatedSession(self._verdict_pairs, [wait.seconds for wait in self._visitor.waits])

    def _verdict_on(self, page: HtmlPage) -> str:
        character = self._character
        truth = most_common_share(page.peaks) >= character.strictness
        verdict = self._generator.random() < (character.sensitivity if truth else 1 - character.specificity)
        if character.seconds > 0:
            time.sleep(self._generator.expovariate(1 / character.seconds))
        self._verdict_pairs.append((truth, verdict))
        return page.answers[0 if verdict else 1]


@click.command("simulate")
@round_argument
@click.option(
    "--evaluators",
    "evaluator_count",
    type=click.IntRange(1, 1000),
    default=3,
    show_default=True,
    help="How many evaluators judge at once.",
)
@click.option(
    "--sensitivity",
    type=NumberRange(0, 1),
    default=0.95,
    show_default=True,
    help="Probability of the first answer where it is true.",
)
@click.option(
    "--specificity",
    type=NumberRange(0, 1),
    default=0.9,
    show_default=True,
    help="Probability of the second answer where that is true.",
)
@click.option(
    "--strictness",
    type=NumberRange(0, 1),
    default=0.8,
    show_default=True,
    help="Share of peaks that must be one word.",
)
@click.option(
    "--seconds", type=NumberRange(0, 3_600), default=0.0, show_default=True, help="Mean time per item, in seconds."
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the evaluators' errors and times.")
@json_option
@click.pass_obj
def simulate_command(
    settings: Settings, /, round_id: str, evaluator_count: int, seed: int, json_wanted: bool, **character: float
) -> None:
    """Let simulated evaluators judge a copy of a sealed round over HTTP; the copy is deleted afterwards."""
    probes = new_probes(evaluator_count)
    tokens = [probe.token for probe in probes]
    start = time.perf_counter()
    with (
        open_database(settings) as database,
        database.reading() as session,
        open_round_copy(read_round(session, round_id), probes, now()) as copy,
    ):
        sessions = simulate_evaluators(settings, copy, tokens, Character(**character), seed)
    results = summarise_sessions(sessions, time.perf_counter() - start)
    if json_wanted:
        print_json(results)
    else:
        print_facts(results)


def simulate_evaluators(
    settings: Settings, database: Database, invitation_tokens: Sequence[str], character: Character, seed: int
) -> list[SimulatedSession]:
    """Start a server and let one evaluator per invitation token judge, all at once."""
    settings = settings.model_copy(update={"port": 0})
    with served_in_thread(settings, database) as address, ThreadPoolExecutor(len(invitation_tokens)) as pool:

        def judge_round(index: int) -> SimulatedSession:
            with Visitor.at(address) as visitor:
                generator = Random(f"{seed} {index}")
                return SimulatedEvaluator(visitor, character, generator).judge_round(invitation_tokens[index])

        return list(pool.map(judge_round, range(len(invitation_tokens))))


def summarise_sessions(sessions: Sequence[SimulatedSession], seconds: float) -> dict[str, float | None]:
    """{figure: number} of all sessions: how often the evaluators were right, and how many seconds pages took."""
    counts = Counter(pair for session in sessions for pair in session.verdict_pairs)
    first_true = counts[True, True] + counts[True, False]
    second_true = counts[False, True] + counts[False, False]
    waits = np.array([wait for session in sessions for wait in session.waits] or [0.0])
    return {
        "evaluators": len(sessions),
        "judgments": first_true + second_true,
        "first answer true": first_true,
        "sensitivity found": round(counts[True, True] / first_true, 4) if first_true else None,
        "specificity found": round(counts[False, False] / second_true, 4) if second_true else None,
        "pages": len(waits),
        "median wait": round(float(np.median(waits)), 4),
        "p99 wait": round(float(np.quantile(waits, 0.99)), 4),
        "seconds": round(seconds, 2),
    }
