"""Text that people or corpora supply goes out by few doors, and each knows what is text and what commands."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("app", "bench") for path in (ROOT / folder).rglob("*.py"))
CSV_FILES = ["app/foundation/csv_table.py"]
"""The only file that knows how a table is written, so no table holds a text that a spreadsheet would compute."""


def used_names(source: str) -> set[str]:
    """What a file imports and calls: modules, names of them with the module before, and functions with their object."""
    tree = ast.parse(source)
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        if isinstance(node, ast.Call):
            names.add(ast.unparse(node.func))
    return names


def files_that_use(*wanted: str) -> list[str]:
    return [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if not used_names(path.read_text(encoding="utf-8")).isdisjoint(wanted)
    ]


def test_one_file_writes_and_reads_csv() -> None:
    assert files_that_use("csv", "pyarrow.csv") == CSV_FILES


def test_a_planted_use_is_noticed() -> None:
    assert "csv" in used_names("def write():\n    import csv")
    assert "csv" in used_names("from csv import writer")
    assert "click.echo" in used_names("import click\nclick.echo('x')")
