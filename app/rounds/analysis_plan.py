"""The plan of the analysis: how evidence becomes numbers, fixed in the design before anyone judges. Pure.

Sentences name what the program does; numbers stand in `numbers` and `constants` and are never repeated in a sentence.
A change to what the analysis computes changes a sentence or a constant here, and raises `rules`.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from app.foundation.errors import DesignError
from app.foundation.json_types import JsonValue
from app.rounds.design_part import DesignPart
from app.rounds.plan_of_designs_2 import BLINDING_OF_2, SECONDARY_OF_2, SENSITIVITY_OF_2, SENTENCES_OF_2
from app.rounds.planned_numbers import PlannedConstants, PlannedNumbers
from app.tasks.outcome import Outcome
from app.tasks.registry import DEFAULT_TASK, task_named

SECONDARY = {
    "strata": "the difference in each stratum: square-and-add interval, permutation p, Holm's adjustment over strata",
    "ratio": "Mantel-Haenszel ratio of the fractions, percentile bootstrap over units within arm, stratum and layer",
    "heterogeneity": "Cochran's Q over the strata against chi-squared, if there are two strata or more",
    "cells": "the fraction of each arm in each stratum, and of each arm over its strata, each with its interval",
    "per_evaluator": "each evaluator's own fractions and difference, by the primary estimator",
    "evaluators_like_these": "the primary difference with the two-way clustered variance unit + evaluator - "
    "judgment, at least the units' own, and Student's t with one degree of freedom less than evaluators",
    "exposure": "the primary difference among exposed and among naive evaluators, separately",
    "exclusions": "the primary difference and the fractions without the evaluators whom the design's rules exclude, "
    "beside the result with everyone, never in its place",
    "not_token_detectors": "the primary difference among live units that are no token detectors; no dead ones",
    "live_only": "the primary difference without dead units",
    "depth": "the primary difference within each part of depth: layer l of L, counted from 0, is in part floor(parts * "
    "(l + 0.5) / L); dead units by the draw's counts; only if the judged layers lie in two parts",
    "contrasts": "the difference of every further arm against the reference arm, in alphabetical order",
    "training_runs": "for each size its mean difference over training runs, Student's t over runs",
    "agreement": "percent agreement, Gwet's AC1 and Krippendorff's alpha over units, all, within arm, and of each "
    "evaluator with themselves on repeats; percentile bootstrap over units; percent and AC1 by pair of evaluators",
    "leniency": "each evaluator's share of answers that count",
    "controls": "share of planted items, and of the items of each purity, on which answers count, Wilson's interval",
    "drift": "the fraction in each part of the order, and a normal test of the covariance of position and verdict "
    "within evaluators against its variance under uniform shuffles",
    "time": "quantiles of active seconds per judgment, all, by arm and by evaluator; share of short ones; revisions",
}
"""{name of a secondary result in analysis.json: how it is computed}"""
SENSITIVITY = {
    "missing_for_treatment": "the primary difference with every missing judgment as if it favoured the treatment",
    "missing_for_reference": "the primary difference with every missing judgment as if it favoured the reference",
    "majority": "the primary difference if a unit's verdict is that of the majority of its judgments",
    "model_check": "estimating equation verdict ~ arm + stratum + evaluator: identity link, units as clusters, "
    "independence, robust errors; every dead unit counts as 0 for every evaluator",
}
"""{name of a sensitivity analysis in analysis.json: how it is computed}"""
BLINDING = {
    "stimulus": "AUC with DeLong's interval of marked tokens, sum of levels and tokens shown for telling treatment "
    "from reference within strata, weighted by pairs of items; that of marked tokens stands under the headline; with "
    "rank marks only tokens shown, as all items have equal numbers of the others",
    "attacks": "AUC within strata, weighted by pairs of items, of kernel ridge regression on the marks alone, the "
    "words alone, and both; each judged item of treatment and reference is scored by a fit without itself and without "
    "items that show a window which it shows; p = (1 + b) / (1 + shuffles) from shuffles of the arms within strata; "
    "under the headline",
    "transport": "the leak audit before the seal, as the log has it since then",
    "guesses": "James' index over arms and Bang's by arm, normal intervals and a percentile bootstrap over evaluators; "
    "over all guesses, and on items where the answer counts and on the others separately",
    "sorting": "for each evaluator Fisher's exact test of pile against arm, each pile standing for the arm that fits "
    "it better; Fisher's combination of the p-values",
}
"""{name of a measure of the blind in analysis.json: how it is computed}"""


class AnalysisPlan(DesignPart):
    """Everything that decides how evidence becomes numbers."""

    rules: int = 1
    """Version of the rules by which the program computes. Leave this line and all sentences below as they are."""
    estimand: str = (
        "the fraction of the treatment arm's units on which these evaluators' answers count minus that of the "
        "reference arm's, within strata; the treatment is the first arm that is not the reference"
    )
    """What the primary number is."""
    unit: str = "the unit: its verdict is the mean of its judgments, 1 for an answer that counts and 0 otherwise"
    """What is counted."""
    counted_as_zero: str = "every other answer, and cannot judge; every dead unit, which nobody is shown"
    """What counts as 0."""
    standing_verdict: str = "the last verdict that an evaluator gave on an item before the lock"
    """Which verdict of several counts."""
    missing: str = (
        "items flagged as faulty or distressing, even after a verdict, everything of an evaluator who had it erased, "
        "and items without a verdict at the lock; missing judgments are left out, not filled in"
    )
    """What is missing."""
    dead: str = (
        "dead units count in full if every shown unit of their arm and stratum, or layer, was judged, and "
        "otherwise in proportion to the share that was judged"
    )
    """How dead units count in a round that stopped early."""
    left_out: str = "planted and purity items, practice items and the second judgment of a repeat enter no fraction"
    """What enters no fraction."""
    weights: str = (
        "units equally within a layer; layers by their size in the frame if the draw was by layer; strata by "
        "Mantel-Haenszel, n1 n0 / (n1 + n0)"
    )
    """How units, layers and strata are weighted."""
    estimator: str = "Mantel-Haenszel difference of the fractions over strata"
    """How the primary number is computed."""
    interval: str = (
        "of a fraction: Wilson with effective size p(1 - p)k/s², at least the k units and at most the judgments, "
        "dead units one each; of the difference: stratified sandwich over units, or with one stratum "
        "square-and-add"
    )
    """How intervals are computed."""
    test: str = (
        "two-sided permutation test of the arms among units with all their judgments, within stratum, and within "
        "layer if the draw was by layer; p = (1 + b) / (1 + shuffles)"
    )
    """How the primary p-value is computed."""
    conclusion: str = "if interval and p-value disagree, the interval decides"
    """What decides whether there is a difference."""
    multiplicity: str = "one primary comparison; p-values of single strata by Holm; all others are not adjusted"
    """How several tests are treated."""
    exclusion: str = (
        "the design's rules for evaluators are applied after the lock: median active seconds and cannot judge over "
        "their verdicts on units, completed over all their items, planted over planted items; all evaluators come "
        "first"
    )
    """How the design's exclusion rules are applied."""
    stopping: str = "no verdict is counted before the lock; a lock short of the design's target is titled stopped early"
    """When judging ends."""
    seeds: str = (
        "every draw of the analysis has its own NumPy generator PCG64, seeded by SHA-256 of commitment, purpose and "
        "item codes; no arm's name enters"
    )
    """Where the random numbers of tests and bootstraps come from."""
    post_hoc: str = "every analysis that is not named here is post hoc and marked so"
    """What everything else is called."""
    secondary: dict[str, str] = Field(default_factory=SECONDARY.copy)
    """Secondary results, by their names in analysis.json."""
    sensitivity: dict[str, str] = Field(default_factory=SENSITIVITY.copy)
    """Sensitivity analyses, by their names in analysis.json."""
    blinding: dict[str, str] = Field(default_factory=BLINDING.copy)
    """What is measured of the blind, by the names in analysis.json."""
    outcome: Annotated[Outcome | None, Field(exclude_if=lambda outcome: outcome is None)] = None
    """Which answers count, and the words for them; leave these lines as they are."""
    numbers: PlannedNumbers = PlannedNumbers()
    """Numbers that this design may set otherwise; the analysis reads them from here."""
    constants: PlannedConstants = PlannedConstants()
    """Numbers that are built into the program; leave these lines as they are."""


