"""One plot for many results: a labelled line each, with a point, an interval and the numbers at the right."""

from collections.abc import Sequence
from typing import Any

from app.report.charts.chart import WIDTH, Axis, Chart, Line, Scale
from app.report.charts.svg import Drawing
from app.report.number_text import MINUS, points, points_range

LEFT, RIGHT = 226.0, 508.0
ROW = 30.0


def _signed(value: float) -> str:
    return f"{100 * value:+.0f}".replace("-", MINUS) if round(100 * value) else "0"


def _plain(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".replace("-", MINUS)


DIFFERENCE = Axis(None, None, 0, (0.05, 0.1, 0.2, 0.25, 0.5), _signed, points, "percentage points")
FRACTION = Axis(0, 1, None, (0.25,), lambda value: f"{100 * value:.0f} %", lambda value: f"{100 * value:.1f} %", "")
COEFFICIENT = Axis(None, 1, 0, (0.25, 0.5), _plain, _plain, "")
AREA = Axis(0, 1, 0.5, (0.25,), _plain, _plain, "AUC")
INDEX = Axis(-1, 1, 0, (0.5,), _plain, _plain, "", (-0.2, 0.2))
SECONDS = Axis(0, None, 60, (10, 20, 30, 60, 120, 300, 600), lambda v: f"{v:.0f}", lambda v: f"{v:.0f} s", "seconds")


def difference_line(label: str, one: dict[str, Any], key: str, *, strong: bool = False) -> list[Line]:
    """A line for a result with an estimate, or none."""
    if one is None or one.get("estimate") is None:
        return []
    return [Line(label, one["estimate"], one["interval"], key, strong)]


def dotplot(name: str, title: str, reading: str, lines: Sequence[Line], axis: Axis) -> Chart | None:
    """The plot; None without lines."""
    if not lines:
        return None
    height = 56 + ROW * len(lines)
    drawing = Drawing(name, WIDTH, height, title, reading)
    scale = _scale(lines, axis)
    _frame(drawing, scale, axis, height - 34)
    for place, one in enumerate(lines):
        _draw(drawing, scale, axis, 24 + ROW * place, one)
    rows = tuple((one.label, axis.value(one.estimate), _between(one, axis)) for one in lines)
    columns = ("", f"Estimate{', ' + axis.unit if axis.unit else ''}", _interval_name(axis))
    keys = tuple(one.key for one in lines)
    return Chart(name, title, reading, drawing.render(), columns, rows, keys, tuple(lines), axis)


def _interval_name(axis: Axis) -> str:
    return "Middle half" if axis is SECONDS else "95 % interval"


def _between(one: Line, axis: Axis) -> str:
    if one.interval is None:
        return "no interval"
    if axis is DIFFERENCE:
        return points_range(list(one.interval))
    return f"{axis.value(one.interval[0])} to {axis.value(one.interval[1])}"


def _scale(lines: Sequence[Line], axis: Axis) -> Scale:
    ends = [value for one in lines for value in (one.estimate, *(one.interval or ()))]
    margin = 0.03 * (max(ends) - min(ends))
    low = min(min(ends) - margin, -0.1 if axis is DIFFERENCE else 0.0) if axis.lowest is None else axis.lowest
    high = max(max(ends) + margin, 0.1 if axis is DIFFERENCE else 1.0) if axis.highest is None else axis.highest
    return Scale(low, high, LEFT, RIGHT)


def _frame(drawing: Drawing, scale: Scale, axis: Axis, bottom: float) -> None:
    if axis.band is not None:
        start, end = (scale(value) for value in axis.band)
        drawing.box(start, 8, end - start, bottom - 8, "band")
    drawing.line(LEFT, bottom, RIGHT, bottom, "axis")
    span = scale.highest - scale.lowest
    step = next(
        (one for one in axis.steps if span / one <= 7), axis.steps[-1] * max(1, round(span / axis.steps[-1] / 5))
    )
    tick = round(-(-scale.lowest // step) * step, 9)
    while tick <= scale.highest + 1e-9:
        drawing.line(scale(tick), 8, scale(tick), bottom, "grid")
        drawing.text(scale(tick), bottom + 16, axis.tick(tick), "tick", "middle")
        tick = round(tick + step, 9)
    if axis.zero is not None and scale.lowest <= axis.zero <= scale.highest:
        drawing.line(scale(axis.zero), 8, scale(axis.zero), bottom, "zero")
    if axis.unit:
        drawing.text(WIDTH - 8, bottom + 16, axis.unit, "note", "end")


def _draw(drawing: Drawing, scale: Scale, axis: Axis, y: float, one: Line) -> None:
    weight = " strong" if one.strong else ""
    drawing.text(LEFT - 14, y + 4, one.label, f"label{weight}", "end")
    if one.interval is not None:
        drawing.line(
            scale(one.interval[0]), y, scale(one.interval[1]), y, f"interval{' pooled' * one.strong} {one.style}"
        )
    shape, size = ("diamond", 7.0) if one.strong else ("square", 4.5)
    drawing.mark(scale(one.estimate), y, shape, f"mark {one.style}".strip(), size)
    words = axis.value(one.estimate) + (f" ({_between(one, axis)})" if one.interval is not None else "")
    drawing.text(RIGHT + 16, y + 4, words, f"value{weight}")
