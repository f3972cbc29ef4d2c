"""The same difference evaluator by evaluator: they differ, and a report must show each of them."""

from typing import Any

from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.samples import arm_samples, compared
from app.report.analysis.verdict_table import VerdictTable
from app.report.number_text import estimated, limits, number
from app.statistics.mantel_haenszel import mantel_haenszel_difference
from app.statistics.neuron_sample import merge_samples


def per_evaluator(table: VerdictTable, frame: AnalysisFrame) -> list[dict[str, Any]]:
    """Each evaluator's fractions and difference, by pseudonym."""
    exposed = {one.evaluator: one.exposed for one in frame.evaluators}
    return [_one(table.of(evaluator=name), frame, name, exposed) for name in table.evaluators]


def _one(table: VerdictTable, frame: AnalysisFrame, name: str, exposed: dict[str, bool]) -> dict[str, Any]:
    strata = compared(table, frame, frame.treatment, frame.reference)
    difference = mantel_haenszel_difference(strata) if strata else None
    return {
        "evaluator": name,
        "exposed": bool(table.exposed.any()) or exposed.get(name, False),
        "judgments": table.rows,
        "arms": {arm: _fraction(table, frame, arm) for arm in frame.arms},
        "difference": estimated(difference),
    }


def _fraction(table: VerdictTable, frame: AnalysisFrame, arm: str) -> dict[str, Any]:
    samples = tuple(one for _, one in arm_samples(table.of(arm), frame, arm))
    if not samples:
        return {"fraction": None, "interval": None}
    estimate = merge_samples(samples).estimate_fraction()
    return {"fraction": number(estimate.value), "interval": limits(estimate.interval)}
