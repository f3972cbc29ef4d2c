"""The report in Markdown, and the export's own README. Every number names its key in analysis.json."""

from typing import Any

from app.report.charts import charts

README = """# {title}

{kind} export of the First Glance round {round_id}.

| file | what it is |
|---|---|
| design.json | everything that was fixed before the first judgment |
| commitment.json | the digests published at the seal{nonce} |
| items.json, items.csv | the items as they were judged, and their digests |
| judgments.json | every entry of every evaluator's chain, revisions included |
| events.json, events.csv | the round's log, hash-chained |
| evaluators.csv | pseudonyms |
{opened}| datapackage.json | Frictionless description of every file and column |
| digests.json | SHA-256 of every file here |

Check it: `python verify.py THIS.zip` needs Python and nothing else; `firstglance verify THIS.zip` recomputes every
number of analysis.json. Both claim "unchanged since the commitment", never "nobody knew".
"""

OPENED = """| allocation.json | the opened seal: which item was which neuron, the sampling seed, the nonce |
| observations.csv | one row per evaluator and item: the final verdict with its arm |
| neurons.csv | one row per drawn neuron, dead ones included |
| frame.json | counts of the draw and the plan: with observations.csv, all that the analysis reads |
| analysis.json | every number of the report |
| report.md | the report |
"""


def readme(title: str, round_id: str, *, blinded: bool) -> str:
    """The README of an export."""
    kind = "Blinded" if blinded else "Unblinded"
    nonce = "" if blinded else ", with the nonce"
    return README.format(title=title, kind=kind, round_id=round_id, nonce=nonce, opened="" if blinded else OPENED)


def report_markdown(title: str, commitment: str, analysis: dict[str, Any]) -> str:
    """The report: headline, what cannot be said, then each figure's reading and table."""
    parts = [f"# {title}", analysis["headline"], f"Commitment: `{commitment}`"]
    parts += [f"- {note}" for note in analysis["notes"]]
    for chart in charts(analysis).values():
        parts += [f"## {chart.title}", chart.reading, _table(chart.columns, chart.rows, chart.keys)]
    return "\n\n".join(parts) + "\n"


def _table(columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...], keys: tuple[str, ...]) -> str:
    lines = [_line((*columns, "analysis.json")), _line(tuple("---" for _ in range(len(columns) + 1)))]
    lines += [_line((*row, f"`{key}`")) for row, key in zip(rows, keys, strict=True)]
    return "\n".join(lines)


def _line(values: tuple[str, ...]) -> str:
    return "| " + " | ".join(one.replace("|", "\\|") or " " for one in values) + " |"
