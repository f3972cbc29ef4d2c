"""The main numbers, computed again in plain numpy from the exported CSV and the counts of the draw alone."""

import csv
import io
import json
import math
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from app.report.export.bundle import unblinded_zip
from app.rounds.analysis_plan import STANDARD_PLAN
from app.unblinding.observations import Observation
from tests.conftest import without_figures
from tests.report.simulated_evidence import bundle_for
from tests.report.simulated_round import frame_for

Z = 1.959963984540054
STRATA = ("1L/0", "2L/0")
DEAD = 2
"""Dead neurons of each cell."""
CsvRow = dict[str, str]


class RecomputedCell(NamedTuple):
    """The numbers that one arm in one stratum should have."""

    neuron_count: int
    fraction: float
    variance: float
    """The variance of the fraction."""
    lower: float
    """The lower limit of Wilson's interval for the effective number of judgments."""
    upper: float


Cells = dict[tuple[str, str], RecomputedCell]
"""{(arm, stratum): its numbers}"""


@pytest.fixture(scope="module")
def exported(observations: list[Observation], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The round as a zip, with as many shuffles as the standard plan has."""
    path = tmp_path_factory.mktemp("export") / "round.zip"
    with without_figures():
        path.write_bytes(unblinded_zip(bundle_for(observations, frame_for(observations, plan=STANDARD_PLAN))))
    return path


@pytest.fixture(scope="module")
def analysis(exported: Path) -> dict[str, Any]:
    with zipfile.ZipFile(exported) as archive:
        analysis: dict[str, Any] = json.loads(archive.read("analysis.json"))
        assert {cell["dead"] for cell in json.loads(archive.read("frame.json"))["cells"]} == {DEAD}
    return analysis


@pytest.fixture(scope="module")
def rows(exported: Path) -> list[CsvRow]:
    """The rows of observations.csv that enter a fraction."""
    with zipfile.ZipFile(exported) as archive:
        text = archive.read("observations.csv").decode("utf-8-sig")
    return [row for row in csv.DictReader(io.StringIO(text)) if row["kind"] == "neuron"]


@pytest.fixture(scope="module")
def cells(rows: list[CsvRow]) -> Cells:
    return {
        (arm, stratum): recompute_cell(row for row in rows if (row["arm"], row["stratum"]) == (arm, stratum))
        for arm in ("solu", "baseline")
        for stratum in STRATA
    }


def outcome(row: CsvRow) -> float:
    return float(row["verdict"] == "interpretable")


def mean_verdicts(rows: Iterable[CsvRow]) -> list[float]:
    """The mean verdict of each judged neuron, and a zero for each dead one."""
    verdicts_by_item: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        verdicts_by_item[row["item"]].append(outcome(row))
    return [float(np.mean(verdicts)) for verdicts in verdicts_by_item.values()] + [0.0] * DEAD


def recompute_cell(rows: Iterable[CsvRow]) -> RecomputedCell:
    """A fraction with Wilson's interval for p(1 - p)k/s² judgments, kept between its neurons and its judgments."""
    rows = list(rows)
    means = np.array(mean_verdicts(rows))
    k, p, s_squared = len(means), float(means.mean()), float(means.var(ddof=1))
    n = min(max(p * (1 - p) * k / s_squared, k), len(rows) + DEAD)
    centre = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half_width = Z / (1 + Z**2 / n) * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return RecomputedCell(k, p, s_squared / k, centre - half_width, centre + half_width)


def mantel_haenszel_weight(cells: Cells, stratum: str) -> float:
    treatment, reference = cells["solu", stratum].neuron_count, cells["baseline", stratum].neuron_count
    return treatment * reference / (treatment + reference)


def test_fractions_and_intervals_equal_those_computed_in_plain_numpy(cells: Cells, analysis: dict[str, Any]) -> None:
    assert len(analysis["cells"]) == 4
    for result in analysis["cells"]:
        cell = cells[result["arm"], result["stratum"]]
        assert result["n"] == cell.neuron_count
        assert result["fraction"] == pytest.approx(cell.fraction, abs=1e-12)
        assert result["interval"] == pytest.approx([cell.lower, cell.upper], abs=1e-9)


def test_differences_by_stratum_equal_those_computed_in_plain_numpy(cells: Cells, analysis: dict[str, Any]) -> None:
    assert len(analysis["strata"]) == 2
    for result in analysis["strata"]:
        solu, baseline = cells["solu", result["stratum"]], cells["baseline", result["stratum"]]
        difference = solu.fraction - baseline.fraction
        below = math.hypot(solu.fraction - solu.lower, baseline.upper - baseline.fraction)
        above = math.hypot(solu.upper - solu.fraction, baseline.fraction - baseline.lower)
        assert result["estimate"] == pytest.approx(difference, abs=1e-12)
        assert result["interval"] == pytest.approx([difference - below, difference + above])


def test_the_pooled_difference_its_interval_and_q_equal_those_computed_in_plain_numpy(
    cells: Cells, analysis: dict[str, Any]
) -> None:
    weights = np.array([mantel_haenszel_weight(cells, stratum) for stratum in STRATA])
    differences = np.array([cells["solu", name].fraction - cells["baseline", name].fraction for name in STRATA])
    variances = np.array([cells["solu", name].variance + cells["baseline", name].variance for name in STRATA])
    pooled = (weights @ differences) / weights.sum()
    half_width = Z * math.sqrt(weights**2 @ variances) / weights.sum()
    assert analysis["difference"]["estimate"] == pytest.approx(pooled, abs=1e-12)
    assert analysis["difference"]["interval"] == pytest.approx([pooled - half_width, pooled + half_width])
    assert analysis["heterogeneity"]["q"] == pytest.approx(float(((differences - pooled) ** 2 / variances).sum()))


def test_the_pooled_ratio_equals_the_one_computed_in_plain_numpy(cells: Cells, analysis: dict[str, Any]) -> None:
    weights = {stratum: mantel_haenszel_weight(cells, stratum) for stratum in STRATA}
    solu = sum(weight * cells["solu", stratum].fraction for stratum, weight in weights.items())
    baseline = sum(weight * cells["baseline", stratum].fraction for stratum, weight in weights.items())
    assert analysis["ratio"]["estimate"] == pytest.approx(solu / baseline)


def test_the_permutation_p_value_agrees_with_plain_shuffling(rows: list[CsvRow], analysis: dict[str, Any]) -> None:
    generator, permutation_count = np.random.default_rng(5), 4000
    observed, permuted = 0.0, np.zeros(permutation_count)
    for stratum in STRATA:
        in_stratum = [row for row in rows if row["stratum"] == stratum]
        solu = mean_verdicts(row for row in in_stratum if row["arm"] == "solu")
        baseline = mean_verdicts(row for row in in_stratum if row["arm"] == "baseline")
        means = np.array(solu + baseline)
        for permutation in range(permutation_count):
            generator.shuffle(means)
            permuted[permutation] += (means[: len(solu)].mean() - means[len(solu) :].mean()) / 2
        observed += float(np.mean(solu) - np.mean(baseline)) / 2
    p = (1 + (np.abs(permuted) >= abs(observed) - 1e-9).sum()) / (permutation_count + 1)
    assert analysis["difference"]["p"] == pytest.approx(p, abs=4 * math.sqrt(max(p, 1e-3) / permutation_count))


def test_each_evaluator_s_fractions_equal_those_computed_in_plain_python(
    rows: list[CsvRow], analysis: dict[str, Any]
) -> None:
    for result in analysis["per_evaluator"]:
        for arm in ("solu", "baseline"):
            verdicts = [outcome(row) for row in rows if row["evaluator"] == result["evaluator"] and row["arm"] == arm]
            fraction = sum(verdicts) / (len(verdicts) + DEAD * len(STRATA))
            assert result["arms"][arm]["fraction"] == pytest.approx(fraction)
