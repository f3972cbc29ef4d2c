"""Tables in Markdown."""

from collections.abc import Sequence


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with a line for each row; a cell may contain any text without line breaks."""
    return "\n".join(_table_line(texts) for texts in (columns, ["---"] * len(columns), *rows))


def _table_line(texts: Sequence[str]) -> str:
    return "| " + " | ".join(text.replace("|", "\\|") or " " for text in texts) + " |"
