"""The charts of a report in page order. Pure: from an analysis to markup, which the page wraps in figures."""

from app.report.analysis.analysis import Analysis
from app.report.charts.agreement import agreement_chart, pairs_chart
from app.report.charts.blinding import blinding_chart, stimulus_chart
from app.report.charts.chart import Chart
from app.report.charts.controls import controls_chart
from app.report.charts.flow import flow_chart
from app.report.charts.forest import evaluators_chart, forest_chart, secondary_chart, sensitivity_chart
from app.report.charts.fractions import fractions_chart
from app.report.charts.timing import drift_chart, time_chart


def draw_charts(analysis: Analysis) -> dict[str, Chart]:
    """Every chart that the analysis has numbers for, by name, in the order of the page."""
    charts = (
        fractions_chart(analysis),
        forest_chart(analysis),
        stimulus_chart(analysis),
        evaluators_chart(analysis),
        secondary_chart(analysis),
        sensitivity_chart(analysis),
        flow_chart(analysis),
        agreement_chart(analysis),
        pairs_chart(analysis),
        controls_chart(analysis),
        blinding_chart(analysis),
        drift_chart(analysis),
        time_chart(analysis),
    )
    return {chart.name: chart for chart in charts if chart is not None}
