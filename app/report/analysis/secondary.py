"""What the design names in advance beside the main question; anything else a user asks for is post hoc."""

from dataclasses import replace
from typing import Any

import numpy as np

from app.report.analysis.frame import AnalysisFrame, CellCounts, LayerCount
from app.report.analysis.primary import contrast
from app.report.analysis.verdict_table import VerdictTable
from app.report.number_text import number

TOKEN_DETECTOR = 0.8
"""Same-token share from which a neuron's top peaks can be explained by one token alone."""
THIRDS = ("early", "middle", "late")


def secondary(table: VerdictTable, frame: AnalysisFrame) -> dict[str, Any]:
    """The pre-specified secondary results."""
    arms = frame.treatment, frame.reference
    beyond_tokens = table.where(table.share < TOKEN_DETECTOR)
    return {
        "not_token_detectors": contrast(beyond_tokens, frame, *arms, dead=False)
        | {"threshold": TOKEN_DETECTOR, "items": int(np.unique(beyond_tokens.item).size)},
        "live_only": contrast(table, frame, *arms, dead=False),
        "depth": depth_thirds(table, frame),
        "contrasts": [contrast(table, frame, first, second) for first, second in _contrasts(frame)],
    }


def depth_thirds(table: VerdictTable, frame: AnalysisFrame) -> list[dict[str, Any]]:
    """Difference and fractions by third of depth; empty if all models are too shallow to have thirds."""
    third = _third(table.layer, table.n_layers)
    if np.unique(third).size < 2:
        return []
    deepest = {name: int(table.of(stratum=name).n_layers.max()) for name in frame.strata if table.of(stratum=name).rows}
    found = []
    for place, name in enumerate(THIRDS):
        rows = table.where(third == place)
        cells = tuple(_part(one, deepest.get(one.stratum, 1), place) for one in frame.cells)
        part = replace(frame, cells=cells)
        result = contrast(rows, part, frame.treatment, frame.reference)
        fractions = {arm: number(float(rows.of(arm).yes.mean()) if rows.of(arm).rows else None) for arm in frame.arms}
        found.append({"third": name, "judged": fractions} | result)
    return found


def _contrasts(frame: AnalysisFrame) -> list[tuple[str, str]]:
    if frame.contrasts:
        return list(frame.contrasts)
    return [(arm, frame.reference) for arm in frame.arms if arm not in (frame.reference, frame.treatment)]


def _third(layer: Any, layers: Any) -> Any:  # noqa: ANN401 - a number or an array of numbers
    return np.minimum(2, np.floor(3 * (layer + 0.5) / np.maximum(layers, 1))).astype(np.int64)


def _part(cell: CellCounts, layers: int, third: int) -> CellCounts:
    """The cell's counts within a third of depth; without counts by layer its dead belong to no third."""
    kept: tuple[LayerCount, ...] = tuple(one for one in cell.layers if int(_third(one.layer, layers)) == third)
    drawn, dead = sum(one.drawn for one in kept), sum(one.dead for one in kept)
    eligible = sum(one.eligible for one in kept)
    return replace(cell, eligible=eligible, drawn=drawn, dead=dead, shown=drawn - dead, layers=kept)
