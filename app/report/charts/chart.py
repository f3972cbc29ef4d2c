"""A chart with its table and its one-line summary: a picture alone is not an answer."""

from collections.abc import Callable
from dataclasses import dataclass

from app.report.charts.svg_image import SvgImage
from app.statistics.intervals import Interval

WIDTH = 720.0
"""The width of every image."""
LETTER = 7.5
"""The width of a letter of a label, about."""


@dataclass(frozen=True)
class ChartLine:
    """One result: its label, its numbers and their path in analysis.json."""

    label: str
    estimate: float
    interval: Interval | None
    json_path: str
    """Path in analysis.json, such as `strata.0`."""
    strong: bool = False
    """Drawn larger: the result that matters most."""


@dataclass(frozen=True)
class Axis:
    """How values are positioned and written along one direction of a chart."""

    lowest: float | None
    """The lower end of the axis; None to fit it to the results."""
    highest: float | None
    dashed_at: float | None
    """The position of the dashed line: no difference, or guessing at random."""
    tick_steps: tuple[float, ...]
    """The distances that ticks may have; the smallest one that does not give too many ticks is used."""
    write_tick: Callable[[float], str]
    write_value: Callable[[float], str]
    unit: str
    band: tuple[float, float] | None = None
    """Values that are usual, shown as a shaded band."""
    always_shown: tuple[float, float] = (0.0, 1.0)
    """Values that a fitted axis always includes, even if no result reaches them."""
    interval_name: str = "95 % interval"

    def write_interval(self, interval: Interval | None) -> str:
        """An interval as text."""
        if interval is None:
            return "no interval"
        return f"{self.write_value(interval.lower)} to {self.write_value(interval.upper)}"


@dataclass(frozen=True)
class Chart:
    """One figure of the report page."""

    name: str
    title: str
    summary_sentence: str
    """What the figure shows, in one line."""
    svg: str
    """Markup that is safe to put into a page as it is."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """The rows of the table under the figure, as text."""
    row_paths: tuple[str, ...]
    """For each row, the path in analysis.json that its numbers come from."""
    lines: tuple[ChartLine, ...] = ()
    """The results that the figure draws as one line each; empty for other figures."""
    axis: Axis | None = None


@dataclass(frozen=True)
class Scale:
    """A linear scale from values to coordinates on the image."""

    lowest: float
    highest: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The coordinate of a value, kept inside the scale."""
        share = (value - self.lowest) / (self.highest - self.lowest)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)


def draw_percent_axis(image: SvgImage, scale: Scale, left: float, right: float) -> None:
    """Draw horizontal grid lines at 0, 25, ..., 100 % with their labels at the left."""
    for percentage in range(0, 101, 25):
        y = scale(percentage / 100)
        image.line(left, y, right, y, "axis" if percentage == 0 else "grid")
        image.text(left - 8, y + 4, f"{percentage} %", "tick", "end")


def draw_upright_interval(
    image: SvgImage, scale: Scale, x: float, interval: Interval | None, css_class: str = ""
) -> None:
    """Draw a vertical interval with caps."""
    if interval is None:
        return
    css_class = f"interval {css_class}".rstrip()
    bottom, top = scale(interval.lower), scale(interval.upper)
    image.line(x, bottom, x, top, css_class)
    for y in (bottom, top):
        image.line(x - 5, y, x + 5, y, css_class)
