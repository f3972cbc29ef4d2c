"""The charts of a report in page order. Pure: analysis in, markup out; the page wraps them in figures."""

from collections.abc import Callable
from typing import Any

from app.report.chart import Chart
from app.report.flow_chart import flow_chart
from app.report.forest_charts import evaluators_chart, forest_chart
from app.report.fraction_charts import fractions_chart

MAKERS: tuple[Callable[[dict[str, Any]], Chart | None], ...] = (
    fractions_chart,
    forest_chart,
    evaluators_chart,
    flow_chart,
)


def charts(analysis: dict[str, Any]) -> dict[str, Chart]:
    """Every chart that the analysis has numbers for, by name, in the order of the page."""
    drawn = [maker(analysis) for maker in MAKERS]
    return {one.name: one for one in drawn if one is not None}
