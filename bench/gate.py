"""Measures the leak audit's gate: `python -m bench.gate`; `--write` puts the figures into docs/trust.md.

Tables of features without a leak, of every shape, say how often chance alone would stop a seal. Tables and walks with a
planted leak, a hundred of each kind, say how often it is found. The seed decides all. Prints one JSON object.
"""

import argparse
import json
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from app.foundation.arrays import FloatMatrix, Floats, IntVector
from app.leak_audit.permutation_test import REFUSAL_P, WARNING_P, association_test, plain_leak_p
from bench.gate_leaks import EXACT_LEAKS, STATISTICAL_LEAKS

TRUST_PAGE = Path(__file__).resolve().parents[1] / "docs" / "trust.md"
START, END = "<!-- figures of bench.gate -->\n", "<!-- end of the figures of bench.gate -->\n"
LARGEST_TABLE = 400
MOST_FEATURES = 40
PLANTED = 100


@dataclass(frozen=True)
class CleanTable:
    """Features [item, feature] that know nothing of the arms [item] in strata [item]."""

    features: FloatMatrix
    arm_labels: IntVector
    strata: tuple[str, ...]


@dataclass(frozen=True)
class GateFigures:
    """What `python -m bench.gate` prints."""

    table_count: int
    alarms: int
    """Tables without a leak that would stop a seal."""
    warnings: int
    smallest: float
    p_below_a_tenth: float
    """The share of tables with p of at most 0.1; a tenth if p is exact."""
    found: dict[str, int]
    """{planted leak: in how many of PLANTED walks or tables it is found}"""
    fewest_items: int
    """With so many items in two equal arms a plain leak stops a seal by its p."""
    seconds: float


def make_clean_table(generator: np.random.Generator) -> CleanTable:
    """A table of 4 to 400 items in 2 to 5 arms and 1 to 6 strata, unbalanced, some neurons repeated."""
    arm_count, stratum_count = int(generator.integers(2, 6)), int(generator.integers(1, 7))
    most = max(1, LARGEST_TABLE // (arm_count * stratum_count))
    usual = int(np.exp(generator.uniform(0, np.log(most + 1))))
    arm_numbers: list[int] = []
    strata: list[str] = []
    for stratum in range(stratum_count):
        present = generator.permutation(arm_count)[: max(2, int(generator.integers(1, arm_count + 1)))]
        for arm in present:
            size = max(1, min(most, round(usual * generator.uniform(0.3, 1.7))))
            arm_numbers += [int(arm)] * size
            strata += [f"{1 + stratum}L"] * size
    columns = _clean_columns(len(arm_numbers), strata, generator)
    return CleanTable(columns, np.array(arm_numbers, dtype=np.int64), tuple(strata))


def _clean_columns(item_count: int, strata: Sequence[str], generator: np.random.Generator) -> FloatMatrix:
    """Columns of every kind: normal, heavy-tailed, rare, discrete, alike, constant, doubled, and of the stratum."""
    common = generator.normal(size=item_count)
    levels = np.array([float(stratum[0]) for stratum in strata])
    makers: tuple[Callable[[], Floats], ...] = (
        lambda: generator.normal(size=item_count),
        lambda: generator.standard_cauchy(item_count),
        lambda: (generator.random(item_count) < generator.uniform(0.02, 0.98)).astype(np.float64),
        lambda: generator.integers(0, 4, item_count).astype(np.float64),
        lambda: common + 0.1 * generator.normal(size=item_count),
        lambda: np.full(item_count, 3.0),
        lambda: common,
        lambda: levels + generator.normal(size=item_count),
        lambda: generator.permutation(item_count).astype(np.float64),
    )
    count = int(generator.integers(1, MOST_FEATURES + 1))
    return np.array([makers[int(kind)]() for kind in generator.integers(0, len(makers), count)]).T


def clean_p(seed: int) -> float:
    """The p of one table without a leak."""
    generator = np.random.default_rng([20261127, seed])
    table = make_clean_table(generator)
    names = [str(index) for index in range(table.features.shape[1])]
    return association_test(table.features, names, table.arm_labels, table.strata, generator).p


def fewest_items() -> int:
    """The smallest even number of items, in two equal arms of one stratum, with which a plain leak stops a seal."""
    return next(
        count for count in range(4, 100, 2) if plain_leak_p(np.arange(count) % 2, ["1L"] * count) <= REFUSAL_P / 2
    )


def count_found(leak_name: str, planted: int = PLANTED) -> int:
    """In how many of `planted` tables or walks a leak of this kind is found."""
    find = STATISTICAL_LEAKS.get(leak_name) or EXACT_LEAKS[leak_name]
    return sum(find(np.random.default_rng([20261128, seed])) for seed in range(planted))


def measure_gate(table_count: int, planted: int, processes: int) -> GateFigures:
    """All figures, computed in so many processes."""
    start = time.perf_counter()
    kinds = [*EXACT_LEAKS, *STATISTICAL_LEAKS]
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        found_counts = list(pool.map(count_found, kinds, [planted] * len(kinds)))
        p_values = np.array(list(pool.map(clean_p, range(table_count), chunksize=20)))
    return GateFigures(
        table_count=table_count,
        alarms=int((p_values <= REFUSAL_P).sum()),
        warnings=int((p_values <= WARNING_P).sum()),
        smallest=round(float(p_values.min()), 6),
        p_below_a_tenth=round(float((p_values <= 0.1).mean()), 4),
        found=dict(zip(kinds, found_counts, strict=True)),
        fewest_items=fewest_items(),
        seconds=round(time.perf_counter() - start, 1),
    )


def write_figures(measured: GateFigures) -> str:
    """The figures as the paragraph and table of docs/trust.md."""
    rows = "".join(f"| {kind} | {count} |\n" for kind, count in measured.found.items())
    return (
        f"Of {measured.table_count:,} tables of features without a leak (4 to 400 items, 2 to 5 arms, 1 to 6 strata, "
        f"columns of every kind)\n{measured.alarms} would have stopped a seal and {measured.warnings} would have been "
        f"warned of; {100 * measured.p_below_a_tenth:.1f} % have p ≤ 0.1.\nOf {PLANTED} walks or tables with each leak "
        f"so many are found:\n\n| planted leak | found |\n|---|---|\n{rows}\n"
        "A plain leak, a feature that every item of one arm has and no other, stops a seal from "
        f"{measured.fewest_items} items in two equal arms on.\n"
        "With fewer, or in more arms or strata with few items each, it may stay above p = .0005: then the exact\n"
        "checks (swap, names, lengths) decide, the p can warn, and report and `round audit` say so.\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=2_000)
    parser.add_argument("--planted", type=int, default=PLANTED)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="put the figures into docs/trust.md")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # for the processes: products this small are slower with more threads
    measured = measure_gate(options.tables, options.planted, options.processes)
    print(json.dumps(asdict(measured), indent=1))
    if options.write:
        page = TRUST_PAGE.read_text(encoding="utf-8")
        before, _, after = page.partition(START)
        TRUST_PAGE.write_text(
            before + START + "\n" + write_figures(measured) + "\n" + END + after.partition(END)[2], encoding="utf-8"
        )


if __name__ == "__main__":
    main()
