"""Tables in Markdown."""

from collections.abc import Sequence


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with a line for each row; line breaks within a cell become spaces."""
    return "\n".join(_table_line(texts) for texts in (columns, ["---"] * len(columns), *rows))


def _table_line(texts: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(text.replace("|", "\\|").splitlines()) or " " for text in texts) + " |"
