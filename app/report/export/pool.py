"""Pools the exports of several rounds by Mantel and Haenszel and tests the heterogeneity between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter

from app.foundation.errors import ExportError
from app.foundation.json_types import JsonObject
from app.report.analysis.estimates import ReportedEstimate, finite_number, report_estimate
from app.report.analysis.primary import StrataSpread, strata_spread
from app.report.analysis.samples import compare_in_strata
from app.report.analysis.verdict_table import tabulate_verdicts
from app.report.export.exported_round import read_export
from app.report.export.verify import verify_round
from app.report.number_text import points, points_range
from app.statistics.intervals import Interval
from app.statistics.mantel_haenszel import StratumComparison, mantel_haenszel_difference, mantel_haenszel_ratio
from app.statistics.resampling import permutation_p_value


@dataclass(frozen=True)
class VerifiedStudy:
    """One export, read and verified."""

    title: str
    commitment: str
    treatment: str
    reference: str
    comparisons: tuple[StratumComparison, ...]
    is_of_version_0_1: bool
    """Whether flags, erasures and frame were bound to nothing."""


@dataclass(frozen=True)
class PooledDifference(ReportedEstimate):
    """The difference over every stratum of every export."""

    p: float
    strata: int


@dataclass(frozen=True)
class StudyResult:
    """One export's own difference."""

    title: str
    commitment: str
    strata: int
    estimate: float | None
    interval: Interval | None
    is_of_version_0_1: bool
    """Whether its flags, erasures and frame were bound to nothing."""


@dataclass(frozen=True)
class StudyStratum:
    """The difference in one stratum of one export."""

    stratum: str
    """Title of the export, and name of the stratum."""
    estimate: float | None
    interval: Interval | None


@dataclass(frozen=True)
class PooledStudies:
    """The difference over every stratum of every export, each export's own, and how much they differ."""

    treatment: str
    reference: str
    headline: str
    difference: PooledDifference
    ratio: float | None
    heterogeneity: StrataSpread | None
    studies: tuple[StudyResult, ...]
    study_strata: Annotated[tuple[StudyStratum, ...], Field(alias="strata")]

    @property
    def strata(self) -> tuple[StudyStratum, ...]:
        """The strata of every export, under the name that a forest plot reads."""
        return self.study_strata

    def content(self) -> JsonObject:
        """The pooled result as plain JSON values."""
        json_object: JsonObject = _POOLED_STUDIES.dump_python(self, mode="json", by_alias=True)
        return json_object


_POOLED_STUDIES = TypeAdapter(PooledStudies)


def pool_studies(paths: Sequence[Path]) -> PooledStudies:
    """Pool several exports.

    Raises:
        ExportError: fewer than two exports, one that does not verify, the same round twice, or other arms.
    """
    if len(paths) < 2:
        msg = "Pooling needs at least two exports; name two or more zips"
        raise ExportError(msg)
    studies = [_read_study(path) for path in paths]
    _refuse_same_round_twice(studies, paths)
    _refuse_other_contrasts(studies, paths)
    treatment, reference = studies[0].treatment, studies[0].reference
    strata = [stratum for study in studies for stratum in study.comparisons]
    if not strata:
        msg = f"None of these exports compares {treatment} with {reference}; there is nothing to pool"
        raise ExportError(msg)
    seed = "".join(sorted(study.commitment for study in studies))
    estimate = report_estimate(mantel_haenszel_difference(strata))
    return PooledStudies(
        treatment=treatment,
        reference=reference,
        headline=_headline(estimate, treatment, reference, len(studies)),
        difference=PooledDifference(
            estimate.estimate, estimate.interval, p=permutation_p_value(strata, seed), strata=len(strata)
        ),
        ratio=finite_number(mantel_haenszel_ratio(strata)),
        heterogeneity=strata_spread(strata),
        studies=tuple(_study_result(study) for study in studies),
        study_strata=tuple(_study_stratum(stratum) for stratum in strata),
    )


def _read_study(path: Path) -> VerifiedStudy:
    """The study in an export. Raises ExportError if the export is blinded or does not verify."""
    export = read_export(path)
    evidence = export.unblinded
    if evidence is None:
        msg = f"{path} is a blinded export; it has no arms to pool. Export the round after unblinding"
        raise ExportError(msg)
    verification = verify_round(export)
    if not verification.ok or verification.result is None:
        msg = f"{path} does not verify: {verification.differences[0]} Run `firstglance verify {path}` for the others"
        raise ExportError(msg)
    title, frame = evidence.design.title, verification.result.frame
    neurons = [observed for observed in verification.result.observations if observed.allocated.is_neuron]
    strata = tuple(
        StratumComparison(f"{title}: {stratum.name}", stratum.treatment_sample, stratum.reference_sample)
        for stratum in compare_in_strata(tabulate_verdicts(neurons), frame, frame.treatment, frame.reference)
    )
    return VerifiedStudy(
        title,
        evidence.published.commitment,
        frame.treatment,
        frame.reference,
        strata,
        is_of_version_0_1=verification.statement.conclusion == "version 0.1",
    )


def _refuse_same_round_twice(studies: Sequence[VerifiedStudy], paths: Sequence[Path]) -> None:
    path_by_commitment: dict[str, Path] = {}
    for study, path in zip(studies, paths, strict=True):
        if study.commitment in path_by_commitment:
            msg = f"{path} is the same round as {path_by_commitment[study.commitment]}; name each round once"
            raise ExportError(msg)
        path_by_commitment[study.commitment] = path


def _refuse_other_contrasts(studies: Sequence[VerifiedStudy], paths: Sequence[Path]) -> None:
    treatment, reference = studies[0].treatment, studies[0].reference
    for study, path in zip(studies, paths, strict=True):
        if (study.treatment, study.reference) != (treatment, reference):
            msg = (
                f"{path} compares {study.treatment} with {study.reference}, not {treatment} with {reference}; "
                "pool rounds of the same contrast"
            )
            raise ExportError(msg)


def _study_result(study: VerifiedStudy) -> StudyResult:
    comparisons = list(study.comparisons)
    estimate = report_estimate(mantel_haenszel_difference(comparisons) if comparisons else None)
    return StudyResult(
        study.title,
        study.commitment,
        len(comparisons),
        estimate.estimate,
        estimate.interval,
        is_of_version_0_1=study.is_of_version_0_1,
    )


def _study_stratum(stratum: StratumComparison) -> StudyStratum:
    difference = report_estimate(stratum.estimate_difference())
    return StudyStratum(stratum.name, difference.estimate, difference.interval)


def _headline(pooled: ReportedEstimate, treatment: str, reference: str, study_count: int) -> str:
    assert pooled.estimate is not None  # of at least one stratum
    return (
        f"{treatment} minus {reference} over {study_count} rounds: {points(pooled.estimate)} percentage points "
        f"(95 % interval {points_range(pooled.interval)})."
    )
