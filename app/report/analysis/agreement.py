"""Agreement between evaluators, within arm, of evaluators with themselves, and by pair."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from app.foundation.arrays import Floats
from app.report.analysis.estimates import (
    NO_ESTIMATE,
    NamedEvaluator,
    ReportedEstimate,
    finite_interval,
    finite_number,
)
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.verdict_table import VerdictTable
from app.rounds.planned_numbers import CONSTANTS
from app.statistics.agreement import AgreementCoefficient, agreement_coefficients, agreement_with_intervals
from app.statistics.resampling import seeded_generator
from app.unblinding.observations import Observation


@dataclass(frozen=True)
class AgreementResult:
    """Agreement over the same neurons, by three coefficients."""

    units: int
    """Neurons with at least two judgments."""
    percent: ReportedEstimate
    ac1: ReportedEstimate
    alpha: ReportedEstimate


@dataclass(frozen=True)
class PairAgreement:
    """Agreement of two evaluators; None if they judged nothing in common."""

    first: str
    second: str
    items: int
    """Items that both judged."""
    percent: float | None
    ac1: float | None


@dataclass(frozen=True)
class Leniency(NamedEvaluator):
    """The share of one evaluator's verdicts that count."""

    fraction: float | None


@dataclass(frozen=True)
class AgreementResults:
    """Agreement between evaluators, over all items, within arm and by pair, and of each with themselves on repeats."""

    between: AgreementResult
    within_arm: dict[str, AgreementResult]
    within_evaluator: AgreementResult
    pairs: tuple[PairAgreement, ...]
    leniency: tuple[Leniency, ...]


def agreement_results(
    verdicts: VerdictTable, observations: Sequence[Observation], frame: AnalysisFrame
) -> AgreementResults:
    """Agreement over the verdicts on neurons and, in `observations`, over hidden repeats."""
    rows_by_arm = {arm: verdicts.select(arm) for arm in frame.arms}
    digest = verdicts.item_codes_digest()
    return AgreementResults(
        between=_agreement_result(_verdict_counts(verdicts), frame, "between", digest),
        within_arm={
            arm: _agreement_result(_verdict_counts(rows), frame, "within arm", rows.item_codes_digest())
            for arm, rows in rows_by_arm.items()
        },
        within_evaluator=_agreement_result(_repeat_counts(observations), frame, "repeats", digest),
        pairs=_pair_agreements(verdicts, frame),
        leniency=tuple(
            Leniency(name, finite_number(float(verdicts.select(evaluator=name).score.mean())))
            for name in verdicts.evaluator_names
        ),
    )


def _verdict_counts(verdicts: VerdictTable) -> Floats:
    """How many verdicts each item has: [item, (others, those that count)]."""
    if not verdicts.judgment_count:
        return np.zeros((0, 2))
    _, item_of_row = np.unique(verdicts.item_index, return_inverse=True)
    counted = np.bincount(item_of_row, weights=verdicts.score)
    return np.column_stack([np.bincount(item_of_row) - counted, counted])


def _repeat_counts(observations: Sequence[Observation]) -> Floats:
    """How many of two verdicts, on an item and its repeat, are of each kind: [pair, (others, those that count)]."""
    originals = {
        (observation.evaluator, observation.allocated.item): observation
        for observation in observations
        if observation.allocated.kind != "repeat"
    }
    counts = []
    for repeat in observations:
        original = originals.get((repeat.evaluator, repeat.allocated.repeats or ""))
        if repeat.allocated.kind == "repeat" and original is not None:
            counted = original.counts + repeat.counts
            counts.append([2 - counted, counted])
    return np.array(counts, dtype=np.float64).reshape(-1, 2)


def _agreement_result(verdict_counts: Floats, frame: AnalysisFrame, purpose: str, digest: str) -> AgreementResult:
    if not (verdict_counts.sum(axis=1) >= CONSTANTS.fewest_judgments_for_agreement).any():
        return AgreementResult(0, NO_ESTIMATE, NO_ESTIMATE, NO_ESTIMATE)
    generator = seeded_generator(frame.seed, f"agreement {purpose}", digest)
    agreement = agreement_with_intervals(verdict_counts, generator, frame.numbers.bootstrap_draws)
    return AgreementResult(
        units=agreement.unit_count,
        percent=_report_coefficient(agreement.percent_agreement),
        ac1=_report_coefficient(agreement.ac1),
        alpha=_report_coefficient(agreement.alpha),
    )


def _report_coefficient(coefficient: AgreementCoefficient) -> ReportedEstimate:
    return ReportedEstimate(finite_number(coefficient.value), finite_interval(coefficient.interval))


def _pair_agreements(verdicts: VerdictTable, frame: AnalysisFrame) -> tuple[PairAgreement, ...]:
    """The agreement of each pair of evaluators; empty if there are too many pairs to show."""
    names = verdicts.evaluator_names
    if len(names) > frame.numbers.most_evaluators_in_pairs:
        return ()
    verdict_matrix = np.full((len(names), len(verdicts.item_codes)), np.nan)  # [evaluator, item]
    verdict_matrix[verdicts.evaluator_index, verdicts.item_index] = verdicts.score
    return tuple(
        _pair_agreement(names[first], names[second], verdict_matrix[[first, second]])
        for first, second in combinations(range(len(names)), 2)
    )


def _pair_agreement(first: str, second: str, verdict_matrix: Floats) -> PairAgreement:
    """The agreement of two evaluators from their verdicts [evaluator, item], which are NaN where one is missing."""
    in_common = np.isfinite(verdict_matrix).all(axis=0)
    if not in_common.any():
        return PairAgreement(first, second, items=0, percent=None, ac1=None)
    counted = verdict_matrix[:, in_common].sum(axis=0)
    percent, ac1, _ = agreement_coefficients(np.column_stack([2 - counted, counted]))
    return PairAgreement(first, second, int(in_common.sum()), finite_number(percent), finite_number(ac1))
