"""The pre-registered main numbers: fractions per arm and stratum, the difference, the ratio, heterogeneity."""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from pydantic import AliasChoices, Field

from app.foundation.arrays import Floats
from app.report.analysis.estimates import (
    NO_ESTIMATE,
    Number,
    ReportedEstimate,
    finite_interval,
    finite_number,
    report_estimate,
    whole_number,
)
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.released_names import COUNTED
from app.report.analysis.samples import compare_in_strata, samples_by_stratum
from app.report.analysis.verdict_table import VerdictTable
from app.statistics.holm import holm_adjusted
from app.statistics.intervals import Interval
from app.statistics.mantel_haenszel import (
    StratumComparison,
    cochran_q_test,
    mantel_haenszel_difference,
    mantel_haenszel_ratio,
)
from app.statistics.neuron_sample import NeuronSample, merge_samples
from app.statistics.resampling import bootstrap_fractions, percentile_interval, permutation_p_value


@dataclass(frozen=True)
class SampleFraction:
    """The fraction of a sample of neurons that counts."""

    n: Number
    """Neurons, dead ones included."""
    counted: Annotated[Number, Field(validation_alias=AliasChoices("counted", COUNTED))]
    """Sum of the neurons' mean verdicts."""
    fraction: float | None
    interval: Interval | None
    effective_n: float | None
    """How many independent judgments the sample is worth."""
    judgments: Number


@dataclass(frozen=True)
class ArmResult(SampleFraction):
    """The fraction of an arm over all its strata."""

    drawn: int
    dead: int


@dataclass(frozen=True)
class ArmInStratum:
    """The arm and the stratum of a cell."""

    arm: str
    stratum: str


@dataclass(frozen=True)
class CellResult(SampleFraction, ArmInStratum):
    """The fraction of an arm in one stratum."""


@dataclass(frozen=True)
class Contrast:
    """The difference between two arms, pooled over strata."""

    treatment: str
    reference: str
    estimate: float | None
    interval: Interval | None
    p: float | None
    """The p-value from permutations of the arms within strata."""
    method: str | None
    """The method that gave the interval."""
    neurons: Number
    strata: int


@dataclass(frozen=True)
class StratumResult:
    """The difference between treatment and reference in one stratum."""

    stratum: str
    estimate: float | None
    interval: Interval | None
    p: float
    p_holm: float
    neurons: Number


@dataclass(frozen=True)
class StrataSpread:
    """Cochran's Q over the strata."""

    q: float | None
    degrees: int
    p: float | None


@dataclass(frozen=True)
class PrimaryResults:
    """The answer to the primary question."""

    treatment: str
    reference: str
    arm_order: tuple[str, ...]
    stratum_order: tuple[str, ...]
    arms: dict[str, ArmResult]
    cells: tuple[CellResult, ...]
    difference: Contrast
    ratio: ReportedEstimate
    strata: tuple[StratumResult, ...]
    heterogeneity: StrataSpread | None
    evaluators: int
    judgments: int


def primary_results(verdicts: VerdictTable, frame: AnalysisFrame) -> PrimaryResults:
    """The answer to the primary question."""
    strata = compare_in_strata(verdicts, frame, frame.treatment, frame.reference)
    return PrimaryResults(
        treatment=frame.treatment,
        reference=frame.reference,
        arm_order=tuple(frame.arms),
        stratum_order=tuple(frame.strata),
        arms=arm_results(verdicts, frame),
        cells=_cell_results(verdicts, frame),
        difference=contrast_arms(verdicts, frame, frame.treatment, frame.reference),
        ratio=_pooled_ratio(strata, frame),
        strata=_stratum_results(strata, frame),
        heterogeneity=strata_spread(strata),
        evaluators=len(verdicts.evaluator_names),
        judgments=verdicts.judgment_count,
    )


def arm_results(verdicts: VerdictTable, frame: AnalysisFrame) -> dict[str, ArmResult]:
    """Each arm's fraction over its strata; the fraction is None if nobody judged the arm."""
    return {arm: _arm_result(verdicts, frame, arm) for arm in frame.arms}


def contrast_arms(
    verdicts: VerdictTable, frame: AnalysisFrame, treatment: str, reference: str, *, count_dead: bool = True
) -> Contrast:
    """The pooled difference between two arms with its interval and permutation p."""
    strata = compare_in_strata(verdicts, frame, treatment, reference, count_dead=count_dead)
    if not strata:
        return Contrast(treatment, reference, estimate=None, interval=None, p=None, method=None, neurons=0, strata=0)
    difference = report_estimate(mantel_haenszel_difference(strata))
    return Contrast(
        treatment,
        reference,
        estimate=difference.estimate,
        interval=difference.interval,
        p=permutation_p_value(strata, frame.seed, frame.numbers.shuffles),
        method="square-and-add of the two intervals" if len(strata) == 1 else "Mantel-Haenszel, stratified sandwich",
        neurons=sum(_neuron_count(stratum) for stratum in strata),
        strata=len(strata),
    )


