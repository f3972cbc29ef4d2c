"""How long judgments took, and whether verdicts drift in the course of each evaluator's order."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from app.foundation.arrays import Floats
from app.report.analysis.estimates import NamedEvaluator, finite_number
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.verdict_table import VerdictTable
from app.rounds.planned_numbers import CONSTANTS
from app.statistics.intervals import Interval


@dataclass(frozen=True)
class OrderFifth:
    """The verdicts in one fifth of each evaluator's order."""

    fifth: int
    """Number of the fifth, from 1."""
    judgments: int
    fraction: float | None
    median_seconds: float | None


@dataclass(frozen=True)
class DriftResults:
    """Whether verdicts change in the course of the order."""

    per_100_items: float | None
    """Change of the fraction that counts per 100 items."""
    p: float | None
    fifths: tuple[OrderFifth, ...]


@dataclass(frozen=True)
class JudgingTime:
    """Active seconds per judgment."""

    judgments: int
    median: float | None
    quartiles: Interval | None
    """The lower and the upper quartile."""
    under_a_minute: float | None
    """Share of the judgments that took less than a minute."""


@dataclass(frozen=True)
class EvaluatorTime(JudgingTime, NamedEvaluator):
    """Active seconds per judgment of one evaluator."""


@dataclass(frozen=True)
class TimeResults:
    """Active seconds per judgment, overall, by arm and by evaluator, and how many verdicts were revised."""

    all: JudgingTime
    by_arm: dict[str, JudgingTime]
    by_evaluator: tuple[EvaluatorTime, ...]
    hours: float | None
    """Hours of all evaluators together."""
    revised: int
    revised_by_arm: dict[str, int]


def drift_results(verdicts: VerdictTable, frame: AnalysisFrame) -> DriftResults:
    """Whether verdicts change along the order: fractions by fifth, and a test that uses that orders are random.

    The orders are uniform shuffles, so within an evaluator the sum of (position - mean)(verdict - mean) has mean 0
    and variance (sum of squares)(sum of squares) / (n - 1), whatever the verdicts are.
    """
    score = variance = span = 0.0
    for name in verdicts.evaluator_names:
        rows = verdicts.select(evaluator=name)
        if rows.judgment_count < frame.numbers.fewest_for_drift:
            continue
        position = rows.position - rows.position.mean()
        verdict = rows.score - rows.score.mean()
        score += float(position @ verdict)
        span += float(position @ position)
        variance += float((position @ position) * (verdict @ verdict)) / (rows.judgment_count - 1)
    z = score / variance**0.5 if variance > 0 else None
    return DriftResults(
        per_100_items=finite_number(CONSTANTS.drift_items * score / span) if span > 0 else None,
        p=finite_number(2 * float(stats.norm.sf(abs(z)))) if z is not None else None,
        fifths=_order_fifths(verdicts),
    )


def time_results(verdicts: VerdictTable, frame: AnalysisFrame) -> TimeResults:
    """Active seconds per judgment, overall, by arm and by evaluator, and how many verdicts were revised."""
    rows_by_arm = {arm: verdicts.select(arm) for arm in frame.arms}
    return TimeResults(
        all=_judging_time(verdicts.active_seconds),
        by_arm={arm: _judging_time(rows.active_seconds) for arm, rows in rows_by_arm.items()},
        by_evaluator=tuple(
            _evaluator_time(name, _judging_time(verdicts.select(evaluator=name).active_seconds))
            for name in verdicts.evaluator_names
        ),
        hours=finite_number(float(verdicts.active_seconds.sum()) / 3600),
        revised=int((verdicts.revisions > 0).sum()),
        revised_by_arm={arm: int((rows.revisions > 0).sum()) for arm, rows in rows_by_arm.items()},
    )


def _evaluator_time(name: str, judging_time: JudgingTime) -> EvaluatorTime:
    return EvaluatorTime(
        evaluator=name,
        judgments=judging_time.judgments,
        median=judging_time.median,
        quartiles=judging_time.quartiles,
        under_a_minute=judging_time.under_a_minute,
    )


def _order_fifths(verdicts: VerdictTable) -> tuple[OrderFifth, ...]:
    """The verdicts by fifth of each evaluator's own order."""
    if not verdicts.judgment_count:
        return ()
    order_length = np.zeros(len(verdicts.evaluator_names))
    np.maximum.at(order_length, verdicts.evaluator_index, verdicts.position + 1)
    parts = CONSTANTS.order_parts
    fifth_of_row = np.minimum(parts - 1, parts * verdicts.position // order_length[verdicts.evaluator_index])
    return tuple(_order_fifth(verdicts.filter_rows(fifth_of_row == index), index + 1) for index in range(parts))


def _order_fifth(verdicts: VerdictTable, fifth: int) -> OrderFifth:
    fraction = finite_number(float(verdicts.score.mean())) if verdicts.judgment_count else None
    return OrderFifth(fifth, verdicts.judgment_count, fraction, _judging_time(verdicts.active_seconds).median)


def _judging_time(active_seconds: Floats) -> JudgingTime:
    if not active_seconds.size:
        return JudgingTime(0, median=None, quartiles=None, under_a_minute=None)
    lower, median, upper = (float(quantile) for quantile in np.quantile(active_seconds, CONSTANTS.time_quantiles))
    under_a_minute = float((active_seconds < CONSTANTS.short_judgment_seconds).mean())
    return JudgingTime(int(active_seconds.size), median, Interval(lower, upper), under_a_minute)
