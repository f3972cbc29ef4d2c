"""How far the main difference depends on choices: bounds for missing judgments, majority vote, model-based check."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from app.foundation.arrays import Floats
from app.report.analysis.estimates import ReportedEstimate, report_estimate
from app.report.analysis.flow import planned_judgments_per_item
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.samples import cell_sample, mean_verdicts
from app.report.analysis.verdict_table import VerdictTable
from app.rounds.planned_numbers import CONSTANTS
from app.statistics.estimating_equation import RegressionData, gee_difference
from app.statistics.intervals import Estimate, Interval
from app.statistics.mantel_haenszel import StratumComparison, mantel_haenszel_difference
from app.statistics.neuron_sample import NeuronSample, Substratum

CellSampler = Callable[[VerdictTable, AnalysisFrame, str, str], NeuronSample | None]
"""(all verdicts, frame, arm, stratum) -> the sample of that cell that a choice gives."""


@dataclass(frozen=True)
class MajorityVote(ReportedEstimate):
    """The difference if the verdict on each neuron is that of the majority of its evaluators."""

    ties: str
    """The verdict that a tie counts as."""


@dataclass(frozen=True)
class SensitivityResults:
    """The difference that other choices give."""

    missing_judgments: dict[str, int]
    missing_for_treatment: ReportedEstimate
    """The difference if every missing judgment favoured the treatment."""
    missing_for_reference: ReportedEstimate
    """The difference if every missing judgment favoured the reference."""
    majority: MajorityVote
    stopped_early: bool


@dataclass(frozen=True)
class ModelCheck:
    """The estimating equation's difference, beside the pre-registered one."""

    method: str
    estimate: float | None
    interval: Interval | None


def sensitivity_results(verdicts: VerdictTable, frame: AnalysisFrame) -> SensitivityResults:
    """Bounds for missing judgments and the majority vote, each a difference with its interval."""
    majority = report_estimate(_pooled_difference(verdicts, frame, _majority_sample))
    return SensitivityResults(
        missing_judgments=_missing_judgments(verdicts, frame),
        missing_for_treatment=report_estimate(
            _pooled_difference(verdicts, frame, _sampler_with_missing_filled_in(1.0, 0.0))
        ),
        missing_for_reference=report_estimate(
            _pooled_difference(verdicts, frame, _sampler_with_missing_filled_in(0.0, 1.0))
        ),
        majority=MajorityVote(majority.estimate, majority.interval, ties=frame.outcome.opposite),
        stopped_early=frame.stopped_early,
    )


def model_based_check(verdicts: VerdictTable, frame: AnalysisFrame) -> ModelCheck:
    """The difference by a generalized estimating equation; None if one of the arms has no judgment."""
    if not verdicts.select(frame.treatment).judgment_count or not verdicts.select(frame.reference).judgment_count:
        return ModelCheck("GEE", estimate=None, interval=None)
    cells = [
        _regression_rows(verdicts, frame, arm, stratum)
        for arm in (frame.treatment, frame.reference)
        for stratum in frame.strata
    ]
    data = RegressionData(
        np.concatenate([cell.score for cell in cells]),
        np.concatenate([cell.in_treatment for cell in cells]),
        np.concatenate([cell.stratum_index for cell in cells]),
        np.concatenate([cell.evaluator_index for cell in cells]),
        np.concatenate([cell.neuron_index for cell in cells]),
    )
    method = "GEE, identity link, independence, robust errors: verdict ~ stratum + evaluator + arm"
    difference = report_estimate(gee_difference(data, frame.numbers.most_gee_neurons))
    return ModelCheck(method, difference.estimate, difference.interval)


def _pooled_difference(verdicts: VerdictTable, frame: AnalysisFrame, sampler: CellSampler) -> Estimate | None:
    """The pooled difference of the samples that `sampler` makes; None if no stratum has two."""
    strata = []
    for stratum in frame.strata:
        treatment = sampler(verdicts, frame, frame.treatment, stratum)
        reference = sampler(verdicts, frame, frame.reference, stratum)
        if treatment is not None and reference is not None:
            strata.append(StratumComparison(stratum, treatment, reference))
    return mantel_haenszel_difference(strata) if strata else None


def _missing_judgments(verdicts: VerdictTable, frame: AnalysisFrame) -> dict[str, int]:
    planned = planned_judgments_per_item(verdicts, frame)
    shown = {arm: sum(cell.shown for cell in frame.cells if cell.arm == arm) for arm in frame.arms}
    return {arm: max(0, shown[arm] * planned - verdicts.select(arm).judgment_count) for arm in frame.arms}


def _sampler_with_missing_filled_in(treatment_verdict: float, reference_verdict: float) -> CellSampler:
    """Makes samples in which every missing judgment of an arm is the given verdict: 0 or 1."""

    def filled_sample(verdicts: VerdictTable, frame: AnalysisFrame, arm: str, stratum: str) -> NeuronSample | None:
        cell = frame.cell(arm, stratum)
        if cell is None or cell.drawn == 0:
            return None
        rows, planned = verdicts.select(arm, stratum), max(1, planned_judgments_per_item(verdicts, frame))
        verdict = treatment_verdict if arm == frame.treatment else reference_verdict
        means, counts = mean_verdicts(rows)
        missing = np.maximum(planned - counts, 0)
        filled = (means * counts + verdict * missing) / (counts + missing)
        unjudged = np.full(max(0, cell.shown - filled.size), verdict)
        substratum = Substratum(np.concatenate([filled, unjudged]), cell.dead)
        judgment_count = substratum.mean_verdicts.size * planned + cell.dead
        return NeuronSample((substratum,), judgment_count, rows.item_codes_digest())

    return filled_sample


def _majority_sample(verdicts: VerdictTable, frame: AnalysisFrame, arm: str, stratum: str) -> NeuronSample | None:
    sample = cell_sample(verdicts, frame, arm, stratum)
    if sample is None:
        return None
    substrata = tuple(
        replace(
            substratum, mean_verdicts=np.asarray(substratum.mean_verdicts > CONSTANTS.majority_share, dtype=np.float64)
        )
        for substratum in sample.substrata
    )
    return NeuronSample(substrata, sample.neuron_count, sample.item_codes_digest)


def _regression_rows(verdicts: VerdictTable, frame: AnalysisFrame, arm: str, stratum: str) -> RegressionData:
    """The rows of one cell, in which every dead neuron counts as 0 for every evaluator."""
    rows, cell = verdicts.select(arm, stratum), frame.cell(arm, stratum)
    judged_count = rows.item_count
    dead_count = round(cell.dead * min(1.0, judged_count / max(1, cell.shown))) if cell and judged_count else 0
    stratum_index, in_treatment = frame.strata.index(stratum), int(arm == frame.treatment)
    first_dead = len(verdicts.item_codes) + 100_000 * (2 * stratum_index + in_treatment)
    dead_neurons, evaluators = first_dead + np.arange(dead_count), np.arange(len(verdicts.evaluator_names))
    row_count = rows.judgment_count + dead_neurons.size * evaluators.size
    return RegressionData(
        score=_padded_with_zeros(rows.score, row_count),
        in_treatment=np.full(row_count, float(in_treatment)),
        stratum_index=np.full(row_count, stratum_index),
        evaluator_index=np.concatenate([rows.evaluator_index, np.tile(evaluators, dead_count)]),
        neuron_index=np.concatenate([rows.item_index, np.repeat(dead_neurons, evaluators.size)]),
    )


def _padded_with_zeros(verdicts: Floats, size: int) -> Floats:
    return np.concatenate([verdicts, np.zeros(size - verdicts.size)])
