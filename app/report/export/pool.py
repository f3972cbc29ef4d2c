"""Several rounds or labs as one: their exports pooled by Mantel and Haenszel, with the heterogeneity between them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.foundation.errors import ExportError
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.samples import compared
from app.report.analysis.verdict_table import tabulate
from app.report.export.read_zip import read_json, read_text, read_zip
from app.report.export.tables import read_observations
from app.report.export.verify import verify_export
from app.report.number_text import estimated, number, points, points_range
from app.statistics.mantel_haenszel import (
    StratumComparison,
    cochran_q_test,
    mantel_haenszel_difference,
    mantel_haenszel_ratio,
)
from app.statistics.resampling import permutation_p_value


@dataclass(frozen=True)
class Study:
    """One export, read and verified."""

    title: str
    commitment: str
    treatment: str
    reference: str
    strata: tuple[StratumComparison, ...]


def pool(paths: Sequence[Path]) -> dict[str, Any]:
    """The pooled difference over every stratum of every export, each export's own, and how much they differ.

    Raises:
        ExportError: fewer than two exports, one that does not verify, the same round twice, or other arms.
    """
    if len(paths) < 2:
        msg = "Pooling needs at least two exports; name two or more zips"
        raise ExportError(msg)
    studies = [_study(path) for path in paths]
    _refuse_twins(studies, paths)
    treatment, reference = _arms(studies, paths)
    strata = [stratum for study in studies for stratum in study.strata]
    if not strata:
        msg = f"None of these exports compares {treatment} with {reference}; there is nothing to pool"
        raise ExportError(msg)
    seed = "".join(sorted(study.commitment for study in studies))
    difference = estimated(mantel_haenszel_difference(strata)) | {
        "p": permutation_p_value(strata, seed),
        "strata": len(strata),
    }
    return {
        "treatment": treatment,
        "reference": reference,
        "headline": _headline(difference, treatment, reference, len(studies)),
        "difference": difference,
        "ratio": number(mantel_haenszel_ratio(strata)),
        "heterogeneity": _heterogeneity(strata),
        "studies": [_described(study) for study in studies],
        "strata": [{"stratum": one.name, **estimated(one.estimate_difference())} for one in strata],
    }


def _study(path: Path) -> Study:
    verification = verify_export(path)
    if verification.blinded:
        msg = f"{path} is a blinded export; it has no arms to pool. Export the round after unblinding"
        raise ExportError(msg)
    if not verification.ok:
        msg = f"{path} does not verify: {verification.differences[0]} Run `firstglance verify {path}` for the rest"
        raise ExportError(msg)
    files = read_zip(path)
    frame = AnalysisFrame.from_content(read_json(files, "frame.json"))
    seen = read_observations(read_text(files, "observations.csv"))
    table = tabulate([one for one in seen if one.allocated.kind == "neuron"])
    title = str(json.loads(files["datapackage.json"])["title"])
    found = compared(table, frame, frame.treatment, frame.reference)
    named = tuple(
        StratumComparison(f"{title}: {one.name}", one.treatment_sample, one.reference_sample) for one in found
    )
    commitment = str(read_json(files, "commitment.json")["commitment"])
    return Study(title, commitment, frame.treatment, frame.reference, named)


def _refuse_twins(studies: Sequence[Study], paths: Sequence[Path]) -> None:
    seen: dict[str, Path] = {}
    for study, path in zip(studies, paths, strict=True):
        if study.commitment in seen:
            msg = f"{path} is the same round as {seen[study.commitment]}; name each round once"
            raise ExportError(msg)
        seen[study.commitment] = path


def _arms(studies: Sequence[Study], paths: Sequence[Path]) -> tuple[str, str]:
    first = studies[0].treatment, studies[0].reference
    for study, path in zip(studies, paths, strict=True):
        if (study.treatment, study.reference) != first:
            other = f"{study.treatment} with {study.reference}"
            msg = f"{path} compares {other}, not {first[0]} with {first[1]}; pool rounds of the same contrast"
            raise ExportError(msg)
    return first


def _described(study: Study) -> dict[str, Any]:
    strata = list(study.strata)
    named = {"title": study.title, "commitment": study.commitment, "strata": len(strata)}
    return named | estimated(mantel_haenszel_difference(strata) if strata else None)


def _heterogeneity(strata: list[StratumComparison]) -> dict[str, Any] | None:
    found = cochran_q_test(strata)
    return (
        None
        if found is None
        else {"q": number(found.q), "degrees": found.degrees_of_freedom, "p": number(found.p_value)}
    )


def _headline(difference: dict[str, Any], treatment: str, reference: str, studies: int) -> str:
    return (
        f"{treatment} less {reference} over {studies} rounds: {points(difference['estimate'])} percentage points "
        f"(95 % interval {points_range(difference['interval'])})."
    )
