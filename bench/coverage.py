"""Measures how often intervals cover the truth and the test raises a false alarm: `python -m bench.coverage`.

Prints one JSON object.

Studies are drawn from beta-binomial neurons (or, for evaluators like these, from evaluators who differ in leniency and
in their own difference) and analysed by the very functions that a report uses.
"""

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from app.foundation.arrays import Floats
from app.foundation.json_types import JsonObject
from app.statistics.intervals import Estimate
from app.statistics.mantel_haenszel import StratumComparison, mantel_haenszel_difference
from app.statistics.neuron_sample import NeuronSample, Substratum
from app.statistics.resampling import permutation_p_value
from app.statistics.two_way_clustering import JudgedCell, difference_for_evaluators_like_these

TRUE_FRACTIONS = ((0.60, 0.35), (0.42, 0.33))
"""Pairs of the fraction in the treatment arm and in the reference arm."""
NEURON_COUNT = 60
PERMUTATION_COUNT = 999
SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class IntervalCoverage:
    """For each kind of interval, the share of studies in which it covers the truth."""

    evaluators: int
    correlation: float
    truth: tuple[float, float]
    uneven: bool
    fraction: float
    reference: float
    stratum_difference: float
    pooled: float

    def shares(self) -> tuple[float, ...]:
        """The shares of all kinds of intervals."""
        return self.fraction, self.reference, self.stratum_difference, self.pooled


@dataclass(frozen=True)
class FalseAlarmRates:
    """Shares of studies without a difference in which one is reported."""

    evaluators: int
    truth: float
    interval: float
    permutation: float


@dataclass(frozen=True)
class EvaluatorCoverage:
    """Share of studies in which the interval for evaluators like these holds the truth."""

    evaluators: int
    spread: float
    coverage: float


def draw_neuron_chances(generator: np.random.Generator, fraction: float, correlation: float) -> Floats:
    """[neuron] each neuron's own chance of INTERPRETABLE."""
    scale = 1 / correlation - 1
    return generator.beta(fraction * scale, (1 - fraction) * scale, NEURON_COUNT)


