"""The report in Markdown. Every number names its path in analysis.json."""

from collections.abc import Sequence

from app.foundation.markdown_text import code_span, escape_markdown
from app.report.absent_results import ABSENT_HEADING, absent_results
from app.report.analysis.analysis import Analysis
from app.report.analysis.frame import AnalysisFrame
from app.report.charts.all_charts import draw_charts
from app.report.charts.chart import Chart
from app.report.markdown_table import markdown_table
from app.report.methods_text import DECISION_COLUMNS, DECISION_HEADING, decision_rows, limitations, methods_paragraphs
from app.report.result_tables import ResultTable, result_tables
from app.report.result_text import UNSIGNED_RESULT, state_primary_comparison


def write_markdown_report(
    title: str, commitment: str, analysis: Analysis, frame: AnalysisFrame, *, unsigned: bool = False
) -> str:
    """The report in Markdown: headline, what cannot be said, each figure's summary and table, methods and limits.

    It says so if the result is `unsigned` though the round has a key.
    """
    parts = [
        f"# {escape_markdown(title)}",
        escape_markdown(analysis.headline),
        escape_markdown(analysis.marks_alone),
        escape_markdown(analysis.transport_alone),
        escape_markdown(state_primary_comparison(analysis.difference)),
        f"Commitment: `{commitment}`",
        *([UNSIGNED_RESULT] if unsigned else []),
        *(f"- {escape_markdown(note)}" for note in analysis.notes),
    ]
    charts, tables = draw_charts(analysis).values(), result_tables(analysis)
    for chart in charts:
        parts += _chart_parts(chart)
    for table in tables:
        parts += [f"## {escape_markdown(table.title)}", escape_markdown(table.summary_sentence), _numbers_table(table)]
    parts += _absent_parts(absent_results(charts, tables, analysis.units))
    parts += ["## Methods", *map(escape_markdown, methods_paragraphs(frame, analysis))]
    parts += [f"## {DECISION_HEADING}", markdown_table(DECISION_COLUMNS, decision_rows(analysis.words))]
    parts += ["## Limits", "\n".join(f"- {limitation}" for limitation in limitations(analysis.words, analysis.units))]
    return "\n\n".join(parts) + "\n"


def _chart_parts(chart: Chart) -> list[str]:
    """A chart's heading, summary, figure if the export has one, and table with the path of each row's numbers."""
    title = escape_markdown(chart.title)
    parts = [f"## {title}", escape_markdown(chart.summary_sentence)]
    if chart.lines or chart.name == "fractions":
        parts.append(f"![{title}](figures/{chart.name}.svg)")
    return [*parts, _numbers_table(chart)]


def _numbers_table(shown: Chart | ResultTable) -> str:
    rows = [
        (*map(escape_markdown, row), code_span(path)) for row, path in zip(shown.rows, shown.row_paths, strict=True)
    ]
    return markdown_table((*map(escape_markdown, shown.columns), "analysis.json"), rows)


def _absent_parts(sentences: Sequence[str]) -> list[str]:
    """The sentences on planned results that the report does not show, under a heading; nothing if it shows all."""
    return (
        [f"## {ABSENT_HEADING}", "\n".join(f"- {escape_markdown(sentence)}" for sentence in sentences)]
        if sentences
        else []
    )
