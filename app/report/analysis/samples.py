"""Samples of neurons, made from rows of judgments and counts of the frame."""

import numpy as np

from app.foundation.arrays import Floats
from app.report.analysis.frame import AnalysisFrame, CellCounts
from app.report.analysis.verdict_table import VerdictTable
from app.statistics.mantel_haenszel import StratumComparison
from app.statistics.neuron_sample import NeuronSample, Substratum


def mean_verdicts(verdicts: VerdictTable) -> tuple[Floats, Floats]:
    """The mean verdict of each judged item, and its number of judgments: two arrays [item]."""
    items, item_of_row = np.unique(verdicts.item_index, return_inverse=True)
    counts = np.bincount(item_of_row, minlength=items.size).astype(np.float64)
    sums = np.bincount(item_of_row, weights=verdicts.score, minlength=items.size)
    return sums / np.maximum(counts, 1), counts


def cell_sample(
    verdicts: VerdictTable, frame: AnalysisFrame, arm: str, stratum: str, *, count_dead: bool = True
) -> NeuronSample | None:
    """The sample of one arm in one stratum; None if nobody judged any of its neurons and none are dead.

    Dead neurons count in proportion to the judged ones: all of them once every shown neuron is judged, and
    half of them when half are, so that dead neurons do not dominate a round that stopped early.
    """
    rows, cell = verdicts.select(arm, stratum), frame.cell(arm, stratum)
    dead_count = cell.dead if cell is not None and count_dead else 0
    if not rows.judgment_count:
        only_dead = cell is not None and not cell.shown and dead_count > 0
        return NeuronSample((Substratum(np.zeros(0), float(dead_count)),), float(dead_count)) if only_dead else None
    if frame.by_layer and cell is not None and cell.layers:
        substrata = _substrata_by_layer(rows, cell, count_dead=count_dead)
    else:
        means, _ = mean_verdicts(rows)
        shown_count = cell.shown if cell is not None else 0
        substrata = (Substratum(means, _dead_count_in_proportion(dead_count, means.size, shown_count)),)
    judgment_count = rows.judgment_count + sum(substratum.dead_count for substratum in substrata)
    return NeuronSample(substrata, judgment_count, rows.item_codes_digest())


def compare_in_strata(
    verdicts: VerdictTable, frame: AnalysisFrame, treatment: str, reference: str, *, count_dead: bool = True
) -> list[StratumComparison]:
    """Two arms in every stratum in which both have a sample, in order of size."""
    comparisons = []
    for stratum in frame.strata:
        treatment_sample = cell_sample(verdicts, frame, treatment, stratum, count_dead=count_dead)
        reference_sample = cell_sample(verdicts, frame, reference, stratum, count_dead=count_dead)
        if treatment_sample is not None and reference_sample is not None:
            comparisons.append(StratumComparison(stratum, treatment_sample, reference_sample))
    return comparisons


def samples_by_stratum(verdicts: VerdictTable, frame: AnalysisFrame, arm: str) -> dict[str, NeuronSample]:
    """{stratum: the arm's sample in it} where the arm has one, in order of size."""
    samples = {stratum: cell_sample(verdicts, frame, arm, stratum) for stratum in frame.strata}
    return {stratum: sample for stratum, sample in samples.items() if sample is not None}


def _substrata_by_layer(verdicts: VerdictTable, cell_counts: CellCounts, *, count_dead: bool) -> tuple[Substratum, ...]:
    substrata = []
    for layer in sorted(cell_counts.layers, key=lambda layer: layer.layer):
        means, _ = mean_verdicts(verdicts.filter_rows(verdicts.layer == layer.layer))
        dead_count = _dead_count_in_proportion(layer.dead, means.size, layer.drawn - layer.dead) if count_dead else 0.0
        if means.size + dead_count > 0:
            substrata.append(Substratum(means, dead_count, float(layer.eligible), layer.layer))
    return tuple(substrata)


def _dead_count_in_proportion(dead_count: int, judged_count: int, shown_count: int) -> float:
    return float(dead_count) if shown_count <= 0 else dead_count * min(1.0, judged_count / shown_count)