STANDARD_PLAN = AnalysisPlan(outcome=task_named(DEFAULT_TASK).outcome)
"""What this version of the program computes unless a design sets other `numbers`."""
PLAN_OF_DESIGNS_2 = AnalysisPlan(
    **SENTENCES_OF_2, secondary=SECONDARY_OF_2, sensitivity=SENSITIVITY_OF_2, blinding=BLINDING_OF_2
)
"""The same in the words of designs of version 2, which do not state what counts."""


def plan_of_task(task_name: str) -> AnalysisPlan:
    """The plan of a new design with this task. Raises DesignError if there is no such task."""
    return STANDARD_PLAN.model_copy(update={"outcome": task_named(task_name).outcome})


def plan_deviations(plan: AnalysisPlan) -> list[str]:
    """A sentence for each difference between a plan and what this version of the program computes.

    What counts is none of them: the program reads it from the plan.
    """
    standard = STANDARD_PLAN if plan.outcome else PLAN_OF_DESIGNS_2
    planned, computed = _statements(plan), _statements(standard)
    paths = dict.fromkeys([*planned, *computed])
    return [
        _deviation(path, planned.get(path), computed.get(path))
        for path in paths
        if planned.get(path) != computed.get(path)
    ]


def require_computable_plan(plan: AnalysisPlan, task_name: str = DEFAULT_TASK) -> None:
    """Raise DesignError if this version of the program would not compute what the plan says of a round of a task."""
    deviations = plan_deviations(plan)
    if plan.outcome not in (None, task_named(task_name).outcome):
        deviations.append(f"The design planned another outcome than the task {task_name} has: leave it out.")
    if deviations:
        msg = (
            f"{deviations[0]} Leave [analysis] as `firstglance round design` prints it, or leave it out; only the "
            "values in [analysis.numbers] can be others."
        )
        raise DesignError(msg)


def _deviation(path: str, planned: JsonValue, computed: JsonValue) -> str:
    if computed is None:
        return f"The design planned {path}: “{planned}”; this version of the program does not compute it."
    if planned is None:
        return f"The design did not plan {path}; this version of the program computes “{computed}”."
    return f"The design planned {path}: “{planned}”; this version of the program computes “{computed}”."


def _statements(plan: AnalysisPlan) -> dict[str, JsonValue]:
    """{path: value} of everything in a plan that this program cannot read from it."""
    return dict(_leaves(plan.model_dump(mode="json", exclude={"numbers", "outcome"})))


def _leaves(values_by_name: Mapping[str, JsonValue], prefix: str = "") -> Iterator[tuple[str, JsonValue]]:
    """The path and the value of everything that is no object of further values."""
    for name, json_value in values_by_name.items():
        path = f"{prefix}{name}"
        if isinstance(json_value, dict):
            yield from _leaves(json_value, f"{path}.")
        else:
            yield path, json_value
