"""The export's figures, drawn by matplotlib: the same bytes for the same analysis, and text that can be selected.

`Figure` is used without pyplot, so no figure stays in memory after its call. The page's own charts are in `charts`.
"""

import io
import warnings
from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from app.foundation.typed_text import show_unseen_characters
from app.report.analysis.analysis import Analysis
from app.report.charts.all_charts import draw_charts
from app.report.charts.arm_styles import arm_style
from app.report.charts.chart import Axis, Chart
from app.report.charts.fractions import fractions_in_paper, judged_strata, stratum_label

NO_DATES: dict[str, dict[str, str | None]] = {
    "svg": {"Date": None},
    "pdf": {"CreationDate": None, "ModDate": None},
}


def draw_figures(analysis: Analysis, file_types: tuple[str, ...] = ("svg", "pdf")) -> dict[str, bytes]:
    """{file name: content} of Figure A and of every chart with a line per result."""
    files: dict[str, bytes] = {}
    with mpl.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "first-glance",
            "pdf.fonttype": 42,
            "font.size": 9.0,
            "text.parse_math": False,  # people choose names, and a dollar in one begins no formula
        }
    ):
        for name, chart in draw_charts(analysis).items():
            figure = _fractions_figure(analysis) if name == "fractions" else _lines_figure(chart)
            if figure is not None:
                files |= {f"figures/{name}.{file_type}": _save(figure, file_type) for file_type in file_types}
    return files


def _save(figure: Figure, file_type: str) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # In SVG a letter that the library's font lacks is text all the same, in PDF it is an empty box.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        figure.savefig(buffer, format=file_type, metadata=NO_DATES[file_type], bbox_inches="tight")
    return buffer.getvalue()


def _fractions_figure(analysis: Analysis) -> Figure:
    figure = Figure(figsize=(7.2, 3.6))
    axes = figure.add_subplot()
    arm_order, strata = analysis.arm_order, judged_strata(analysis)
    _plot_cells(axes, analysis, strata)
    _plot_fractions_in_paper(axes, arm_order, len(strata))
    handles: list[Line2D] = []
    for arm in arm_order:
        style = arm_style(arm, arm_order)
        handles += axes.plot([], [], style.marker, color=style.colour)
    labels = [show_unseen_characters(stratum_label(stratum)) for stratum in strata]
    labels += [f"{model_sizes}\nreported" for model_sizes in fractions_in_paper(arm_order)]
    axes.set_xticks(range(len(labels)), labels)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.set_ylabel(analysis.words.participle)
    names = [show_unseen_characters(arm) for arm in arm_order]
    axes.legend(handles, names, frameon=False, loc="upper right")
    _hide_upper_and_right_spine(axes)
    return figure


def _plot_cells(axes: Axes, analysis: Analysis, stratum_names: Sequence[str]) -> None:
    arm_order = analysis.arm_order
    for cell in analysis.cells:
        if cell.fraction is None or cell.interval is None:
            continue
        style = arm_style(cell.arm, arm_order)
        x = stratum_names.index(cell.stratum) + 0.16 * (arm_order.index(cell.arm) - (len(arm_order) - 1) / 2)
        axes.plot([x, x], list(cell.interval), color=style.colour, linewidth=1.4)
        axes.plot([x], [cell.fraction], style.marker, color=style.colour, markersize=6)


def _plot_fractions_in_paper(axes: Axes, arm_order: Sequence[str], start: int) -> None:
    """Plot the paper's fractions, which have no intervals, as hollow marks from the position `start` on."""
    by_model_sizes = fractions_in_paper(arm_order)
    if by_model_sizes:
        axes.axvline(start - 0.5, color="0.75", linewidth=0.8, linestyle=":")
    for index, fractions in enumerate(by_model_sizes.values()):
        for arm, fraction in fractions.items():
            style = arm_style(arm, arm_order)
            axes.plot([start + index], [fraction], style.marker, markerfacecolor="white", markeredgecolor=style.colour)


def _lines_figure(chart: Chart) -> Figure | None:
    if chart.axis is None or not chart.lines:
        return None
    figure = Figure(figsize=(7.2, 0.8 + 0.3 * len(chart.lines)))
    axes = figure.add_subplot()
    for index, (line, (_, estimate, interval)) in enumerate(zip(chart.lines, chart.rows, strict=True)):
        if line.interval is not None:
            axes.plot(list(line.interval), [index, index], color="black", linewidth=2.2 if line.strong else 1.4)
        marker, size = ("D", 7) if line.strong else ("s", 5)
        axes.plot([line.estimate], [index], marker, color="black", markersize=size)
        numbers = f"{estimate}  ({interval})"
        axes.annotate(numbers, (1.02, index), xycoords=("axes fraction", "data"), va="center")
    axes.set_yticks(range(len(chart.lines)), [show_unseen_characters(line.label) for line in chart.lines])
    axes.set_ylim(len(chart.lines) - 0.4, -0.6)
    _style_axis(axes, chart.axis)
    return figure


def _style_axis(axes: Axes, axis: Axis) -> None:
    if axis.dashed_at is not None:
        axes.axvline(axis.dashed_at, color="0.4", linewidth=0.8, linestyle="--")
    if axis.band is not None:
        axes.axvspan(*axis.band, color="0.92", zorder=0)
    if axis.lowest is not None:
        axes.set_xlim(left=axis.lowest)
    if axis.highest is not None:
        axes.set_xlim(right=axis.highest)
    axes.xaxis.set_major_formatter(lambda value, _: axis.write_tick(value))
    axes.set_xlabel(show_unseen_characters(axis.unit))
    _hide_upper_and_right_spine(axes)


def _hide_upper_and_right_spine(axes: Axes) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
