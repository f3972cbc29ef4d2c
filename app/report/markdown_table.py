"""Tables in Markdown."""

import re
from collections.abc import Sequence

UNESCAPED_BAR = re.compile(r"(?<!\\)\|")


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with a line for each row, whose cells are Markdown; line breaks within a cell become spaces."""
    return "\n".join(_table_line(texts) for texts in (columns, ["---"] * len(columns), *rows))


def _table_line(texts: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(UNESCAPED_BAR.sub(r"\\|", text).splitlines()) or " " for text in texts) + " |"
