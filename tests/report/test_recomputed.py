"""The main numbers again in plain numpy, from the exported CSV and the counts of the draw alone."""

import csv
import io
import json
import math
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Z = 1.959963984540054
Cell = tuple[float, float, float, tuple[float, float]]


@pytest.fixture(scope="module")
def files(exported: Path) -> dict[str, str]:
    with zipfile.ZipFile(exported) as archive:
        return {
            name: archive.read(name).decode()
            for name in archive.namelist()
            if not name.startswith("figures") and not name.endswith((".parquet", ".pdf"))
        }


@pytest.fixture(scope="module")
def cells(files: dict[str, str]) -> dict[tuple[str, str], Cell]:
    """(arm, stratum) -> neurons, fraction, variance of the fraction, Wilson interval on the effective n."""
    votes: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in csv.DictReader(io.StringIO(files["observations.csv"])):
        if row["kind"] == "neuron":
            votes[row["arm"], row["stratum"]][row["item"]].append(float(row["verdict"] == "interpretable"))
    dead = {(one["arm"], one["stratum"]): one["dead"] for one in json.loads(files["frame.json"])["cells"]}
    found: dict[tuple[str, str], Cell] = {}
    for place, neurons in votes.items():
        means = np.array([np.mean(one) for one in neurons.values()] + [0.0] * dead[place])
        judgments = sum(len(one) for one in neurons.values()) + dead[place]
        k, p, squared = len(means), means.mean(), means.var(ddof=1)
        worth = min(max(p * (1 - p) * k / squared, k), judgments)
        centre = (p + Z**2 / (2 * worth)) / (1 + Z**2 / worth)
        reach = Z / (1 + Z**2 / worth) * math.sqrt(p * (1 - p) / worth + Z**2 / (4 * worth**2))
        found[place] = (k, float(p), float(squared / k), (float(centre - reach), float(centre + reach)))
    return found


@pytest.fixture(scope="module")
def analysis(files: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files["analysis.json"])
    return found


def test_fractions_and_intervals(cells: dict[tuple[str, str], Cell], analysis: dict[str, Any]) -> None:
    assert len(analysis["cells"]) == 4
    for one in analysis["cells"]:
        k, p, _, (low, high) = cells[one["arm"], one["stratum"]]
        assert (one["n"], one["fraction"]) == (k, pytest.approx(p, abs=1e-12))
        assert one["interval"] == [pytest.approx(low, abs=1e-9), pytest.approx(high, abs=1e-9)]


def test_differences_by_stratum(cells: dict[tuple[str, str], Cell], analysis: dict[str, Any]) -> None:
    for one in analysis["strata"]:
        _, p1, _, (l1, u1) = cells["solu", one["stratum"]]
        _, p0, _, (l0, u0) = cells["baseline", one["stratum"]]
        below, above = math.hypot(p1 - l1, u0 - p0), math.hypot(u1 - p1, p0 - l0)
        assert one["estimate"] == pytest.approx(p1 - p0, abs=1e-12)
        assert one["interval"] == [pytest.approx(p1 - p0 - below), pytest.approx(p1 - p0 + above)]


def test_the_pooled_difference_its_sandwich_and_q(cells: dict[tuple[str, str], Cell], analysis: dict[str, Any]) -> None:
    weights, differences, variances = [], [], []
    for stratum in ("1L/0", "2L/0"):
        (n1, p1, v1, _), (n0, p0, v0, _) = cells["solu", stratum], cells["baseline", stratum]
        weights.append(n1 * n0 / (n1 + n0))
        differences.append(p1 - p0)
        variances.append(v1 + v0)
    w, d, v = (np.array(one) for one in (weights, differences, variances))
    pooled = (w @ d) / w.sum()
    reach = Z * math.sqrt(w**2 @ v) / w.sum()
    found = analysis["difference"]
    assert found["estimate"] == pytest.approx(pooled, abs=1e-12)
    assert found["interval"] == [pytest.approx(pooled - reach), pytest.approx(pooled + reach)]
    assert analysis["heterogeneity"]["q"] == pytest.approx(float(((d - pooled) ** 2 / v).sum()))
    ratio = sum(one * cells["solu", s][1] for one, s in zip(weights, ("1L/0", "2L/0"), strict=True)) / sum(
        one * cells["baseline", s][1] for one, s in zip(weights, ("1L/0", "2L/0"), strict=True)
    )
    assert analysis["ratio"]["estimate"] == pytest.approx(ratio)


def test_the_permutation_p_by_plain_shuffling(files: dict[str, str], analysis: dict[str, Any]) -> None:
    source = np.random.default_rng(5)
    rows = [row for row in csv.DictReader(io.StringIO(files["observations.csv"])) if row["kind"] == "neuron"]
    shuffles = 4000
    total, dealt = 0.0, np.zeros(shuffles)
    for stratum in ("1L/0", "2L/0"):
        means: dict[str, dict[str, list[float]]] = {"solu": defaultdict(list), "baseline": defaultdict(list)}
        for row in rows:
            if row["stratum"] == stratum:
                means[row["arm"]][row["item"]].append(float(row["verdict"] == "interpretable"))
        groups = [[float(np.mean(one)) for one in means[arm].values()] + [0.0, 0.0] for arm in ("solu", "baseline")]
        everyone, size = np.array(groups[0] + groups[1]), len(groups[0])
        for shuffle in range(shuffles):
            source.shuffle(everyone)
            dealt[shuffle] += (everyone[:size].mean() - everyone[size:].mean()) / 2
        total += float(np.mean(groups[0]) - np.mean(groups[1])) / 2
    p = (1 + (np.abs(dealt) >= abs(total) - 1e-9).sum()) / (shuffles + 1)
    assert analysis["difference"]["p"] == pytest.approx(p, abs=4 * math.sqrt(max(p, 1e-3) / shuffles))


def test_each_evaluator_s_own_fractions(files: dict[str, str], analysis: dict[str, Any]) -> None:
    rows = [row for row in csv.DictReader(io.StringIO(files["observations.csv"])) if row["kind"] == "neuron"]
    for one in analysis["per_evaluator"]:
        for arm in ("solu", "baseline"):
            mine = [
                row["verdict"] == "interpretable"
                for row in rows
                if row["evaluator"] == one["evaluator"] and row["arm"] == arm
            ]
            assert one["arms"][arm]["fraction"] == pytest.approx(sum(mine) / (len(mine) + 4))
