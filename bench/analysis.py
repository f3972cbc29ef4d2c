"""Measures what an analysis costs: `python -m bench.analysis [--items N]` prints one JSON object.

The paper's size (660 neurons, 3 evaluators, charts drawn) and a large round, with a smaller one of the same kind to
show that the cost grows no faster than the judgments.
"""

import argparse
import json
import random
import resource
import time
from datetime import UTC, datetime
from typing import NamedTuple

from app.judging.judgment import Judgment, Verdict
from app.report.analysis.analysis import analyse
from app.report.analysis.frame import AnalysisFrame, CellCounts
from app.report.charts.all_charts import draw_charts
from app.rounds.allocation import AllocatedItem
from app.tasks.registry import DEFAULT_TASK, task_named
from app.unblinding.observations import Observation

START = datetime(2026, 1, 1, tzinfo=UTC)
OUTCOME = task_named(DEFAULT_TASK).outcome
FRACTIONS = (("baseline", 0.35), ("solu", 0.60))


class Cost(NamedTuple):
    """The cost of one analysis."""

    items: int
    judgments: int
    analysis_seconds: float
    charts_seconds: float


def simulate_observations(
    item_count: int, evaluator_count: int, stratum_count: int, seed: int = 1
) -> list[Observation]:
    """Simulate the observations of a crossed round with two arms and some strata."""
    generator = random.Random(seed)
    observations = []
    for number in range(item_count):
        arm, fraction = FRACTIONS[number % 2]
        stratum = f"{1 + number % stratum_count}L/0"
        allocated = AllocatedItem(f"{number:08d}", arm, stratum, 0, 1, number, "neuron", generator.random())
        chance = generator.betavariate(fraction, 1 - fraction)
        for evaluator in range(evaluator_count):
            verdict: Verdict = "interpretable" if generator.random() < chance else "not_interpretable"
            seconds = 30 + 60 * generator.random()
            judgment = Judgment(allocated.item, verdict, "", None, "", 0, number, START, START, seconds, False, False)
            observations.append(Observation(f"e{evaluator:02d}", False, judgment, allocated, OUTCOME))
    return observations


def make_frame(item_count: int, stratum_count: int) -> AnalysisFrame:
    """The frame that the simulated neurons were drawn from: ten times as many, none dead."""
    shown = item_count // (2 * stratum_count)
    cells = tuple(
        CellCounts(arm, f"{1 + index}L/0", 10 * shown, shown, 0, shown)
        for arm, _ in FRACTIONS
        for index in range(stratum_count)
    )
    return AnalysisFrame(cells, "baseline", "solu", "be" * 32)


def measure_cost(item_count: int, evaluator_count: int, stratum_count: int) -> Cost:
    """Analyse a simulated round, draw its charts, and measure the seconds of both."""
    observations = simulate_observations(item_count, evaluator_count, stratum_count)
    start = time.perf_counter()
    analysis = analyse(observations, make_frame(item_count, stratum_count))
    analysis_end = time.perf_counter()
    draw_charts(analysis)
    charts_end = time.perf_counter()
    return Cost(item_count, len(observations), round(analysis_end - start, 2), round(charts_end - analysis_end, 2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--evaluators", type=int, default=10)
    options = parser.parse_args()
    measure_cost(100, 2, 1)  # imports and caches
    paper = measure_cost(660, 3, 5)
    tenth = measure_cost(options.items // 10, options.evaluators, 5)
    large = measure_cost(options.items, options.evaluators, 5)
    growth = large.analysis_seconds / max(tenth.analysis_seconds, 0.01)
    costs = {"paper": paper._asdict(), "tenth": tenth._asdict(), "large": large._asdict()}
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps(costs | {"growth_for_ten_times": round(growth, 1), "peak_gib": round(peak_gib, 2)}, indent=1))


if __name__ == "__main__":
    main()
