"""The export's figures, drawn by matplotlib: the same bytes for the same analysis, text as text.

`Figure` is used without pyplot, so nothing is kept between calls. The page's own charts are in `charts`.
"""

import io
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from app.report.charts.all_charts import charts
from app.report.charts.chart import Axis, Chart
from app.report.charts.fractions import reported, stratum_name

COLOURS = ("#2166ac", "#b83a26", "#2a7554", "#74509a")
SHAPES = ("o", "s", "D", "^")
SETTINGS: Any = {"svg.fonttype": "none", "svg.hashsalt": "first-glance", "pdf.fonttype": 42, "font.size": 9.0}
UNDATED: dict[str, dict[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None, "ModDate": None}}


def figures(analysis: dict[str, Any], kinds: tuple[str, ...] = ("svg", "pdf")) -> dict[str, bytes]:
    """File name to content for Figure A and every chart with a line per result."""
    found: dict[str, bytes] = {}
    with mpl.rc_context(SETTINGS):
        for name, chart in charts(analysis).items():
            figure = _fractions(analysis) if name == "fractions" else _lines(chart)
            if figure is not None:
                found |= {f"figures/{name}.{kind}": _saved(figure, kind) for kind in kinds}
    return found


def _saved(figure: Figure, kind: str) -> bytes:
    target = io.BytesIO()
    figure.savefig(target, format=kind, metadata=UNDATED[kind], bbox_inches="tight")
    return target.getvalue()


def _fractions(analysis: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(7.2, 3.6))
    axes = figure.add_subplot()
    order = analysis["arm_order"]
    strata = [name for name in analysis["stratum_order"] if any(one["stratum"] == name for one in analysis["cells"])]
    for one in analysis["cells"]:
        if one["fraction"] is None:
            continue
        place = order.index(one["arm"]) % len(COLOURS)
        x = strata.index(one["stratum"]) + 0.16 * (order.index(one["arm"]) - (len(order) - 1) / 2)
        low, high = one["interval"]
        axes.plot([x, x], [low, high], color=COLOURS[place], linewidth=1.4)
        axes.plot([x], [one["fraction"]], SHAPES[place], color=COLOURS[place], markersize=6)
    _reported(axes, order, len(strata))
    for place, arm in enumerate(order):
        style = place % len(COLOURS)
        axes.plot([], [], SHAPES[style], color=COLOURS[style], label=arm)
    names = [stratum_name(name) for name in strata] + [f"{size}\nreported" for size in reported(order)]
    axes.set_xticks(range(len(names)), names)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.set_ylabel("marked INTERPRETABLE")
    axes.legend(frameon=False, loc="upper right")
    _quiet(axes)
    return figure


def _reported(axes: Axes, order: list[str], start: int) -> None:
    """The paper's own figures as hollow marks; it gives no intervals."""
    known = reported(order)
    if known:
        axes.axvline(start - 0.5, color="0.75", linewidth=0.8, linestyle=":")
    for place, values in enumerate(known.values()):
        for arm, value in values.items():
            style = order.index(arm) % len(COLOURS)
            axes.plot([start + place], [value], SHAPES[style], markerfacecolor="white", markeredgecolor=COLOURS[style])


def _lines(chart: Chart) -> Figure | None:
    if chart.axis is None or not chart.lines:
        return None
    figure = Figure(figsize=(7.2, 0.8 + 0.3 * len(chart.lines)))
    axes = figure.add_subplot()
    for place, one in enumerate(chart.lines):
        if one.interval is not None:
            axes.plot(list(one.interval), [place, place], color="black", linewidth=2.2 if one.strong else 1.4)
        axes.plot([one.estimate], [place], "D" if one.strong else "s", color="black", markersize=7 if one.strong else 5)
        words = next(f"{row[1]}  ({row[2]})" for row in [chart.rows[place]])
        axes.annotate(words, (1.02, place), xycoords=("axes fraction", "data"), va="center")
    axes.set_yticks(range(len(chart.lines)), [one.label for one in chart.lines])
    axes.set_ylim(len(chart.lines) - 0.4, -0.6)
    _dress(axes, chart.axis)
    return figure


def _dress(axes: Axes, axis: Axis) -> None:
    if axis.zero is not None:
        axes.axvline(axis.zero, color="0.4", linewidth=0.8, linestyle="--")
    if axis.band is not None:
        axes.axvspan(*axis.band, color="0.92", zorder=0)
    if axis.lowest is not None:
        axes.set_xlim(left=axis.lowest)
    if axis.highest is not None:
        axes.set_xlim(right=axis.highest)
    axes.xaxis.set_major_formatter(lambda value, _: axis.tick(value))
    axes.set_xlabel(axis.unit)
    _quiet(axes)


def _quiet(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
