"""What an analysis costs: `python -m bench.analysis [--items N]`, one JSON object.

The paper's size (660 neurons, 3 evaluators, charts drawn) and a large round, with a smaller one of the same kind to
show that the cost grows no faster than the judgments.
"""

import argparse
import json
import random
import resource
import time
from datetime import UTC, datetime
from typing import Any

from app.judging.judgment import Judgment, Verdict
from app.report.analysis.analysis import analyse
from app.report.analysis.frame import AnalysisFrame, CellCounts
from app.report.charts.all_charts import charts
from app.unblinding.observations import AllocatedItem, Observation

START = datetime(2026, 1, 1, tzinfo=UTC)
ARMS = (("baseline", 0.35), ("solu", 0.60))


def observations(items: int, evaluators: int, strata: int, seed: int = 1) -> list[Observation]:
    """A crossed round of `items` neurons over two arms and some sizes."""
    source = random.Random(seed)
    found = []
    for number in range(items):
        arm, truth = ARMS[number % 2]
        allocated = AllocatedItem(
            f"{number:08d}", arm, f"{1 + number % strata}L/0", 0, 1, number, "neuron", source.random()
        )
        chance = source.betavariate(truth, 1 - truth)
        for evaluator in range(evaluators):
            verdict: Verdict = "interpretable" if source.random() < chance else "not_interpretable"
            judgment = Judgment(
                allocated.item, verdict, "", None, "", 0, number, START, START, 30 + 60 * source.random(), False, False
            )
            found.append(Observation(f"e{evaluator:02d}", False, judgment, allocated))
    return found


def frame(items: int, strata: int) -> AnalysisFrame:
    shown = items // (2 * strata)
    cells = tuple(
        CellCounts(arm, f"{1 + place}L/0", 10 * shown, shown, 0, shown) for arm, _ in ARMS for place in range(strata)
    )
    return AnalysisFrame(cells, "baseline", "solu", "be" * 32)


def timed(items: int, evaluators: int, strata: int) -> dict[str, Any]:
    """Seconds of the analysis and of its charts."""
    seen = observations(items, evaluators, strata)
    started = time.perf_counter()
    found = analyse(seen, frame(items, strata))
    analysed = time.perf_counter()
    charts(found)
    drawn = time.perf_counter()
    return {
        "items": items,
        "judgments": len(seen),
        "analysis_seconds": round(analysed - started, 2),
        "charts_seconds": round(drawn - analysed, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--evaluators", type=int, default=10)
    given = parser.parse_args()
    timed(100, 2, 1)  # imports and caches
    paper = timed(660, 3, 5)
    tenth = timed(given.items // 10, given.evaluators, 5)
    large = timed(given.items, given.evaluators, 5)
    growth = large["analysis_seconds"] / max(tenth["analysis_seconds"], 0.01)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    found = {"paper": paper, "tenth": tenth, "large": large, "growth_for_ten_times": round(growth, 1)}
    print(json.dumps(found | {"peak_gib": round(peak, 2)}, indent=1))


if __name__ == "__main__":
    main()
