"""Forest plots of differences: by stratum and pooled, by evaluator, secondary ones, and under other choices."""

from collections.abc import Sequence
from typing import Protocol

from app.report.analysis.analysis import Analysis
from app.report.analysis.people import EvaluatorResult
from app.report.analysis.primary import StrataSpread
from app.report.charts.chart import Chart, ChartLine
from app.report.charts.dotplot import DIFFERENCE_AXIS, Estimated, draw_dotplot, lines_if_estimated
from app.report.charts.fractions import stratum_label
from app.report.number_text import points, points_range


class EstimatedStratum(Estimated, Protocol):
    """The difference in one stratum."""

    @property
    def stratum(self) -> str:
        """The name of the stratum."""


class ComparedStrata(Protocol):
    """A difference by stratum and pooled: of one round, or of several."""

    @property
    def treatment(self) -> str:
        """The arm whose advantage is measured."""

    @property
    def reference(self) -> str:
        """The arm that it is measured against."""

    @property
    def difference(self) -> Estimated:
        """The pooled difference."""

    @property
    def strata(self) -> Sequence[EstimatedStratum]:
        """The difference in each stratum, in order of size."""

    @property
    def heterogeneity(self) -> StrataSpread | None:
        """None for a single stratum."""


def forest_chart(compared: ComparedStrata) -> Chart | None:
    """Differences by stratum and the pooled one; None if the arms cannot be compared."""
    if compared.difference.estimate is None:
        return None
    strata = compared.strata if len(compared.strata) > 1 else ()
    lines = [
        line
        for index, result in enumerate(strata)
        for line in lines_if_estimated(stratum_label(result.stratum), result, f"strata.{index}")
    ]
    pooled = "pooled" if lines else "one stratum"
    lines += lines_if_estimated(pooled, compared.difference, "difference", strong=True)
    title = f"{compared.treatment} minus {compared.reference} by stratum"
    return draw_dotplot(
        "forest", title, _forest_sentence(compared, compared.difference.estimate), lines, DIFFERENCE_AXIS
    )


def evaluators_chart(analysis: Analysis) -> Chart | None:
    """Differences by evaluator; None if no evaluator judged both arms."""
    lines = [
        line
        for index, result in enumerate(analysis.per_evaluator)
        for line in lines_if_estimated(
            _evaluator_label(result), result.own_difference, f"per_evaluator.{index}.difference"
        )
    ]
    if not lines:
        return None
    lowest, highest = _lowest_and_highest(lines)
    sentence = f"Evaluators' own differences range from {lowest} to {highest} percentage points."
    lines += lines_if_estimated("all exposed", analysis.exposure.exposed, "exposure.exposed", strong=True)
    lines += lines_if_estimated("all naive", analysis.exposure.naive, "exposure.naive", strong=True)
    lines += lines_if_estimated(
        "evaluators like these", analysis.evaluators_like_these, "evaluators_like_these", strong=True
    )
    title = f"{analysis.treatment} minus {analysis.reference} by evaluator"
    return draw_dotplot("evaluators", title, sentence, lines, DIFFERENCE_AXIS)


def secondary_chart(analysis: Analysis) -> Chart | None:
    """The chart of the pre-specified secondary results."""
    secondary = analysis.secondary
    detectors = secondary.not_token_detectors
    lines = lines_if_estimated("not token detectors", detectors, "secondary.not_token_detectors")
    lines += lines_if_estimated(analysis.units.say("live neurons only"), secondary.live_only, "secondary.live_only")
    for index, third in enumerate(secondary.depth):
        lines += lines_if_estimated(f"{third.third} layers", third, f"secondary.depth.{index}")
    for index, contrast in enumerate(secondary.contrasts):
        label = f"{contrast.treatment} minus {contrast.reference}"
        lines += lines_if_estimated(label, contrast, f"secondary.contrasts.{index}")
    for index, runs in enumerate(analysis.training_runs):
        lines += lines_if_estimated(f"{stratum_label(runs.size)}, over runs", runs, f"training_runs.{index}")
    if detectors.estimate is None:
        sentence = "Named in the design before the first judgment; none can be estimated from this round."
    else:
        sentence = (
            f"Among items whose peaks are not one token, the difference is {points(detectors.estimate)} percentage "
            f"points ({points_range(detectors.interval)})."
        )
    return draw_dotplot("secondary", "Secondary results", sentence, lines, DIFFERENCE_AXIS)


def sensitivity_chart(analysis: Analysis) -> Chart | None:
    """The primary difference beside the differences that other choices give."""
    if analysis.difference.estimate is None:
        return None
    lines = lines_if_estimated("primary analysis", analysis.difference, "difference", strong=True)
    for label, path, result in _other_choices(analysis):
        lines += lines_if_estimated(label, result, path)
    lowest, highest = _lowest_and_highest(lines)
    sentence = f"With each of these choices the difference lies between {lowest} and {highest} percentage points."
    return draw_dotplot("sensitivity", "How far the result depends on choices", sentence, lines, DIFFERENCE_AXIS)


def _other_choices(analysis: Analysis) -> list[tuple[str, str, Estimated | None]]:
    """(label, path in analysis.json, result) of every other choice in the analysis."""
    choices = analysis.sensitivity
    return [
        (
            f"missing judgments for {analysis.treatment}",
            "sensitivity.missing_for_treatment",
            choices.missing_for_treatment,
        ),
        (
            f"missing judgments for {analysis.reference}",
            "sensitivity.missing_for_reference",
            choices.missing_for_reference,
        ),
        ("majority vote", "sensitivity.majority", choices.majority),
        ("estimating equation (GEE)", "model_check", analysis.model_check),
        ("without excluded evaluators", "exclusions.difference", analysis.exclusions.difference),
    ]


def _forest_sentence(compared: ComparedStrata, pooled: float) -> str:
    sentence = f"Pooled: {points(pooled)} percentage points ({points_range(compared.difference.interval)})"
    spread = compared.heterogeneity
    if spread is None or spread.q is None or spread.p is None:
        return f"{sentence}."
    return f"{sentence}; heterogeneity over strata: Q = {spread.q:.2f} on {spread.degrees} df, p = {spread.p:.2g}."


def _lowest_and_highest(lines: Sequence[ChartLine]) -> tuple[str, str]:
    """The smallest and the largest difference, as text."""
    return points(min(line.estimate for line in lines)), points(max(line.estimate for line in lines))


def _evaluator_label(evaluator_result: EvaluatorResult) -> str:
    return f"{evaluator_result.evaluator}{' (exposed)' if evaluator_result.exposed else ''}"
