"""The secondary results that the design names in advance; every other analysis is post hoc."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from app.foundation.arrays import Ints
from app.report.analysis.estimates import finite_number
from app.report.analysis.frame import AnalysisFrame, CellCounts
from app.report.analysis.primary import Contrast, contrast_arms
from app.report.analysis.verdict_table import VerdictTable
from app.rounds.planned_numbers import CONSTANTS

Third = Literal["early", "middle", "late"]
THIRDS: tuple[Third, ...] = ("early", "middle", "late")


@dataclass(frozen=True)
class NotTokenDetectors(Contrast):
    """The difference among live neurons that are not token detectors."""

    threshold: float
    items: int


@dataclass(frozen=True)
class JudgedThird:
    """A third of depth, and the share of each arm's verdicts in it that count."""

    third: Third
    judged: dict[str, float | None]


@dataclass(frozen=True)
class ThirdContrast(Contrast, JudgedThird):
    """The difference within a third of depth."""


@dataclass(frozen=True)
class SecondaryResults:
    """The pre-specified secondary results."""

    not_token_detectors: NotTokenDetectors
    live_only: Contrast
    depth: tuple[ThirdContrast, ...]
    contrasts: tuple[Contrast, ...]
    """Differences between further arms."""


def secondary_results(verdicts: VerdictTable, frame: AnalysisFrame) -> SecondaryResults:
    """The pre-specified secondary results."""
    return SecondaryResults(
        not_token_detectors=_not_token_detectors(verdicts, frame),
        live_only=contrast_arms(verdicts, frame, frame.treatment, frame.reference, count_dead=False),
        depth=_depth_thirds(verdicts, frame),
        contrasts=tuple(contrast_arms(verdicts, frame, *arms) for arms in _further_contrasts(frame)),
    )


def _not_token_detectors(verdicts: VerdictTable, frame: AnalysisFrame) -> NotTokenDetectors:
    threshold = frame.numbers.token_detector_share
    rows = verdicts.filter_rows(verdicts.same_token_share < threshold)
    contrast = contrast_arms(rows, frame, frame.treatment, frame.reference, count_dead=False)
    return NotTokenDetectors(
        treatment=contrast.treatment,
        reference=contrast.reference,
        estimate=contrast.estimate,
        interval=contrast.interval,
        p=contrast.p,
        method=contrast.method,
        neurons=contrast.neurons,
        strata=contrast.strata,
        threshold=threshold,
        items=rows.item_count,
    )


def _depth_thirds(verdicts: VerdictTable, frame: AnalysisFrame) -> tuple[ThirdContrast, ...]:
    """The difference by third of depth; empty if all models are too shallow to have thirds."""
    third_of_row = _third_of_depth(verdicts.layer, verdicts.layer_count)
    if np.unique(third_of_row).size < 2:
        return ()
    return tuple(
        _third_contrast(verdicts.filter_rows(third_of_row == index), _frame_within_third(verdicts, frame, index), third)
        for index, third in enumerate(THIRDS)
    )


def _third_contrast(verdicts: VerdictTable, frame: AnalysisFrame, third: Third) -> ThirdContrast:
    contrast = contrast_arms(verdicts, frame, frame.treatment, frame.reference)
    return ThirdContrast(
        third=third,
        judged={arm: _counted_share(verdicts.select(arm)) for arm in frame.arms},
        treatment=contrast.treatment,
        reference=contrast.reference,
        estimate=contrast.estimate,
        interval=contrast.interval,
        p=contrast.p,
        method=contrast.method,
        neurons=contrast.neurons,
        strata=contrast.strata,
    )


def _further_contrasts(frame: AnalysisFrame) -> list[tuple[str, str]]:
    if frame.contrasts:
        return list(frame.contrasts)
    return [(arm, frame.reference) for arm in frame.arms if arm not in (frame.reference, frame.treatment)]


def _third_of_depth(layer: Ints, layer_count: Ints) -> Ints:
    """0, 1 or 2 for early, middle or late, from layers that count from 0."""
    parts = CONSTANTS.depth_parts
    return np.minimum(parts - 1, np.floor(parts * (layer + 0.5) / np.maximum(layer_count, 1))).astype(np.int64)


def _counted_share(verdicts: VerdictTable) -> float | None:
    return finite_number(float(verdicts.score.mean())) if verdicts.judgment_count else None


def _frame_within_third(verdicts: VerdictTable, frame: AnalysisFrame, third: int) -> AnalysisFrame:
    """The frame with the counts of one third of depth; a stratum that nobody judged counts as one layer deep."""
    depths = {}
    for stratum in frame.strata:
        rows = verdicts.select(stratum=stratum)
        depths[stratum] = int(rows.layer_count.max()) if rows.judgment_count else 1
    return replace(frame, cells=tuple(_cell_within_third(cell, depths[cell.stratum], third) for cell in frame.cells))


def _cell_within_third(cell_counts: CellCounts, depth: int, third: int) -> CellCounts:
    """The cell's counts within a third of depth; without counts by layer its dead neurons belong to no third."""
    layers = tuple(
        layer for layer in cell_counts.layers if _third_of_depth(np.array([layer.layer]), np.array([depth]))[0] == third
    )
    drawn, dead = sum(layer.drawn for layer in layers), sum(layer.dead for layer in layers)
    eligible = sum(layer.eligible for layer in layers)
    return replace(cell_counts, eligible=eligible, drawn=drawn, dead=dead, shown=drawn - dead, layers=layers)
