"""Over training runs: where a size was trained several times, how much the difference varies from run to run."""

from typing import Any

import numpy as np
from scipy import stats

from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.samples import compared
from app.report.analysis.verdict_table import VerdictTable
from app.report.number_text import estimated
from app.statistics.intervals import CONFIDENCE_LEVEL, Estimate, Interval

FEWEST = 3
"""Replicates from which on an interval over training runs is made."""


def training_runs(table: VerdictTable, frame: AnalysisFrame) -> list[dict[str, Any]]:
    """Per size with at least three replicates: the mean difference with a t interval over runs."""
    differences: dict[str, list[float]] = {}
    for one in compared(table, frame, frame.treatment, frame.reference):
        differences.setdefault(one.name.partition("/")[0], []).append(one.difference)
    return [
        {"size": size, "runs": len(found), **estimated(_over_runs(found))}
        for size, found in differences.items()
        if len(found) >= FEWEST
    ]


def _over_runs(differences: list[float]) -> Estimate:
    runs = len(differences)
    middle = float(np.mean(differences))
    reach = float(stats.t.ppf((1 + CONFIDENCE_LEVEL) / 2, runs - 1)) * float(np.std(differences, ddof=1)) / runs**0.5
    return Estimate(middle, Interval(max(-1.0, middle - reach), min(1.0, middle + reach)))
