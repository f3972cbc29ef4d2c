"""How far the main number depends on choices: missing judgments as bounds, majority vote, the model-based check."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.report.analysis.flow import planned_judgments
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.samples import neuron_means, sample
from app.report.analysis.verdict_table import VerdictTable
from app.report.number_text import estimated
from app.statistics.estimating_equation import RegressionData, gee_difference
from app.statistics.mantel_haenszel import StratumComparison, mantel_haenszel_difference
from app.statistics.neuron_sample import NeuronSample, Substratum

Floats = NDArray[np.float64]
Means = Callable[[VerdictTable, AnalysisFrame, str, str], NeuronSample | None]


def sensitivity(table: VerdictTable, frame: AnalysisFrame) -> dict[str, Any]:
    """Bounds for missing judgments and the majority vote, each a difference with its interval."""
    missing = _missing(table, frame)
    return {
        "missing_judgments": missing,
        "missing_for_treatment": estimated(_pooled(table, frame, _bounded(1.0, 0.0))),
        "missing_for_reference": estimated(_pooled(table, frame, _bounded(0.0, 1.0))),
        "majority": estimated(_pooled(table, frame, _majority)) | {"ties": "NOT INTERPRETABLE"},
        "stopped_early": frame.stopped_early,
    }


def model_check(table: VerdictTable, frame: AnalysisFrame) -> dict[str, Any]:
    """The estimating equation's difference, beside the pre-registered one."""
    first, second = table.of(frame.treatment), table.of(frame.reference)
    if not first.rows or not second.rows:
        return {"method": "GEE"} | estimated(None)
    rows = [_rows(table, frame, arm, stratum) for arm in (frame.treatment, frame.reference) for stratum in frame.strata]
    columns = [np.concatenate(parts) for parts in zip(*rows, strict=True)]
    neuron = columns[4].astype(np.int64)
    model = RegressionData(columns[0], columns[1], columns[2].astype(np.int64), columns[3].astype(np.int64), neuron)
    method = "GEE, identity link, independence, robust errors: verdict ~ stratum + evaluator + arm"
    return {"method": method} | estimated(gee_difference(model))


def _pooled(table: VerdictTable, frame: AnalysisFrame, means: Means) -> Any:  # noqa: ANN401 - an estimate or None
    strata = []
    for name in frame.strata:
        one, other = (means(table, frame, arm, name) for arm in (frame.treatment, frame.reference))
        if one is not None and other is not None:
            strata.append(StratumComparison(name, one, other))
    return mantel_haenszel_difference(strata) if strata else None


def _missing(table: VerdictTable, frame: AnalysisFrame) -> dict[str, int]:
    planned = planned_judgments(table, frame)
    shown = {arm: sum(one.shown for one in frame.cells if one.arm == arm) for arm in frame.arms}
    return {arm: max(0, shown[arm] * planned - table.of(arm).rows) for arm in frame.arms}


def _bounded(treatment: float, reference: float) -> Means:
    """Samples in which every judgment not given says 1 or 0, by arm."""

    def filled(table: VerdictTable, frame: AnalysisFrame, arm: str, stratum: str) -> NeuronSample | None:
        cell = frame.cell(arm, stratum)
        if cell is None or cell.drawn == 0:
            return None
        rows, planned = table.of(arm, stratum), max(1, planned_judgments(table, frame))
        value = treatment if arm == frame.treatment else reference
        _, means, counts = neuron_means(rows)
        gaps = np.maximum(planned - counts, 0)
        seen = (means * counts + value * gaps) / (counts + gaps)
        means = np.concatenate([seen, np.full(max(0, cell.shown - seen.size), value)])
        return NeuronSample((Substratum(means, cell.dead),), means.size * planned + cell.dead, rows.key())

    return filled


def _majority(table: VerdictTable, frame: AnalysisFrame, arm: str, stratum: str) -> NeuronSample | None:
    cell = frame.cell(arm, stratum)
    rows = table.of(arm, stratum)
    found = sample(rows, cell, by_layer=frame.by_layer)
    if found is None:
        return None
    strips = tuple(
        Substratum(np.asarray(one.mean_verdicts > 0.5, dtype=np.float64), one.dead_count, one.weight, one.layer)
        for one in found.substrata
    )
    return NeuronSample(strips, found.neuron_count, found.seed_key)


def _rows(table: VerdictTable, frame: AnalysisFrame, arm: str, stratum: str) -> tuple[Floats, ...]:
    """Columns verdict, arm, stratum, evaluator, neuron of one cell, dead neurons as NOT by everyone."""
    rows, cell = table.of(arm, stratum), frame.cell(arm, stratum)
    evaluators = np.arange(len(table.evaluators))
    judged = np.unique(rows.item).size
    dead = 0 if cell is None or not judged else round(cell.dead * min(1.0, judged / max(1, cell.shown)))
    silent = dead * evaluators.size
    place, half = frame.strata.index(stratum), arm == frame.treatment
    first_dead = len(table.items) + 100_000 * (2 * place + int(half))
    return (
        np.concatenate([rows.yes, np.zeros(silent)]),
        np.full(rows.rows + silent, float(half)),
        np.full(rows.rows + silent, float(place)),
        np.concatenate([rows.evaluator, np.tile(evaluators, dead)]).astype(np.float64),
        np.concatenate([rows.item, np.repeat(first_dead + np.arange(dead), evaluators.size)]).astype(np.float64),
    )
