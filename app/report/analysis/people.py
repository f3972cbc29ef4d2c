"""Results by who judged: exposed and naive, after the exclusion rules, and for evaluators like these."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.primary import contrast, fractions
from app.report.analysis.samples import compared
from app.report.analysis.verdict_table import VerdictTable
from app.report.number_text import estimated, number
from app.statistics.mantel_haenszel import mantel_haenszel_difference
from app.statistics.two_way_clustering import FEWEST_EVALUATORS, JudgedCell, difference_for_evaluators_like_these
from app.unblinding.observations import Observation


@dataclass(frozen=True)
class Conduct:
    """How one evaluator worked: what the exclusion rules look at."""

    evaluator: str
    median_seconds: float | None
    cannot_judge: float | None
    completed: float | None
    planted: float | None
    """Share of planted items marked INTERPRETABLE; None without planted items."""


def like_these(table: VerdictTable, frame: AnalysisFrame) -> dict[str, Any]:
    """The difference with an interval over evaluators as well as neurons, from five evaluators on."""
    named = {
        "fewest": FEWEST_EVALUATORS,
        "evaluators": len(table.evaluators),
        "degrees": max(0, len(table.evaluators) - 1),
    }
    strata = compared(table, frame, frame.treatment, frame.reference)
    if not strata:
        return estimated(None) | named
    total = sum(one.weight for one in strata)
    votes = []
    for one in strata:
        for arm, sign in ((frame.treatment, 1), (frame.reference, -1)):
            rows, cell = table.of(arm, one.name), frame.cell(arm, one.name)
            dead = cell.dead * min(1.0, np.unique(rows.item).size / max(1, cell.shown)) if cell else 0.0
            votes.append(JudgedCell(rows.item, rows.evaluator, rows.yes, dead, sign * one.weight / total))
    votes = [one for one in votes if one.interpretable.size]
    found = difference_for_evaluators_like_these(votes, mantel_haenszel_difference(strata).value, len(table.evaluators))
    return estimated(found) | named


def exposure(table: VerdictTable, frame: AnalysisFrame) -> dict[str, Any]:
    """The difference among exposed and among naive evaluators; exposure is what they or the round declared."""
    declared = {one.evaluator for one in frame.evaluators if one.exposed}
    known = np.array([name in declared for name in table.evaluators], dtype=np.bool_)
    exposed = table.exposed | (known[table.evaluator] if table.rows else table.exposed)
    return {"exposed": _among(table.where(exposed), frame), "naive": _among(table.where(~exposed), frame)}


def exclusions(table: VerdictTable, observations: Sequence[Observation], frame: AnalysisFrame) -> dict[str, Any]:
    """The design's rules, whom they exclude and why, and the result without them."""
    rules = {name: value for name, value in vars(frame.exclusions).items() if value is not None}
    found = {one.evaluator: _broken(one, frame) for one in conduct(table, observations, frame)}
    excluded = [{"evaluator": name, "reasons": reasons} for name, reasons in found.items() if reasons]
    names = {one["evaluator"] for one in excluded}
    kept = np.array([name not in names for name in table.evaluators], dtype=np.bool_)
    rest = table.where(kept[table.evaluator]) if table.rows else table
    result = contrast(rest, frame, frame.treatment, frame.reference) if excluded else None
    return {
        "rules": rules,
        "excluded": excluded,
        "difference": result,
        "arms": fractions(rest, frame) if excluded else None,
    }


def conduct(table: VerdictTable, observations: Sequence[Observation], frame: AnalysisFrame) -> list[Conduct]:
    """Each evaluator's pace, hesitation, completeness and marks on planted items."""
    given = {one.evaluator: one.given for one in frame.evaluators}
    planted: dict[str, list[bool]] = {}
    judged: dict[str, int] = {}
    for one in observations:
        judged[one.evaluator] = judged.get(one.evaluator, 0) + 1
        if one.allocated.kind == "planted":
            planted.setdefault(one.evaluator, []).append(one.judgment.verdict == "interpretable")
    return [_conduct(table.of(evaluator=name), name, given, judged, planted) for name in table.evaluators]


def _conduct(
    rows: VerdictTable, name: str, given: dict[str, int], judged: dict[str, int], planted: dict[str, list[bool]]
) -> Conduct:
    marks = planted.get(name, [])
    return Conduct(
        name,
        number(float(np.median(rows.seconds))),
        number(float(rows.cannot.mean())),
        judged[name] / given[name] if given.get(name) else None,
        sum(marks) / len(marks) if marks else None,
    )


def _broken(one: Conduct, frame: AnalysisFrame) -> list[str]:
    rules = frame.exclusions
    tests = [
        ("median time below the rule", one.median_seconds, rules.shortest_median_seconds, 1),
        ("more “cannot judge” than the rule allows", one.cannot_judge, rules.largest_cannot_judge, -1),
        ("fewer items judged than the rule asks", one.completed, rules.smallest_completed, 1),
        ("fewer planted rules recognised than the rule asks", one.planted, rules.smallest_planted, 1),
    ]
    return [
        f"{why} ({value:.3g}, limit {limit:.3g})"
        for why, value, limit, sign in tests
        if value is not None and limit is not None and sign * value < sign * limit
    ]


def _among(table: VerdictTable, frame: AnalysisFrame) -> dict[str, Any]:
    count = int(np.unique(table.evaluator).size)
    return {"evaluators": count} | contrast(table, frame, frame.treatment, frame.reference)
