"""The report in Markdown. Every number names its path in analysis.json."""

from app.report.analysis.analysis import Analysis
from app.report.analysis.frame import AnalysisFrame
from app.report.charts.all_charts import draw_charts
from app.report.charts.chart import Chart
from app.report.markdown_table import markdown_table
from app.report.methods_text import DECISION_COLUMNS, DECISION_HEADING, LIMITATIONS, decision_rows, methods_paragraphs
from app.report.result_text import state_primary_comparison


def write_markdown_report(title: str, commitment: str, analysis: Analysis, frame: AnalysisFrame) -> str:
    """The report in Markdown: headline, what cannot be said, each figure's summary and table, methods and limits."""
    parts = [
        f"# {title}",
        analysis.headline,
        analysis.marks_alone,
        analysis.transport_alone,
        state_primary_comparison(analysis.difference),
        f"Commitment: `{commitment}`",
        *(f"- {note}" for note in analysis.notes),
    ]
    for chart in draw_charts(analysis).values():
        parts += _chart_parts(chart)
    parts += ["## Methods", *methods_paragraphs(frame, analysis)]
    parts += [f"## {DECISION_HEADING}", markdown_table(DECISION_COLUMNS, decision_rows())]
    parts += ["## Limits", "\n".join(f"- {limitation}" for limitation in LIMITATIONS)]
    return "\n\n".join(parts) + "\n"


def _chart_parts(chart: Chart) -> list[str]:
    """A chart's heading, summary, figure if the export has one, and table with the path of each row's numbers."""
    parts = [f"## {chart.title}", chart.summary_sentence]
    if chart.lines or chart.name == "fractions":
        parts.append(f"![{chart.title}](figures/{chart.name}.svg)")
    rows = [(*row, f"`{path}`") for row, path in zip(chart.rows, chart.row_paths, strict=True)]
    return [*parts, markdown_table((*chart.columns, "analysis.json"), rows)]
