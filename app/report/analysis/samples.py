"""From rows of judgments and counts of the frame to samples of neurons."""

import numpy as np
from numpy.typing import NDArray

from app.report.analysis.frame import AnalysisFrame, CellCounts
from app.report.analysis.verdict_table import VerdictTable
from app.statistics.mantel_haenszel import StratumComparison
from app.statistics.neuron_sample import NeuronSample, Substratum

Floats = NDArray[np.float64]


def neuron_means(table: VerdictTable) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Items with judgments, each one's mean verdict and number of judgments."""
    judged, row = np.unique(table.item, return_inverse=True)
    counts = np.bincount(row, minlength=judged.size).astype(np.float64)
    sums = np.bincount(row, weights=table.yes, minlength=judged.size)
    return judged, sums / np.maximum(counts, 1), counts


def sample(
    table: VerdictTable, cell: CellCounts | None, *, by_layer: bool = False, dead: bool = True
) -> NeuronSample | None:
    """The sample behind rows of one arm in one stratum; None if nobody judged any and none are dead.

    Dead neurons stand beside the judged ones in proportion: all of them once every shown neuron is judged, and
    half of them when half are, so that a round stopped early does not drown in its dead.
    """
    dead_neurons = 0 if cell is None or not dead else cell.dead
    if not table.rows:
        only_dead = cell is not None and not cell.shown and dead_neurons > 0
        return NeuronSample((Substratum(np.zeros(0), float(dead_neurons)),), float(dead_neurons)) if only_dead else None
    if by_layer and cell is not None and cell.layers:
        strips = _strips_by_layer(table, cell, dead=dead)
    else:
        means = neuron_means(table)[1]
        strips = (Substratum(means, _in_proportion(dead_neurons, means.size, cell.shown if cell else 0)),)
    return NeuronSample(strips, table.rows + sum(strip.dead_count for strip in strips), table.key())


def compared(
    table: VerdictTable, frame: AnalysisFrame, first: str, second: str, *, dead: bool = True
) -> list[StratumComparison]:
    """The strata in which both arms have a sample, in order of size."""
    strata = []
    for name in frame.strata:
        one, other = (
            sample(table.of(arm, name), frame.cell(arm, name), by_layer=frame.by_layer, dead=dead)
            for arm in (first, second)
        )
        if one is not None and other is not None:
            strata.append(StratumComparison(name, one, other))
    return strata


def arm_samples(
    table: VerdictTable, frame: AnalysisFrame, arm: str, *, dead: bool = True
) -> list[tuple[str, NeuronSample]]:
    """An arm's samples by stratum, where it has any."""
    found = [
        (name, sample(table.of(arm, name), frame.cell(arm, name), by_layer=frame.by_layer, dead=dead))
        for name in frame.strata
    ]
    return [(name, one) for name, one in found if one is not None]


def _strips_by_layer(table: VerdictTable, cell: CellCounts, *, dead: bool) -> tuple[Substratum, ...]:
    strips = []
    for layer in sorted(cell.layers, key=lambda one: one.layer):
        means = neuron_means(table.where(table.layer == layer.layer))[1]
        shown = layer.drawn - layer.dead
        silent = _in_proportion(layer.dead, means.size, shown) if dead else 0.0
        if means.size + silent > 0:
            strips.append(Substratum(means, silent, float(layer.eligible), layer.layer))
    return tuple(strips)


def _in_proportion(dead: int, judged: int, shown: int) -> float:
    return float(dead) if shown <= 0 else dead * min(1.0, judged / shown)