def strata_spread(comparisons: list[StratumComparison]) -> StrataSpread | None:
    """Cochran's Q over the strata; None if there is only one stratum."""
    test = cochran_q_test(comparisons)
    if test is None:
        return None
    return StrataSpread(finite_number(test.q), test.degrees_of_freedom, finite_number(test.p_value))


def _arm_result(verdicts: VerdictTable, frame: AnalysisFrame, arm: str) -> ArmResult:
    samples = tuple(samples_by_stratum(verdicts, frame, arm).values())
    if samples:
        fraction = replace(_sample_fraction(merge_samples(samples)), judgments=verdicts.select(arm).judgment_count)
    else:
        fraction = SampleFraction(n=0, counted=0, fraction=None, interval=None, effective_n=None, judgments=0)
    cells = [cell for cell in frame.cells if cell.arm == arm]
    return ArmResult(
        n=fraction.n,
        counted=fraction.counted,
        fraction=fraction.fraction,
        interval=fraction.interval,
        effective_n=fraction.effective_n,
        judgments=fraction.judgments,
        drawn=sum(cell.drawn for cell in cells),
        dead=sum(cell.dead for cell in cells),
    )


def _cell_results(verdicts: VerdictTable, frame: AnalysisFrame) -> tuple[CellResult, ...]:
    return tuple(
        _cell_result(arm, stratum, _sample_fraction(sample))
        for arm in frame.arms
        for stratum, sample in samples_by_stratum(verdicts, frame, arm).items()
    )


def _cell_result(arm: str, stratum: str, fraction: SampleFraction) -> CellResult:
    return CellResult(
        arm=arm,
        stratum=stratum,
        n=fraction.n,
        counted=fraction.counted,
        fraction=fraction.fraction,
        interval=fraction.interval,
        effective_n=fraction.effective_n,
        judgments=fraction.judgments,
    )


def _sample_fraction(sample: NeuronSample) -> SampleFraction:
    estimate = sample.estimate_fraction()
    dead_count = sum(substratum.dead_count for substratum in sample.substrata)
    return SampleFraction(
        n=whole_number(sample.neuron_count),
        counted=whole_number(estimate.value * sample.neuron_count),
        fraction=finite_number(estimate.value),
        interval=finite_interval(estimate.interval),
        effective_n=finite_number(sample.effective_n),
        judgments=whole_number(sample.judgment_count - dead_count),
    )


def _pooled_ratio(comparisons: list[StratumComparison], frame: AnalysisFrame) -> ReportedEstimate:
    """The pooled ratio with a bootstrap interval, which is None if one of its limits is not finite."""
    ratio = mantel_haenszel_ratio(comparisons) if comparisons else None
    if ratio is None:
        return NO_ESTIMATE
    numerators = _resampled_sums([(stratum.weight, stratum.treatment_sample) for stratum in comparisons], frame)
    denominators = _resampled_sums([(stratum.weight, stratum.reference_sample) for stratum in comparisons], frame)
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = numerators / denominators
    draws = np.where(np.isnan(draws), np.inf, draws)
    return ReportedEstimate(finite_number(ratio), finite_interval(percentile_interval(draws)))


def _resampled_sums(weighted_samples: list[tuple[float, NeuronSample]], frame: AnalysisFrame) -> Floats:
    """The weighted sum of the samples' fractions in each bootstrap sample: [draw]."""
    sums = np.zeros(frame.numbers.bootstrap_draws)
    for weight, sample in weighted_samples:
        sums += weight * bootstrap_fractions(sample, frame.seed, frame.numbers.bootstrap_draws)
    return sums


def _stratum_results(comparisons: list[StratumComparison], frame: AnalysisFrame) -> tuple[StratumResult, ...]:
    """The difference in each stratum, with the p-value of the permutation test and its Holm adjustment."""
    if not comparisons:
        return ()
    p_values = [permutation_p_value([stratum], frame.seed, frame.numbers.shuffles) for stratum in comparisons]
    return tuple(
        _stratum_result(stratum, p_value, p_holm)
        for stratum, p_value, p_holm in zip(comparisons, p_values, holm_adjusted(p_values), strict=True)
    )


def _stratum_result(stratum: StratumComparison, p_value: float, p_holm: float) -> StratumResult:
    difference = report_estimate(stratum.estimate_difference())
    return StratumResult(
        stratum=stratum.name,
        estimate=difference.estimate,
        interval=difference.interval,
        p=p_value,
        p_holm=p_holm,
        neurons=whole_number(_neuron_count(stratum)),
    )


def _neuron_count(stratum: StratumComparison) -> float:
    return stratum.treatment_sample.neuron_count + stratum.reference_sample.neuron_count
