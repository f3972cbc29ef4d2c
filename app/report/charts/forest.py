"""Forest plots of differences: by stratum with the pooled one, by evaluator, and everything named beside them."""

from typing import Any

from app.report.charts.chart import Chart, Line
from app.report.charts.dotplot import DIFFERENCE, difference_line, dotplot
from app.report.charts.fractions import stratum_name
from app.report.number_text import points, points_range

SENSITIVITIES = (
    ("missing_for_treatment", "missing all for {treatment}"),
    ("missing_for_reference", "missing all for {reference}"),
    ("majority", "majority vote"),
)


def forest_chart(analysis: dict[str, Any]) -> Chart | None:
    """Differences by stratum and the pooled one; None if the arms cannot be compared."""
    difference = analysis["difference"]
    if difference["estimate"] is None:
        return None
    lines = [
        Line(stratum_name(one["stratum"]), one["estimate"], one["interval"], f"strata.{place}")
        for place, one in enumerate(analysis["strata"])
    ]
    if len(lines) == 1:
        lines = []
    lines += difference_line("pooled" if lines else "one stratum", difference, "difference", strong=True)
    return dotplot("forest", f"{contrast_name(analysis)} by stratum", _reading(analysis), lines, DIFFERENCE)


def evaluators_chart(analysis: dict[str, Any]) -> Chart | None:
    """Differences by evaluator; None if no evaluator judged both arms."""
    lines = [
        line
        for place, one in enumerate(analysis["per_evaluator"])
        for line in difference_line(_labelled(one), one["difference"], f"per_evaluator.{place}.difference")
    ]
    if not lines:
        return None
    low, high = min(one.estimate for one in lines), max(one.estimate for one in lines)
    reading = f"Evaluators' own differences range from {points(low)} to {points(high)} percentage points."
    for group in ("exposed", "naive"):
        lines += difference_line(f"all {group}", analysis["exposure"][group], f"exposure.{group}", strong=True)
    lines += difference_line(
        "evaluators like these", analysis["evaluators_like_these"], "evaluators_like_these", strong=True
    )
    return dotplot("evaluators", f"{contrast_name(analysis)} by evaluator", reading, lines, DIFFERENCE)


def secondary_chart(analysis: dict[str, Any]) -> Chart | None:
    """The pre-specified secondary results."""
    found = analysis["secondary"]
    lines = difference_line("not token detectors", found["not_token_detectors"], "secondary.not_token_detectors")
    lines += difference_line("live neurons only", found["live_only"], "secondary.live_only")
    for place, one in enumerate(found["depth"]):
        lines += difference_line(f"{one['third']} layers", one, f"secondary.depth.{place}")
    for place, one in enumerate(found["contrasts"]):
        lines += difference_line(f"{one['treatment']} less {one['reference']}", one, f"secondary.contrasts.{place}")
    for place, one in enumerate(analysis["training_runs"]):
        lines += difference_line(f"{stratum_name(one['size'])}, over runs", one, f"training_runs.{place}")
    detectors = found["not_token_detectors"]
    if detectors["estimate"] is None:
        reading = "Named in the design before the first judgment; none can be estimated from this round."
    else:
        reading = (
            f"Among items whose peaks are not one token, the difference is {points(detectors['estimate'])} percentage "
            f"points ({points_range(detectors['interval'])})."
        )
    return dotplot("secondary", "Secondary results, named in advance", reading, lines, DIFFERENCE)


def sensitivity_chart(analysis: dict[str, Any]) -> Chart | None:
    """The primary difference and how it fares under other choices."""
    if analysis["difference"]["estimate"] is None:
        return None
    lines = difference_line("as registered", analysis["difference"], "difference", strong=True)
    for name, label in SENSITIVITIES:
        lines += difference_line(label.format(**analysis), analysis["sensitivity"][name], f"sensitivity.{name}")
    lines += difference_line("estimating equation (GEE)", analysis["model_check"], "model_check")
    if analysis["exclusions"]["difference"] is not None:
        lines += difference_line("without excluded", analysis["exclusions"]["difference"], "exclusions.difference")
    low, high = min(one.estimate for one in lines), max(one.estimate for one in lines)
    reading = f"Under every choice here the difference lies between {points(low)} and {points(high)} percentage points."
    return dotplot("sensitivity", "How far the result depends on choices", reading, lines, DIFFERENCE)


def contrast_name(analysis: dict[str, Any]) -> str:
    """The primary contrast in words."""
    return f"{analysis['treatment']} less {analysis['reference']}"


def _reading(analysis: dict[str, Any]) -> str:
    difference = analysis["difference"]
    spoken = f"Pooled: {points(difference['estimate'])} percentage points ({points_range(difference['interval'])})"
    spread = analysis["heterogeneity"]
    if spread is None or spread["p"] is None:
        return spoken + "."
    return (
        f"{spoken}; heterogeneity over strata: Q = {spread['q']:.2f} on {spread['degrees']} df, p = {spread['p']:.2g}."
    )


def _labelled(one: dict[str, Any]) -> str:
    return f"{one['evaluator'][:20]}{' (exposed)' if one['exposed'] else ''}"
