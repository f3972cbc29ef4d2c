"""The report as PDF, set by Typst (extra `pdf`): the same words, figures and tables as the page."""

import importlib.util
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, cast

from app.foundation.errors import ExportError
from app.foundation.right_to_left import isolate_right_to_left
from app.foundation.typed_text import show_unseen_characters
from app.report.absent_results import ABSENT_HEADING, absent_results
from app.report.analysis.analysis import Analysis
from app.report.analysis.frame import AnalysisFrame
from app.report.charts.all_charts import draw_charts
from app.report.charts.chart import Chart
from app.report.export.figures import draw_figures
from app.report.methods_text import DECISION_COLUMNS, DECISION_HEADING, decision_rows, limitations, methods_paragraphs
from app.report.result_tables import result_tables
from app.report.result_text import UNSIGNED_RESULT, state_primary_comparison

PREAMBLE = """#set document(title: {title}, date: none)
#set page(paper: "a4", margin: (x: 22mm, y: 24mm), numbering: "1 / 1")
#set text(size: 10pt, lang: "en")
#set par(justify: false, leading: 0.62em)
#show heading: set block(above: 1.4em, below: 0.7em)
#show table: set text(size: 8pt)
#show figure: set block(breakable: false)
#let numbers(columns, ..cells) = table(columns: columns, stroke: none, inset: (x: 4pt, y: 3pt), ..cells)
"""


class TypstCompiler(Protocol):
    """Typst's compiler with a document of several files, which Typst's own type hints do not allow."""

    def __call__(self, files: dict[str, bytes], *, format: str, ignore_system_fonts: bool, timestamp: int) -> bytes:
        """The document compiled from `main.typ`."""


def pdf_available() -> bool:
    """Whether the extra `pdf` is installed."""
    return importlib.util.find_spec("typst") is not None


def write_pdf_report(
    title: str,
    commitment: str,
    analysis: Analysis,
    frame: AnalysisFrame,
    figures: Mapping[str, bytes] | None = None,
    *,
    unsigned: bool = False,
) -> bytes:
    """The PDF's bytes, the same for the same analysis; `figures` are its SVG files if they were drawn before.

    It says so if the result is `unsigned` though the round has a key.

    Raises:
        ExportError: Typst is not installed.
    """
    if not pdf_available():
        msg = "The PDF needs Typst; install it with: pip install 'firstglance[pdf]'"
        raise ExportError(msg)
    import typst  # optional: the extra `pdf`

    images = draw_figures(analysis, ("svg",)) if figures is None else figures
    document = typst_document(title, commitment, analysis, frame, images, unsigned=unsigned)
    compile_files = cast("TypstCompiler", typst.compile)
    sources = {"main.typ": document.encode(), **images}
    return compile_files(sources, format="pdf", ignore_system_fonts=True, timestamp=0)


def typst_document(
    title: str,
    commitment: str,
    analysis: Analysis,
    frame: AnalysisFrame,
    figure_names: Iterable[str],
    *,
    unsigned: bool = False,
) -> str:
    """The report in Typst's markup; `figure_names` are the images that it may show."""
    available = frozenset(figure_names)
    parts = [
        PREAMBLE.format(title=_string(title)),
        f"= {_content(title)}",
        f"#text(size: 13pt)[{_content(analysis.headline)}]",
        _content(analysis.marks_alone),
        _content(analysis.transport_alone),
        _content(state_primary_comparison(analysis.difference)),
        f"Commitment: #raw({_string(commitment)})",
        *([_content(UNSIGNED_RESULT)] if unsigned else []),
        *(f"- {_content(note)}" for note in analysis.notes),
    ]
    charts, tables = draw_charts(analysis).values(), result_tables(analysis)
    for chart in charts:
        parts += [_chart_block(chart, available), _table(chart.columns, chart.rows)]
    for table in tables:
        parts += [f"== {_content(table.title)}", _content(table.summary_sentence), _table(table.columns, table.rows)]
    parts += _absent_parts(absent_results(charts, tables, analysis.units))
    parts += ["== Methods", *(_content(paragraph) for paragraph in methods_paragraphs(frame, analysis))]
    parts += [f"== {DECISION_HEADING}", _table(DECISION_COLUMNS, decision_rows(analysis.words))]
    parts += ["== Limits", *(f"- {_content(limitation)}" for limitation in limitations(analysis.words, analysis.units))]
    return "\n\n".join(parts) + "\n"


def _chart_block(chart: Chart, available: frozenset[str]) -> str:
    path = f"figures/{chart.name}.svg"
    image = f'#image("{path}", width: 100%, alt: {_string(chart.summary_sentence)})' if path in available else ""
    content = f"== {_content(chart.title)}\n\n{_content(chart.summary_sentence)}\n\n{image}"
    return f"#block(breakable: false, sticky: true)[\n{content}\n]"


def _absent_parts(sentences: Sequence[str]) -> list[str]:
    """The sentences on planned results that the report does not show, under a heading; nothing if it shows all."""
    return [f"== {ABSENT_HEADING}", *(f"- {_content(sentence)}" for sentence in sentences)] if sentences else []


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = ", ".join(f"[*{_content(column)}*]" if column else "[]" for column in columns)
    body = ", ".join(f"[{_content(cell)}]" for row in rows for cell in row)
    return f"#numbers({len(columns)}, table.header({head}), table.hline(stroke: 0.5pt), {body})"


def _content(text: str) -> str:
    """Text as Typst content: a string expression, so that nothing in it is markup."""
    return f"#{_string(text)}"


def _string(text: str) -> str:
    """Text as a string literal of Typst: JSON's syntax, but for escaped control characters, so none is in it."""
    return json.dumps(isolate_right_to_left(show_unseen_characters(text)), ensure_ascii=False)
