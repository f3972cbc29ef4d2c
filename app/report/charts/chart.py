"""A chart with its table and its one-line reading: a picture alone is not an answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.report.charts.svg import Drawing

WIDTH = 720.0


@dataclass(frozen=True)
class Line:
    """One line: its label, its numbers and where in analysis.json they are."""

    label: str
    estimate: float
    interval: Sequence[float] | None
    key: str
    strong: bool = False
    style: str = ""
    """Class of an arm, or nothing."""


@dataclass(frozen=True)
class Axis:
    """How values are placed and written."""

    lowest: float | None
    """None to fit the lines."""
    highest: float | None
    zero: float | None
    """Where the dashed line stands."""
    steps: tuple[float, ...]
    """Distances between ticks to choose from."""
    tick: Callable[[float], str]
    value: Callable[[float], str]
    unit: str
    band: tuple[float, float] | None = None


@dataclass(frozen=True)
class Chart:
    """One figure of the report page."""

    name: str
    title: str
    reading: str
    """What the figure says, in one line."""
    svg: str
    """Markup that is safe to put into a page as it is."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """The table beneath, as text."""
    keys: tuple[str, ...]
    """For each row, the path in analysis.json that its numbers come from."""
    lines: tuple[Line, ...] = ()
    """What the figure is drawn from, where it is one line per result."""
    axis: Axis | None = None


@dataclass(frozen=True)
class Scale:
    """A linear scale from values to places on the drawing."""

    lowest: float
    highest: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """The place of a value, kept inside the scale."""
        share = (value - self.lowest) / (self.highest - self.lowest)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)


def percent_axis(drawing: Drawing, scale: Scale, left: float, right: float) -> None:
    """Horizontal grid lines at 0, 25, ..., 100 % with their labels at the left."""
    for step in range(0, 101, 25):
        y = scale(step / 100)
        drawing.line(left, y, right, y, "axis" if step == 0 else "grid")
        drawing.text(left - 8, y + 4, f"{step} %", "tick", "end")


def interval_mark(drawing: Drawing, x: float, interval: tuple[float, float], kind: str, cap: float = 5) -> None:
    """A vertical interval with caps."""
    low, high = interval
    drawing.line(x, low, x, high, f"interval {kind}")
    for y in (low, high):
        drawing.line(x - cap, y, x + cap, y, f"interval {kind}")
