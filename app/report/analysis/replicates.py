"""How much the difference varies from training run to training run, for sizes that were trained several times."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.report.analysis.estimates import report_estimate
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.samples import compare_in_strata
from app.report.analysis.verdict_table import VerdictTable
from app.statistics.intervals import Estimate, Interval, student_quantile, symmetric_interval


@dataclass(frozen=True)
class TrainingRuns:
    """The mean difference of one size over its training runs."""

    size: str
    runs: int
    estimate: float | None
    interval: Interval | None


def training_runs_by_size(verdicts: VerdictTable, frame: AnalysisFrame) -> tuple[TrainingRuns, ...]:
    """The mean difference with a t interval over runs, for each size with enough replicates."""
    differences: dict[str, list[float]] = {}
    for stratum in compare_in_strata(verdicts, frame, frame.treatment, frame.reference):
        differences.setdefault(stratum.name.partition("/")[0], []).append(stratum.difference)
    return tuple(
        _training_runs(size, run_differences)
        for size, run_differences in differences.items()
        if len(run_differences) >= frame.numbers.fewest_training_runs
    )


def _training_runs(size: str, run_differences: Sequence[float]) -> TrainingRuns:
    mean = report_estimate(_mean_over_runs(run_differences))
    return TrainingRuns(size, len(run_differences), mean.estimate, mean.interval)


def _mean_over_runs(differences: Sequence[float]) -> Estimate:
    runs = len(differences)
    mean = float(np.mean(differences))
    half_width = student_quantile(runs - 1) * float(np.std(differences, ddof=1)) / runs**0.5
    return Estimate(mean, symmetric_interval(mean, half_width, -1.0, 1.0))
