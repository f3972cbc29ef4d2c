"""Text that people or corpora supply goes out by few doors, and each knows what is text and what commands."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("app", "firstglance", "bench") for path in (ROOT / folder).rglob("*.py"))
CSV_FILES = ["app/foundation/csv_table.py"]
"""The only file that knows how a table is written, so no table holds a text that a spreadsheet would compute."""

PRINTERS = {
    "app/cli/printing.py": {"click.echo"},
    "app/cli/seal_progress.py": {"click.echo"},  # draws over its own line; it prints our words and numbers
    "app/harvest/progress.py": {"print"},  # JSON in ASCII
    "app/report/export/verify_standalone.py": {"print"},  # stands alone, and has its own `printable`
}
"""{file: how it prints}: everything that is printed has its unseen characters shown."""
WAYS_TO_PRINT = {
    "print", "click.echo", "click.secho", "click.style", "click.echo_via_pager", "sys.stdout.write", "sys.stderr.write",
}  # fmt: skip
RAW_MARKUP = {
    "templates/report/report.html": ["chart.svg | safe"],  # an `SvgImage`, which escapes every text
}
"""{template: what it writes without escaping it}"""
MAKERS_OF_MARKUP = [
    "app/web/admin/gallery_pages.py",  # passages, as `passages.py` renders and escapes them
    "app/web/evaluator/item_view.py",  # a constant, in whose place such passages are put
    "app/web/templating.py",  # a template's own output
]
UNQUOTED = re.compile(r"""\s[\w-]+=\{\{""")
"""An attribute whose value could end at a space, and begin another attribute."""


@cache
def used_names(source: str) -> frozenset[str]:
    """What a file imports and calls: modules, names of them with the module before, and functions with their object."""
    tree = ast.parse(source)
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        if isinstance(node, ast.Call):
            names.add(ast.unparse(node.func))
    return frozenset(names)


def files_that_use(*wanted: str) -> list[str]:
    return [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if not used_names(path.read_text(encoding="utf-8")).isdisjoint(wanted)
    ]


def test_one_file_writes_and_reads_csv() -> None:
    assert files_that_use("csv", "pyarrow.csv") == CSV_FILES


def test_commands_print_by_one_module() -> None:
    sources = [path for path in SOURCES if path.is_relative_to(ROOT / "app")]
    uses = {str(path.relative_to(ROOT)): used_names(path.read_text("utf-8")) & WAYS_TO_PRINT for path in sources}
    assert {path: names for path, names in uses.items() if names} == PRINTERS


def test_templates_escape_everything_but_what_is_listed() -> None:
    templates = sorted((ROOT / "templates").rglob("*.html"))
    raw = {
        str(path.relative_to(ROOT)): re.findall(r"\{\{ *([^{}]*\| *safe\b[^{}]*?) *\}\}", path.read_text("utf-8"))
        for path in templates
    }
    assert {path: expressions for path, expressions in raw.items() if expressions} == RAW_MARKUP
    texts = [path.read_text("utf-8") for path in templates]
    assert not [text for text in texts if "autoescape" in text or UNQUOTED.search(text)]
    assert sum("safe" in re.findall(r"\w+", text) for text in texts) == len(RAW_MARKUP)


def test_few_files_make_markup_of_text() -> None:
    assert files_that_use("markupsafe.Markup", "markupsafe") == MAKERS_OF_MARKUP


def test_a_planted_use_is_noticed() -> None:
    assert "csv" in used_names("def write():\n    import csv")
    assert "csv" in used_names("from csv import writer")
    assert "click.echo" in used_names("import click\nclick.echo('x')")
