"""The dot plot: one labelled line for each result, with a point, an interval and the numbers at the right."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from app.foundation.typography import with_minus_sign
from app.report.charts.chart import WIDTH, Axis, Chart, ChartLine, Scale
from app.report.charts.short_names import short_names
from app.report.charts.svg_image import SvgImage
from app.report.number_text import points, seconds_text
from app.statistics.intervals import Interval

LEFT, RIGHT = 226.0, 508.0
LINE_HEIGHT = 30.0
LONGEST_LABEL = 32
"""Most characters of a label in the image; the table has them whole."""
MOST_TICKS = 7


def _signed_percentage(fraction: float) -> str:
    return with_minus_sign(f"{100 * fraction:+.0f}") if round(100 * fraction) else "0"


def _two_decimals(value: float) -> str:
    return with_minus_sign(f"{round(value, 2) + 0.0:.2f}")


DIFFERENCE_AXIS = Axis(
    None,
    None,
    dashed_at=0,
    tick_steps=(0.05, 0.1, 0.2, 0.25, 0.5),
    write_tick=_signed_percentage,
    write_value=points,
    unit="percentage points",
    always_shown=(-0.1, 0.1),
)
COEFFICIENT_AXIS = Axis(
    None, 1, dashed_at=0, tick_steps=(0.25, 0.5), write_tick=_two_decimals, write_value=_two_decimals, unit=""
)
AUC_AXIS = Axis(
    0, 1, dashed_at=0.5, tick_steps=(0.25,), write_tick=_two_decimals, write_value=_two_decimals, unit="AUC"
)
INDEX_AXIS = Axis(
    -1,
    1,
    dashed_at=0,
    tick_steps=(0.5,),
    write_tick=_two_decimals,
    write_value=_two_decimals,
    unit="",
    band=(-0.2, 0.2),
)
SECONDS_AXIS = Axis(
    0,
    None,
    dashed_at=60,
    tick_steps=(10, 20, 30, 60, 120, 300, 600),
    write_tick=lambda seconds: f"{seconds:.0f}",
    write_value=seconds_text,
    unit="seconds",
    interval_name="Middle half",
)


class Estimated(Protocol):
    """A result with an estimate and an interval."""

    @property
    def estimate(self) -> float | None:
        """The estimate; None if it cannot be made."""

    @property
    def interval(self) -> Interval | None:
        """The interval of the estimate; None if there is none."""


def lines_if_estimated(
    label: str, estimated: Estimated | None, json_path: str, *, strong: bool = False
) -> list[ChartLine]:
    """A list with a line for the result, or an empty list if it has no estimate."""
    if estimated is None or estimated.estimate is None:
        return []
    return [ChartLine(label, estimated.estimate, estimated.interval, json_path, strong)]


def draw_dotplot(name: str, title: str, sentence: str, lines: Sequence[ChartLine], axis: Axis) -> Chart | None:
    """The dot plot of some results; None without results."""
    if not lines:
        return None
    height = 56 + LINE_HEIGHT * len(lines)
    image = SvgImage(name, WIDTH, height, title, sentence)
    scale = _scale_for(lines, axis)
    _draw_axis(image, scale, axis, height - 34)
    labels = short_names([line.label for line in lines], LONGEST_LABEL)
    for index, (line, label) in enumerate(zip(lines, labels, strict=True)):
        _draw_line(image, scale, axis, 24 + LINE_HEIGHT * index, replace(line, label=label))
    return Chart(
        name=name,
        title=title,
        summary_sentence=sentence,
        svg=image.render(),
        columns=("", f"Estimate{', ' + axis.unit if axis.unit else ''}", axis.interval_name),
        rows=tuple((line.label, axis.write_value(line.estimate), axis.write_interval(line.interval)) for line in lines),
        row_paths=tuple(line.json_path for line in lines),
        lines=tuple(lines),
        axis=axis,
    )


def _scale_for(lines: Sequence[ChartLine], axis: Axis) -> Scale:
    ends = [value for line in lines for value in (line.estimate, *(line.interval or ()))]
    margin = 0.03 * (max(ends) - min(ends))
    lowest = min(min(ends) - margin, axis.always_shown[0]) if axis.lowest is None else axis.lowest
    highest = max(max(ends) + margin, axis.always_shown[1]) if axis.highest is None else axis.highest
    return Scale(lowest, highest, LEFT, RIGHT)


def _draw_axis(image: SvgImage, scale: Scale, axis: Axis, bottom: float) -> None:
    if axis.band is not None:
        start, end = (scale(value) for value in axis.band)
        image.box(start, 8, end - start, bottom - 8, "band")
    image.line(LEFT, bottom, RIGHT, bottom, "axis")
    for tick in _ticks(scale, axis):
        image.line(scale(tick), 8, scale(tick), bottom, "grid")
        image.text(scale(tick), bottom + 16, axis.write_tick(tick), "tick", "middle")
    if axis.dashed_at is not None and scale.lowest <= axis.dashed_at <= scale.highest:
        image.line(scale(axis.dashed_at), 8, scale(axis.dashed_at), bottom, "zero")
    if axis.unit:
        image.text(WIDTH - 8, bottom + 16, axis.unit, "note", "end")


def _ticks(scale: Scale, axis: Axis) -> list[float]:
    span = scale.highest - scale.lowest
    longest = axis.tick_steps[-1]
    step = next(
        (step for step in axis.tick_steps if span / step <= MOST_TICKS), longest * max(1, round(span / longest / 5))
    )
    ticks = [round(-(-scale.lowest // step) * step, 9)]
    while ticks[-1] <= scale.highest + 1e-9:
        ticks.append(round(ticks[-1] + step, 9))
    return ticks[:-1]


def _draw_line(image: SvgImage, scale: Scale, axis: Axis, y: float, line: ChartLine) -> None:
    weight = " strong" if line.strong else ""
    image.text(LEFT - 14, y + 4, line.label, f"label{weight}", "end")
    numbers = axis.write_value(line.estimate)
    if line.interval is not None:
        css_class = "interval pooled" if line.strong else "interval"
        image.line(scale(line.interval.lower), y, scale(line.interval.upper), y, css_class)
        numbers += f" ({axis.write_interval(line.interval)})"
    if line.strong:
        image.mark(scale(line.estimate), y, "diamond", "mark", 7.0)
    else:
        image.mark(scale(line.estimate), y, "square", "mark", 4.5)
    image.text(RIGHT + 16, y + 4, numbers, f"value{weight}")
