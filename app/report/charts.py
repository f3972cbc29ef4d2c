"""The charts of a report in page order. Pure: analysis in, markup out; the page wraps them in figures."""

from collections.abc import Callable
from typing import Any

from app.report.blind_charts import blinding_chart, stimulus_chart
from app.report.chart import Chart
from app.report.flow_chart import flow_chart
from app.report.forest_charts import evaluators_chart, forest_chart, secondary_chart, sensitivity_chart
from app.report.fraction_charts import fractions_chart
from app.report.quality_charts import agreement_chart, controls_chart, drift_chart, pairs_chart, time_chart

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
