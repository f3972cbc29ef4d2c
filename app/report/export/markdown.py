"""The report in Markdown, and the export's own README. Every number names its path in analysis.json."""

from app.report.analysis.analysis import Analysis
from app.report.analysis.frame import AnalysisFrame
from app.report.charts.all_charts import draw_charts
from app.report.charts.chart import Chart
from app.report.markdown_table import markdown_table
from app.report.methods_text import DECISION_COLUMNS, DECISION_HEADING, LIMITATIONS, decision_rows, methods_paragraphs

README = """# {title}

{kind} export of the First Glance round {round_id}.

| file | what it is |
|---|---|
| commitment.json | the digests published at the seal{nonce} |
| items.json, items.csv | the items as they were judged, and their digests |
| judgments.json | every entry of every evaluator's chain, revisions included |
| receipts.json | what each evaluator's receipt must say |
| events.json, events.csv | the round's log, hash-chained |
| evaluators.csv | pseudonyms |
{opened}| datapackage.json | Frictionless description of every file and column |
| digests.json | SHA-256 of every file here |

Check it: `python verify.py THIS.zip` needs Python and nothing else; `firstglance verify THIS.zip` recomputes every
number of analysis.json. Both prove that nothing changed after the commitment. They cannot prove that nobody knew
which item came from which model.
"""

UNBLINDED_FILES = """| design.json | everything that was fixed before the first judgment |
| allocation.json | the opened seal: which item was which neuron, the sampling seed, the nonce |
| observations.csv | one row per evaluator and item: the final verdict with its arm |
| neurons.csv | one row per drawn neuron, dead ones included |
| frame.json | counts of the draw and the plan: the analysis reads this file, observations.csv and nothing else |
| analysis.json | every number of the report, with library versions and seed |
| report.md, report.pdf, figures/ | the report (the PDF if the server has Typst) |
| snippets.parquet | every token of every item as it was shown, with its level |
| methods.json | what HEDS and CONSORT 2025 ask, answered as far as the data allow |
| CITATION.cff | how to cite these data |
"""

BLINDED_FILES = """| public_design.json | the part of the design that names no arm and no archive |
"""


def write_readme(title: str, round_id: str, *, blinded: bool) -> str:
    """The README of an export."""
    kind = "Blinded" if blinded else "Unblinded"
    nonce = "" if blinded else ", with the nonce"
    return README.format(
        title=title, kind=kind, round_id=round_id, nonce=nonce, opened=BLINDED_FILES if blinded else UNBLINDED_FILES
    )


def write_markdown_report(title: str, commitment: str, analysis: Analysis, frame: AnalysisFrame) -> str:
    """The report in Markdown: headline, what cannot be said, each figure's summary and table, methods and limits."""
    parts = [
        f"# {title}",
        analysis.headline,
        analysis.marks_alone,
        analysis.transport_alone,
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
