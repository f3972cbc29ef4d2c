"""Results by who judged: by evaluator, by exposure, after the exclusion rules, and for evaluators like these."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from app.report.analysis.estimates import (
    NO_ESTIMATE,
    NamedEvaluator,
    ReportedEstimate,
    finite_interval,
    finite_number,
    report_estimate,
)
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.primary import ArmResult, Contrast, arm_results, contrast_arms
from app.report.analysis.samples import compare_in_strata, samples_by_stratum
from app.report.analysis.verdict_table import VerdictTable
from app.statistics.intervals import Interval
from app.statistics.mantel_haenszel import StratumComparison, mantel_haenszel_difference
from app.statistics.neuron_sample import merge_samples
from app.statistics.two_way_clustering import JudgedCell, difference_for_evaluators_like_these
from app.unblinding.observations import Observation


@dataclass(frozen=True)
class EvaluatorFraction:
    """The fraction of an arm that counts by one evaluator's answers."""

    fraction: float | None
    interval: Interval | None


@dataclass(frozen=True)
class EvaluatorResult(NamedEvaluator):
    """The primary question answered by one evaluator's judgments."""

    exposed: bool
    judgments: int
    fractions: Annotated[dict[str, EvaluatorFraction], Field(alias="arms")]
    """{arm: the fraction in it}"""
    own_difference: Annotated[ReportedEstimate, Field(alias="difference")]


@dataclass(frozen=True)
class EvaluatorsLikeThese(ReportedEstimate):
    """The difference with an interval over evaluators as well as neurons."""

    fewest: int
    """The interval needs at least this many evaluators."""
    evaluators: int
    degrees: int
    """Degrees of freedom of the t distribution."""


@dataclass(frozen=True)
class EvaluatorCount:
    """How many evaluators a result is computed from."""

    evaluators: int


@dataclass(frozen=True)
class GroupContrast(Contrast, EvaluatorCount):
    """The difference among a group of the evaluators."""


@dataclass(frozen=True)
class ExposureResults:
    """The difference among evaluators who knew these models and among those who did not.

    Exposure was declared by the evaluator or recorded by the round.
    """

    exposed: GroupContrast
    naive: GroupContrast


@dataclass(frozen=True)
class ExcludedEvaluator(NamedEvaluator):
    """An evaluator whom the design's rules exclude, with the rules that they break."""

    reasons: tuple[str, ...]


@dataclass(frozen=True)
class ExclusionResults:
    """The design's exclusion rules, the evaluators whom they exclude, and the results without these evaluators.

    The results are None if nobody is excluded.
    """

    rules: dict[str, float]
    excluded: tuple[ExcludedEvaluator, ...]
    difference: Contrast | None
    arms: dict[str, ArmResult] | None


@dataclass(frozen=True)
class Conduct(NamedEvaluator):
    """How one evaluator worked: the numbers that the exclusion rules test."""

    median_seconds: float | None
    cannot_judge_share: float | None
    completed_share: float | None
    planted_share: float | None
    """Share of planted items on which the answer counts; None without planted items."""


def evaluator_results(verdicts: VerdictTable, frame: AnalysisFrame) -> tuple[EvaluatorResult, ...]:
    """Each evaluator's own fractions and difference, which a report must show because evaluators differ."""
    return tuple(_evaluator_result(verdicts.select(evaluator=name), frame, name) for name in verdicts.evaluator_names)


def evaluators_like_these(verdicts: VerdictTable, frame: AnalysisFrame) -> EvaluatorsLikeThese:
    """The difference with an interval over evaluators as well as neurons, for which it needs five evaluators."""
    evaluator_count = len(verdicts.evaluator_names)
    strata = compare_in_strata(verdicts, frame, frame.treatment, frame.reference)
    estimate = NO_ESTIMATE
    if strata:
        cells = _judgments_by_cell(verdicts, frame, strata)
        difference = mantel_haenszel_difference(strata).value
        fewest = frame.numbers.fewest_evaluators
        estimate = report_estimate(difference_for_evaluators_like_these(cells, difference, evaluator_count, fewest))
    return EvaluatorsLikeThese(
        estimate=estimate.estimate,
        interval=estimate.interval,
        fewest=frame.numbers.fewest_evaluators,
        evaluators=evaluator_count,
        degrees=max(0, evaluator_count - 1),
    )


def exposure_results(verdicts: VerdictTable, frame: AnalysisFrame) -> ExposureResults:
    """The difference among exposed and among naive evaluators."""
    declared = {enrolled.evaluator for enrolled in frame.evaluators if enrolled.exposed}
    is_declared = np.array([name in declared for name in verdicts.evaluator_names], dtype=np.bool_)
    exposed = verdicts.exposed
    if verdicts.judgment_count:
        exposed = exposed | is_declared[verdicts.evaluator_index]
    return ExposureResults(
        exposed=_contrast_in_group(verdicts.filter_rows(exposed), frame),
        naive=_contrast_in_group(verdicts.filter_rows(~exposed), frame),
    )


