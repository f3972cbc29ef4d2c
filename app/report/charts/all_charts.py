"""The charts of a report in page order. Pure: analysis in, markup out; the page wraps them in figures."""

from collections.abc import Callable
from typing import Any

from app.report.charts.blinding import blinding_chart, stimulus_chart
from app.report.charts.chart import Chart
from app.report.charts.flow import flow_chart
from app.report.charts.forest import evaluators_chart, forest_chart, secondary_chart, sensitivity_chart
from app.report.charts.fractions import fractions_chart
from app.report.charts.quality import agreement_chart, controls_chart, drift_chart, pairs_chart, time_chart

MAKERS: tuple[Callable[[dict[str, Any]], Chart | None], ...] = (
    fractions_chart,
    forest_chart,
    stimulus_chart,
    evaluators_chart,
    secondary_chart,
    sensitivity_chart,
    flow_chart,
    agreement_chart,
    pairs_chart,
    controls_chart,
    blinding_chart,
    drift_chart,
    time_chart,
)


def charts(analysis: dict[str, Any]) -> dict[str, Chart]:
    """Every chart that the analysis has numbers for, by name, in the order of the page."""
    drawn = [maker(analysis) for maker in MAKERS]
    return {one.name: one for one in drawn if one is not None}
