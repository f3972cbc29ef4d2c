"""What the marks and the transport, which is everything that was sent beside words and marks, tell about the arms."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.leak_audit.summary import AuditSummary, Thresholds
from app.report.analysis.estimates import report_estimate
from app.report.analysis.frame import AnalysisFrame, MarkCounts
from app.statistics.auc import stratified_auc
from app.statistics.intervals import Interval
from app.unblinding.observations import Observation

FEATURE_LABELS = {"marked": "marked tokens", "level_sum": "sum of levels", "tokens": "tokens shown"}
"""{field of MarkCounts: what it counts}"""
FIXED_BY_RANK_MARKS = ("marked", "level_sum")
"""Rank marks mark equally many tokens of every item at every level."""


@dataclass(frozen=True)
class StimulusAuc:
    """How well one feature of the marks tells treatment from reference; 0.5 gives nothing away."""

    feature: str
    label: str
    auc: float | None
    interval: Interval | None
    items: int


@dataclass(frozen=True)
class TransportResults:
    """The results of the leak audit before the seal: how well everything but words and marks tells the arms apart."""

    responses: int
    changed_by_swap: int
    names_spoken: int
    auc: float | None
    """The largest AUC of a classifier of version 0.1; None since, as a permutation test decides."""
    aucs: dict[str, float]
    """{classifier of version 0.1: its AUC}"""
    p: float
    permutations: int
    detectable: float | None
    """The smallest AUC that version 0.1 would have called a leak."""
    items: int
    leaks: bool
    thresholds: Thresholds | None = None
    """What the p had to be at most; None if version 0.1 made the audit."""


def transport_results(frame: AnalysisFrame) -> TransportResults | None:
    """The results of the leak audit before the seal; None if there was no audit."""
    if frame.audit is None:
        return None
    summary = AuditSummary.model_validate(frame.audit)
    attack = summary.gate.transport
    return TransportResults(
        responses=summary.responses,
        changed_by_swap=summary.gate.swap.count,
        names_spoken=summary.gate.name_search.count,
        auc=attack.largest_auc,
        aucs=attack.aucs or {},
        p=attack.p,
        permutations=attack.permutations,
        detectable=attack.detectable,
        items=attack.items,
        leaks=attack.leaks,
        thresholds=attack.thresholds,
    )


def stimulus_aucs(observations: Sequence[Observation], frame: AnalysisFrame) -> tuple[StimulusAuc, ...]:
    """The AUC of each feature of the marks for telling treatment from reference within strata."""
    cell_by_item = {
        observation.allocated.item: (observation.allocated.arm, observation.allocated.stratum)
        for observation in observations
    }
    by_cell: dict[tuple[str, str], list[MarkCounts]] = {}
    for stimulus in frame.stimuli:
        if stimulus.item in cell_by_item:
            by_cell.setdefault(cell_by_item[stimulus.item], []).append(stimulus)
    pairs = [
        (by_cell.get((frame.treatment, stratum), []), by_cell.get((frame.reference, stratum), []))
        for stratum in frame.strata
    ]
    return tuple(_stimulus_auc(feature, pairs) for feature in FEATURE_LABELS if not _is_fixed(feature, frame))


def _is_fixed(feature: str, frame: AnalysisFrame) -> bool:
    """Whether every item has as many by construction; analyses of version 0.1 have such features all the same."""
    return frame.plan is not None and frame.marks == "rank" and feature in FIXED_BY_RANK_MARKS


def _stimulus_auc(feature: str, pairs: Sequence[tuple[list[MarkCounts], list[MarkCounts]]]) -> StimulusAuc:
    """One feature's AUC; `pairs` are the mark counts of treatment and reference in each stratum."""
    groups = [
        (
            np.array([getattr(stimulus, feature) for stimulus in treatment], dtype=np.float64),
            np.array([getattr(stimulus, feature) for stimulus in reference], dtype=np.float64),
        )
        for treatment, reference in pairs
    ]
    estimate = report_estimate(stratified_auc(groups))
    item_count = sum(treatment.size + reference.size for treatment, reference in groups)
    return StimulusAuc(feature, FEATURE_LABELS[feature], estimate.estimate, estimate.interval, item_count)