def exclusion_results(
    verdicts: VerdictTable, observations: Sequence[Observation], frame: AnalysisFrame
) -> ExclusionResults:
    """The design's exclusion rules, whom they exclude and why, and the results without the excluded evaluators."""
    excluded = tuple(
        ExcludedEvaluator(conduct.evaluator, reasons)
        for conduct in evaluator_conduct(verdicts, observations, frame)
        if (reasons := _broken_rules(conduct, frame))
    )
    rules = {name: limit for name, limit in frame.exclusions if limit is not None}
    if not excluded:
        return ExclusionResults(rules, excluded, difference=None, arms=None)
    left_out = {evaluator.evaluator for evaluator in excluded}
    is_included = np.array([name not in left_out for name in verdicts.evaluator_names], dtype=np.bool_)
    included = verdicts.filter_rows(is_included[verdicts.evaluator_index])
    difference = contrast_arms(included, frame, frame.treatment, frame.reference)
    return ExclusionResults(rules, excluded, difference, arm_results(included, frame))


def evaluator_conduct(
    verdicts: VerdictTable, observations: Sequence[Observation], frame: AnalysisFrame
) -> list[Conduct]:
    """How each evaluator worked: pace, share of “cannot judge”, completeness and verdicts on planted items."""
    assigned = {enrolled.evaluator: enrolled.assigned_count for enrolled in frame.evaluators}
    judged = Counter(observation.evaluator for observation in observations)
    planted_answers: dict[str, list[bool]] = {name: [] for name in verdicts.evaluator_names}
    for observation in observations:
        if observation.allocated.kind == "planted" and observation.evaluator in planted_answers:
            planted_answers[observation.evaluator].append(observation.counts)
    return [
        _conduct(verdicts.select(evaluator=name), name, judged[name], assigned.get(name, 0), planted_answers[name])
        for name in verdicts.evaluator_names
    ]


def _evaluator_result(verdicts: VerdictTable, frame: AnalysisFrame, name: str) -> EvaluatorResult:
    strata = compare_in_strata(verdicts, frame, frame.treatment, frame.reference)
    is_declared = any(enrolled.exposed for enrolled in frame.evaluators if enrolled.evaluator == name)
    return EvaluatorResult(
        evaluator=name,
        exposed=bool(verdicts.exposed.any()) or is_declared,
        judgments=verdicts.judgment_count,
        fractions={arm: _evaluator_fraction(verdicts, frame, arm) for arm in frame.arms},
        own_difference=report_estimate(mantel_haenszel_difference(strata) if strata else None),
    )


def _evaluator_fraction(verdicts: VerdictTable, frame: AnalysisFrame, arm: str) -> EvaluatorFraction:
    samples = tuple(samples_by_stratum(verdicts, frame, arm).values())
    if not samples:
        return EvaluatorFraction(fraction=None, interval=None)
    estimate = merge_samples(samples).estimate_fraction()
    return EvaluatorFraction(finite_number(estimate.value), finite_interval(estimate.interval))


def _judgments_by_cell(
    verdicts: VerdictTable, frame: AnalysisFrame, comparisons: Sequence[StratumComparison]
) -> list[JudgedCell]:
    """The judgments of treatment and reference in each stratum, with signed weights; cells without any are omitted."""
    total = sum(stratum.weight for stratum in comparisons)
    cells = []
    for stratum in comparisons:
        for arm, sign in ((frame.treatment, 1), (frame.reference, -1)):
            rows, counts = verdicts.select(arm, stratum.name), frame.cell(arm, stratum.name)
            dead_count = counts.dead * min(1.0, rows.item_count / max(1, counts.shown)) if counts else 0.0
            signed_weight = sign * stratum.weight / total
            cells.append(JudgedCell(rows.item_index, rows.evaluator_index, rows.score, dead_count, signed_weight))
    return [cell for cell in cells if cell.score.size]


def _contrast_in_group(verdicts: VerdictTable, frame: AnalysisFrame) -> GroupContrast:
    evaluator_count = int(np.unique(verdicts.evaluator_index).size)
    contrast = contrast_arms(verdicts, frame, frame.treatment, frame.reference)
    return GroupContrast(
        evaluators=evaluator_count,
        treatment=contrast.treatment,
        reference=contrast.reference,
        estimate=contrast.estimate,
        interval=contrast.interval,
        p=contrast.p,
        method=contrast.method,
        neurons=contrast.neurons,
        strata=contrast.strata,
    )


def _conduct(
    verdicts: VerdictTable, name: str, judged_count: int, assigned_count: int, answers_to_planted: Sequence[bool]
) -> Conduct:
    return Conduct(
        evaluator=name,
        median_seconds=finite_number(float(np.median(verdicts.active_seconds))),
        cannot_judge_share=finite_number(float(verdicts.cannot_judge.mean())),
        completed_share=judged_count / assigned_count if assigned_count else None,
        planted_share=sum(answers_to_planted) / len(answers_to_planted) if answers_to_planted else None,
    )


def _broken_rules(conduct: Conduct, frame: AnalysisFrame) -> tuple[str, ...]:
    """The rules that an evaluator breaks, each as a phrase with the value and the limit."""
    rules = frame.exclusions
    tests = [
        ("median time below the rule", conduct.median_seconds, rules.shortest_median_seconds, 1),
        ("more “cannot judge” than the rule allows", conduct.cannot_judge_share, rules.largest_cannot_judge, -1),
        ("fewer items judged than the rule asks", conduct.completed_share, rules.smallest_completed, 1),
        ("fewer planted rules recognised than the rule asks", conduct.planted_share, rules.smallest_planted, 1),
    ]
    return tuple(
        f"{reason} ({value:.3g}, limit {limit:.3g})"
        for reason, value, limit, sign in tests
        if value is not None and limit is not None and sign * value < sign * limit
    )
