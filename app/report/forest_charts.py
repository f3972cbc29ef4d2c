"""Forest plots of differences: by stratum with the pooled diamond, and by evaluator."""

from dataclasses import dataclass
from typing import Any

from app.report.chart import WIDTH, Chart, Scale
from app.report.fraction_charts import stratum_name
from app.report.numerals import MINUS, points, points_range
from app.report.svg import Drawing

LEFT, RIGHT = 190.0, 500.0
ROW = 30.0


@dataclass(frozen=True)
class Line:
    """One line of a forest plot."""

    label: str
    estimate: float
    interval: list[float]
    key: str
    pooled: bool = False


def forest_chart(analysis: dict[str, Any]) -> Chart | None:
    """Differences by stratum and the pooled one; None if the arms cannot be compared."""
    difference = analysis["difference"]
    if difference["estimate"] is None:
        return None
    lines = [
        Line(stratum_name(one["stratum"]), one["estimate"], one["interval"], f"strata.{place}")
        for place, one in enumerate(analysis["strata"])
    ]
    lines.append(Line("pooled", difference["estimate"], difference["interval"], "difference", pooled=True))
    reading = _reading(analysis)
    return _forest("forest", f"{_contrast(analysis)} by stratum", reading, lines)


def evaluators_chart(analysis: dict[str, Any]) -> Chart | None:
    """Differences by evaluator; None if no evaluator judged both arms."""
    lines = [
        Line(_labelled(one), one["difference"]["estimate"], one["difference"]["interval"], f"per_evaluator.{place}")
        for place, one in enumerate(analysis["per_evaluator"])
        if one["difference"]["estimate"] is not None
    ]
    if not lines:
        return None
    low, high = min(one.estimate for one in lines), max(one.estimate for one in lines)
    reading = f"Evaluators' own differences range from {points(low)} to {points(high)} percentage points."
    return _forest("evaluators", f"{_contrast(analysis)} by evaluator", reading, lines)


def _forest(name: str, title: str, reading: str, lines: list[Line]) -> Chart:
    height = 56 + ROW * len(lines)
    drawing = Drawing(name, WIDTH, height, title, reading)
    low = min(-0.1, *(one.interval[0] for one in lines))
    high = max(0.1, *(one.interval[1] for one in lines))
    scale = Scale(low, high, LEFT, RIGHT)
    _axis(drawing, scale, height - 34)
    for place, one in enumerate(lines):
        _line(drawing, scale, 24 + ROW * place, one)
    rows = tuple((one.label, points(one.estimate), points_range(one.interval)) for one in lines)
    columns = ("", "Difference, percentage points", "95 % interval")
    return Chart(name, title, reading, drawing.render(), columns, rows, tuple(one.key for one in lines))


def _axis(drawing: Drawing, scale: Scale, bottom: float) -> None:
    drawing.line(LEFT, bottom, RIGHT, bottom, "axis")
    span = scale.highest - scale.lowest
    step = next(one for one in (5, 10, 20, 25, 50, 100) if span * 100 / one <= 7)
    first = -(-int(scale.lowest * 100) // step) * step
    for value in range(first, int(scale.highest * 100) + 1, step):
        x = scale(value / 100)
        drawing.line(x, 8, x, bottom, "zero" if value == 0 else "grid")
        drawing.text(x, bottom + 16, f"{value:+d}".replace("-", MINUS).replace("+0", "0"), "tick", "middle")
    drawing.text(RIGHT + 8, bottom + 16, "points", "note")


def _line(drawing: Drawing, scale: Scale, y: float, one: Line) -> None:
    low, high, centre = scale(one.interval[0]), scale(one.interval[1]), scale(one.estimate)
    drawing.text(LEFT - 12, y + 4, one.label, "label strong" if one.pooled else "label", "end")
    drawing.line(low, y, high, y, "interval pooled" if one.pooled else "interval")
    if one.pooled:
        drawing.mark(centre, y, "diamond", "mark pooled", 7)
    else:
        drawing.mark(centre, y, "square", "mark", 4.5)
    words = f"{points(one.estimate)} ({points_range(one.interval)})"
    drawing.text(RIGHT + 16, y + 4, words, "value strong" if one.pooled else "value")


def _reading(analysis: dict[str, Any]) -> str:
    difference = analysis["difference"]
    spoken = f"Pooled: {points(difference['estimate'])} percentage points ({points_range(difference['interval'])})"
    spread = analysis["heterogeneity"]
    if spread is None or spread["p"] is None:
        return spoken + "."
    return f"{spoken}; the strata differ with Q = {spread['q']:.2f} on {spread['degrees']} df, p = {spread['p']:.2g}."


def _contrast(analysis: dict[str, Any]) -> str:
    return f"{analysis['treatment']} less {analysis['reference']}"


def _labelled(one: dict[str, Any]) -> str:
    return f"{one['evaluator'][:20]}{' (exposed)' if one['exposed'] else ''}"
