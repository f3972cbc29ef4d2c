"""Several rounds or labs as one: their exports pooled by Mantel and Haenszel, with the heterogeneity between them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.foundation.errors import ExportError
from app.report.analysis.estimates import ReportedEstimate, finite_number, report_estimate
from app.report.analysis.frame import read_frame
from app.report.analysis.primary import StrataSpread, strata_spread
from app.report.analysis.samples import compare_in_strata
from app.report.analysis.verdict_table import tabulate_verdicts
from app.report.export.read_zip import read_json, read_text, read_zip
from app.report.export.tables import read_observations
from app.report.export.verify import verify_export
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
    strata: tuple[StratumComparison, ...]


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
    strata: tuple[StudyStratum, ...]


def pool_studies(paths: Sequence[Path]) -> PooledStudies:
    """Several exports as one.

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
    strata = [stratum for study in studies for stratum in study.strata]
    if not strata:
        msg = f"None of these exports compares {treatment} with {reference}; there is nothing to pool"
        raise ExportError(msg)
    seed = "".join(sorted(study.commitment for study in studies))
    estimate = report_estimate(mantel_haenszel_difference(strata))
    return PooledStudies(
        treatment=treatment,
        reference=reference,
        headline=_headline(estimate, treatment, reference, len(studies)),
        difference=PooledDifference(**vars(estimate), p=permutation_p_value(strata, seed), strata=len(strata)),
        ratio=finite_number(mantel_haenszel_ratio(strata)),
        heterogeneity=strata_spread(strata),
        studies=tuple(_study_result(study) for study in studies),
        strata=tuple(
            StudyStratum(stratum.name, **vars(report_estimate(stratum.estimate_difference()))) for stratum in strata
        ),
    )


def _read_study(path: Path) -> VerifiedStudy:
    """The study in an export. Raises ExportError if the export is blinded or does not verify."""
    verification = verify_export(path)
    if verification.blinded:
        msg = f"{path} is a blinded export; it has no arms to pool. Export the round after unblinding"
        raise ExportError(msg)
    if not verification.ok:
        msg = f"{path} does not verify: {verification.differences[0]} Run `firstglance verify {path}` for the others"
        raise ExportError(msg)
    files = read_zip(path)
    frame = read_frame(read_json(files, "frame.json"))
    observations = read_observations(read_text(files, "observations.csv"))
    table = tabulate_verdicts([observation for observation in observations if observation.allocated.kind == "neuron"])
    title = str(json.loads(files["datapackage.json"])["title"])
    strata = tuple(
        StratumComparison(f"{title}: {stratum.name}", stratum.treatment_sample, stratum.reference_sample)
        for stratum in compare_in_strata(table, frame, frame.treatment, frame.reference)
    )
    commitment = str(read_json(files, "commitment.json")["commitment"])
    return VerifiedStudy(title, commitment, frame.treatment, frame.reference, strata)


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
    strata = list(study.strata)
    estimate = report_estimate(mantel_haenszel_difference(strata) if strata else None)
    return StudyResult(study.title, study.commitment, len(strata), **vars(estimate))


def _headline(difference: ReportedEstimate, treatment: str, reference: str, study_count: int) -> str:
    assert difference.estimate is not None  # of at least one stratum
    return (
        f"{treatment} less {reference} over {study_count} rounds: {points(difference.estimate)} percentage points "
        f"(95 % interval {points_range(difference.interval)})."
    )
