"""The report as PDF, set by Typst (extra `pdf`): the same words, figures and tables as the page."""

import importlib.util
import json
from typing import Any

from app.foundation.errors import ExportError
from app.report.analysis.frame import AnalysisFrame
from app.report.charts.all_charts import charts
from app.report.export.figures import figures
from app.report.methods_text import LIMITS, decision_rows, methods_text

HEAD = """#set document(title: {title}, date: none)
#set page(paper: "a4", margin: (x: 22mm, y: 24mm), numbering: "1 / 1")
#set text(size: 10pt, lang: "en")
#set par(justify: false, leading: 0.62em)
#show heading: set block(above: 1.4em, below: 0.7em)
#show table: set text(size: 8pt)
#show figure: set block(breakable: false)
#let numbers(columns, ..cells) = table(columns: columns, stroke: none, inset: (x: 4pt, y: 3pt), ..cells)
"""


def pdf_available() -> bool:
    """Whether the extra `pdf` is installed."""
    return importlib.util.find_spec("typst") is not None


def report_pdf(
    title: str, commitment: str, analysis: dict[str, Any], frame: AnalysisFrame, drawn: dict[str, bytes] | None = None
) -> bytes:
    """The PDF's bytes, the same for the same analysis; `drawn` are its figures as SVG, if someone has drawn them.

    Raises:
        ExportError: Typst is not installed.
    """
    if not pdf_available():
        msg = "A PDF needs Typst: pip install 'firstglance[pdf]'"
        raise ExportError(msg)
    import typst

    images = figures(analysis, ("svg",)) if drawn is None else drawn
    sources = {"main.typ": _document(title, commitment, analysis, frame, images).encode()} | images
    compiled: Any = typst.compile  # its types leave out that a document may be a dict of files
    return bytes(compiled(sources, format="pdf", ignore_system_fonts=True, timestamp=0))


def _document(
    title: str, commitment: str, analysis: dict[str, Any], frame: AnalysisFrame, drawn: dict[str, bytes]
) -> str:
    parts = [HEAD.format(title=_string(title)), f"= {_text(title)}"]
    parts += [
        f"#text(size: 13pt)[{_text(analysis['headline'])}]",
        _text(analysis["marks_alone"]),
        _text(analysis["wire_alone"]),
    ]
    parts += [f"Commitment: #raw({_string(commitment)})"]
    parts += [f"- {_text(note)}" for note in analysis["notes"]]
    for name, chart in charts(analysis).items():
        path = f"figures/{name}.svg"
        image = f'#image("{path}", width: 100%, alt: {_string(chart.reading)})' if path in drawn else ""
        shown = f"== {_text(chart.title)}\n\n{_text(chart.reading)}\n\n{image}"
        parts.append(f"#block(breakable: false, sticky: true)[\n{shown}\n]")
        parts.append(_table(chart.columns, chart.rows))
    parts += ["== Methods", *(_text(one) for one in methods_text(frame, analysis))]
    parts += ["== The paper, unknown, ours", _table(("Choice", "Whose", "The paper", "Here"), tuple(decision_rows()))]
    parts += ["== Limits", *(f"- {_text(one)}" for one in LIMITS)]
    return "\n\n".join(parts) + "\n"


def _table(columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    head = ", ".join(f"[*{_text(one)}*]" if one else "[]" for one in columns)
    body = ", ".join(f"[{_text(value)}]" for row in rows for value in row)
    return f"#numbers({len(columns)}, table.header({head}), table.hline(stroke: 0.5pt), {body})"


def _text(words: str) -> str:
    """Words as Typst content: a string expression, so that nothing in them is markup."""
    return f"#{_string(words)}"


def _string(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)