def draw_sample(
    generator: np.random.Generator, neuron_chances: Floats, evaluator_count: int, *, uneven: bool, key: str
) -> NeuronSample:
    """Draw a cell in which every evaluator judges every neuron; if `uneven`, counts differ and one stops half way."""
    counts = np.full(NEURON_COUNT, evaluator_count)
    if uneven:
        counts = np.maximum(1, generator.binomial(evaluator_count, 0.8, NEURON_COUNT))
        counts[NEURON_COUNT // 2 :] = np.maximum(1, counts[NEURON_COUNT // 2 :] - 1)
    means = generator.binomial(counts, neuron_chances) / counts
    return NeuronSample((Substratum(means),), float(counts.sum()), key)


def draw_study(
    generator: np.random.Generator,
    fractions: tuple[float, float],
    evaluator_count: int,
    correlation: float,
    uneven: bool,
) -> StratumComparison:
    """Draw a stratum of two cells of 60 neurons."""
    samples = []
    for fraction, key in zip(fractions, "ab", strict=True):
        neuron_chances = draw_neuron_chances(generator, fraction, correlation)
        samples.append(draw_sample(generator, neuron_chances, evaluator_count, uneven=uneven, key=key))
    return StratumComparison("", *samples)


def covers(estimate: Estimate, truth: float) -> bool:
    """Whether the interval of an estimate holds the truth."""
    return estimate.interval.lower <= truth <= estimate.interval.upper


def measure_intervals(study_count: int, generator: np.random.Generator) -> Iterator[IntervalCoverage]:
    """Coverage of fractions, of a stratum's difference, and of the pooled difference of two strata."""
    settings = itertools.product((1, 3, 5), (0.3, 0.5, 0.7), TRUE_FRACTIONS, (False, True))
    for evaluator_count, correlation, fractions, uneven in settings:
        if evaluator_count == 1 and (correlation != 0.5 or uneven):
            continue  # one judgment each: neither correlation nor unevenness exists
        difference = fractions[0] - fractions[1]
        hits = []
        for _ in range(study_count):
            strata = [draw_study(generator, fractions, evaluator_count, correlation, uneven) for _ in range(2)]
            first = strata[0]
            hits.append(
                (
                    covers(first.treatment_sample.estimate_fraction(), fractions[0]),
                    covers(first.reference_sample.estimate_fraction(), fractions[1]),
                    covers(first.estimate_difference(), difference),
                    covers(mantel_haenszel_difference(strata), difference),
                )
            )
        shares = [sum(column) / study_count for column in zip(*hits, strict=True)]
        yield IntervalCoverage(evaluator_count, correlation, fractions, uneven, *shares)


def measure_test_sizes(study_count: int, generator: np.random.Generator) -> Iterator[FalseAlarmRates]:
    """How often the primary analysis reports a difference in studies without one."""
    for evaluator_count, fraction in itertools.product((1, 3, 5), (0.35, 0.60)):
        interval = permutation = 0
        for _ in range(study_count):
            study = draw_study(generator, (fraction, fraction), evaluator_count, 0.5, uneven=False)
            interval += not covers(study.estimate_difference(), 0.0)
            seed = str(generator.integers(1 << 62))
            permutation += permutation_p_value([study], seed, PERMUTATION_COUNT) <= SIGNIFICANCE
        yield FalseAlarmRates(evaluator_count, fraction, interval / study_count, permutation / study_count)


def measure_evaluators(study_count: int, generator: np.random.Generator) -> Iterator[EvaluatorCoverage]:
    """Coverage of the interval for evaluators like these, who differ by arm."""
    for evaluator_count, spread in itertools.product((5, 10, 20), (0.0, 0.1, 0.2)):
        hits = 0
        for _ in range(study_count):
            leniencies = generator.normal(0, 0.08, evaluator_count)
            own_differences = generator.normal(0, spread, evaluator_count)
            cells = [
                draw_judged_cell(generator, fraction, leniencies, sign * own_differences / 2, sign)
                for fraction, sign in ((0.6, 1), (0.35, -1))
            ]
            difference = float(cells[0].score.mean() - cells[1].score.mean())
            estimate = difference_for_evaluators_like_these(cells, difference, evaluator_count)
            hits += estimate is not None and covers(estimate, 0.25)
        yield EvaluatorCoverage(evaluator_count, spread, hits / study_count)


def draw_judged_cell(
    generator: np.random.Generator, fraction: float, leniencies: Floats, own_differences: Floats, sign: int
) -> JudgedCell:
    """Draw verdicts; their chance depends on neuron, evaluator and evaluator x arm, and is clipped to [0, 1].

    `leniencies` and `own_differences` are [evaluator].
    """
    neuron_chances = draw_neuron_chances(generator, fraction, 0.4)[:, None] * 0.5 + 0.5 * fraction
    verdict_chances = np.clip(neuron_chances + leniencies + own_differences, 0, 1)  # [neuron, evaluator]
    interpretable = (generator.uniform(size=verdict_chances.shape) < verdict_chances).astype(np.float64)
    neurons, evaluators = np.indices(interpretable.shape)
    return JudgedCell(neurons.ravel(), evaluators.ravel(), interpretable.ravel(), 0.0, float(sign))


def limits_are_wilsons() -> bool:
    """Whether the intervals at 0 of 60 and 60 of 60 neurons are no narrower than Wilson's for 60."""
    plain_width = 3.841458820694124 / (60 + 3.841458820694124)
    at_zero = NeuronSample((Substratum(np.zeros(60)),), 180).estimate_fraction().interval
    at_one = NeuronSample((Substratum(np.ones(60)),), 180).estimate_fraction().interval
    return at_zero.width >= plain_width - 1e-12 and at_one.width >= plain_width - 1e-12


def run_bench(study_count: int, seed: int) -> JsonObject:
    """Measure everything, and return it as it is printed."""
    generator = np.random.default_rng(seed)
    began = time.perf_counter()
    intervals = list(measure_intervals(study_count, generator))
    sizes = list(measure_test_sizes(study_count, generator))
    evaluators = list(measure_evaluators(study_count, generator))
    shares = [share for coverage in intervals for share in coverage.shares()]
    return {
        "studies": study_count,
        "seed": seed,
        "coverage_lowest": min(shares),
        "coverage_highest": max(shares),
        "like_these_lowest": min(coverage.coverage for coverage in evaluators),
        "size_highest": max(size.permutation for size in sizes),
        "size_lowest_from_three": min(size.permutation for size in sizes if size.evaluators >= 3),
        "size_of_interval_highest": max(size.interval for size in sizes),
        "limits_kept": limits_are_wilsons(),
        "seconds": round(time.perf_counter() - began, 1),
        "intervals": [asdict(coverage) for coverage in intervals],
        "sizes": [asdict(size) for size in sizes],
        "evaluators_like_these": [asdict(coverage) for coverage in evaluators],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    print(json.dumps(run_bench(arguments.studies, arguments.seed), indent=1))


if __name__ == "__main__":
    main()
