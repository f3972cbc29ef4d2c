"""Do the intervals cover, and does the test keep its size? `python -m bench.coverage [--studies N]`, one JSON object.

Studies are drawn from beta-binomial neurons (or, for evaluators like these, from evaluators who differ in leniency and
in their own difference) and analysed by the very functions that a report uses.
"""

import argparse
import itertools
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.statistics.intervals import Estimate
from app.statistics.mantel_haenszel import StratumComparison, mantel_haenszel_difference
from app.statistics.neuron_sample import NeuronSample, Substratum
from app.statistics.resampling import permutation_p_value
from app.statistics.two_way_clustering import JudgedCell, difference_for_evaluators_like_these

Floats = NDArray[np.float64]
TRUTHS = ((0.60, 0.35), (0.42, 0.33))
NEURONS = 60
SHUFFLES = 999


def chances(source: np.random.Generator, truth: float, correlation: float) -> Floats:
    """Each neuron's own chance of INTERPRETABLE."""
    scale = 1 / correlation - 1
    return source.beta(truth * scale, (1 - truth) * scale, NEURONS)


def judged(source: np.random.Generator, chance: Floats, evaluators: int, *, uneven: bool, key: str) -> NeuronSample:
    """A cell: every evaluator on every neuron, or counts that differ and an evaluator who stops half way."""
    counts = np.full(NEURONS, evaluators)
    if uneven:
        counts = np.maximum(1, source.binomial(evaluators, 0.8, NEURONS))
        counts[NEURONS // 2 :] = np.maximum(1, counts[NEURONS // 2 :] - 1)
    means = source.binomial(counts, chance) / counts
    return NeuronSample((Substratum(means),), float(counts.sum()), key)


def study(
    source: np.random.Generator, truth: tuple[float, float], evaluators: int, correlation: float, uneven: bool
) -> StratumComparison:
    """Two cells of 60 neurons."""
    cells = [
        judged(source, chances(source, one, correlation), evaluators, uneven=uneven, key=key)
        for one, key in zip(truth, "ab", strict=True)
    ]
    return StratumComparison("", *cells)


def inside(estimate: Estimate, truth: float) -> bool:
    return estimate.interval.lower <= truth <= estimate.interval.upper


def intervals(studies: int, source: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Coverage of fractions, of a stratum's difference, and of the pooled difference of two strata."""
    settings = itertools.product((1, 3, 5), (0.3, 0.5, 0.7), TRUTHS, (False, True))
    for evaluators, correlation, truth, uneven in settings:
        if evaluators == 1 and (correlation != 0.5 or uneven):
            continue  # one judgment each: neither correlation nor unevenness exists
        hits: dict[str, int] = defaultdict(int)
        for _ in range(studies):
            strata = [study(source, truth, evaluators, correlation, uneven) for _ in range(2)]
            difference = truth[0] - truth[1]
            hits["fraction"] += inside(strata[0].treatment_sample.estimate_fraction(), truth[0])
            hits["reference"] += inside(strata[0].reference_sample.estimate_fraction(), truth[1])
            hits["difference"] += inside(strata[0].estimate_difference(), difference)
            hits["pooled"] += inside(mantel_haenszel_difference(strata), difference)
        named = {"evaluators": evaluators, "correlation": correlation, "truth": truth, "uneven": uneven}
        yield named | {name: count / studies for name, count in hits.items()}


def sizes(studies: int, source: np.random.Generator) -> Iterator[dict[str, Any]]:
    """How often the primary analysis finds what is not there."""
    for evaluators, truth in itertools.product((1, 3, 5), (0.35, 0.60)):
        interval = permutation = 0
        for _ in range(studies):
            one = study(source, (truth, truth), evaluators, 0.5, uneven=False)
            interval += not inside(one.estimate_difference(), 0.0)
            permutation += permutation_p_value([one], str(source.integers(1 << 62)), SHUFFLES) <= 0.05
        found = {"interval": interval / studies, "permutation": permutation / studies}
        yield {"evaluators": evaluators, "truth": truth} | found


def people(studies: int, source: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Coverage of the interval for evaluators like these, who differ by arm."""
    for evaluators, spread in itertools.product((5, 10, 20), (0.0, 0.1, 0.2)):
        hits = 0
        for _ in range(studies):
            lenient, own = source.normal(0, 0.08, evaluators), source.normal(0, spread, evaluators)
            votes = [_votes(source, base, lenient, sign * own / 2, sign) for base, sign in ((0.6, 1), (0.35, -1))]
            estimate = float(votes[0].interpretable.mean() - votes[1].interpretable.mean())
            found = difference_for_evaluators_like_these(votes, estimate, evaluators)
            hits += found is not None and inside(found, 0.25)
        yield {"evaluators": evaluators, "spread": spread, "coverage": hits / studies}


def _votes(source: np.random.Generator, base: float, lenient: Floats, own: Floats, sign: int) -> JudgedCell:
    """Verdicts whose chance is the neuron's, moved by evaluator and by evaluator x arm, kept inside [0, 1]."""
    chance = np.clip(chances(source, base, 0.4)[:, None] * 0.5 + 0.5 * base + lenient + own, 0, 1)
    yes = (source.uniform(size=chance.shape) < chance).astype(np.float64)
    neuron, evaluator = np.indices(yes.shape)
    return JudgedCell(neuron.ravel(), evaluator.ravel(), yes.ravel(), 0.0, float(sign))


def limits_kept() -> bool:
    """At 0 of 60 and 60 of 60 the interval is plain Wilson's on the neurons, however many judgments."""
    plain = 3.841458820694124 / (60 + 3.841458820694124)
    none = NeuronSample((Substratum(np.zeros(60)),), 180).estimate_fraction().interval
    every = NeuronSample((Substratum(np.ones(60)),), 180).estimate_fraction().interval
    return none.width >= plain - 1e-12 and every.width >= plain - 1e-12


def measured(studies: int, seed: int) -> dict[str, Any]:
    """The whole bench."""
    source = np.random.default_rng(seed)
    started = time.perf_counter()
    covered, size, like = list(intervals(studies, source)), list(sizes(studies, source)), list(people(studies, source))
    found = [one[name] for one in covered for name in ("fraction", "reference", "difference", "pooled")]
    several = [one["permutation"] for one in size if one["evaluators"] >= 3]
    return {
        "studies": studies,
        "seed": seed,
        "coverage_lowest": min(found),
        "coverage_highest": max(found),
        "like_these_lowest": min(one["coverage"] for one in like),
        "size_highest": max(one["permutation"] for one in size),
        "size_lowest_from_three": min(several),
        "size_of_interval_highest": max(one["interval"] for one in size),
        "limits_kept": limits_kept(),
        "seconds": round(time.perf_counter() - started, 1),
        "intervals": covered,
        "sizes": size,
        "evaluators_like_these": like,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    print(json.dumps(measured(given.studies, given.seed), indent=1))


if __name__ == "__main__":
    main()
