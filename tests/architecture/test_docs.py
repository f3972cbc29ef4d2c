"""The documents for developers say what is there: every path exists, every room and every contract is told."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from app.store import schema

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/data_protection.md",
    "docs/glossary.md",
    "docs/keys.md",
    "docs/notebook.md",
    "docs/python.md",
    "docs/serving.md",
    "docs/statistics.md",
    "docs/trust.md",
)
TRUST = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
TEST = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(test_[a-z0-9_]+)`")
PATH = re.compile(r"`((?:app|bench|demo|docs|migrations|static|templates|tests)/[A-Za-z0-9_./]*)`")


def missing_paths(text: str) -> list[str]:
    """The paths that a text names in code font and that the repository lacks."""
    return [path for path in PATH.findall(text) if not (ROOT / path).exists()]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_that_a_document_names_exists(name: str) -> None:
    assert missing_paths((ROOT / name).read_text(encoding="utf-8")) == []


def test_a_path_that_is_not_there_is_reported() -> None:
    assert missing_paths("see `app/rounds` and `app/nowhere.py`") == ["app/nowhere.py"]


def documented_columns(text: str) -> dict[str, set[str]]:
    """{table: its columns}, as the last table of the document on data protection has them."""
    rows = re.findall(r"^\| `([a-z_]+)` \| [^|]+ \| (`[^|]+`) \|$", text, re.MULTILINE)
    return {table: set(re.findall(r"`([a-z_0-9]+)`", columns)) for table, columns in rows}


def test_the_document_on_data_protection_lists_every_column_of_the_database() -> None:
    documented = documented_columns((ROOT / "docs" / "data_protection.md").read_text(encoding="utf-8"))
    tables = {table.name: {column.name for column in table.columns} for table in schema.ROWS[0].metadata.sorted_tables}
    assert documented == tables, "say in docs/data_protection.md whom a new column is about, and how long it stays"


def test_every_room_is_in_the_table_of_rooms() -> None:
    rooms = {path.parent.name for path in (ROOT / "app").glob("*/__init__.py")}
    assert {room for room in rooms if f"| `app/{room}` |" not in ARCHITECTURE} == set()


def test_every_import_contract_is_told_with_its_reason() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert [contract["name"] for contract in contracts if f"| {contract['name']} |" not in ARCHITECTURE] == []


def test_files_named_without_a_folder_stand_where_the_sentence_says() -> None:
    names = {path.name for path in (ROOT / "app").rglob("*.py")}
    bare = re.findall(r"`([a-z_]+\.py)`", ARCHITECTURE)
    assert [name for name in bare if name not in names] == []


def missing_tests(text: str) -> list[str]:
    """The tests that a text names in code font and that the repository lacks."""
    return [f"{path}::{name}" for path, name in TEST.findall(text) if name not in names_of_tests(ROOT / path)]


def names_of_tests(path: Path) -> set[str]:
    if not path.exists():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def numbered_rows(text: str) -> list[list[str]]:
    """The cells of the rows of a text's tables that begin with a number."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return [cells for cells in rows if cells[0].isdigit()]


@pytest.mark.parametrize("name", ["docs/trust.md", "docs/keys.md"])
def test_every_test_that_a_page_names_exists(name: str) -> None:
    assert missing_tests((ROOT / name).read_text(encoding="utf-8")) == []


def test_every_drill_names_the_test_that_acts_it_out() -> None:
    drills = numbered_rows((ROOT / "docs" / "keys.md").read_text(encoding="utf-8"))
    assert [row[0] for row in drills] == [str(number) for number in range(1, len(drills) + 1)]
    assert [row for row in drills if not (TEST.fullmatch(row[3]) or row[3] == "the same test")] == []


def test_a_test_that_is_not_there_is_reported() -> None:
    text = "see `tests/architecture/test_docs.py::test_nothing` and `tests/nowhere.py::test_it`"
    assert missing_tests(text) == ["tests/architecture/test_docs.py::test_nothing", "tests/nowhere.py::test_it"]


def test_the_page_on_trust_says_what_the_reader_has_to_compare_of_a_public_value() -> None:
    """The program cannot look a value up, and takes every spelling of the announced length."""
    rows = {row[0]: " ".join(row) for row in numbered_rows(TRUST) if len(row) == 4}
    assert "its name has to say how it is written (order, separators, digits)" in rows["11"]
    assert "with what was published under that name" in rows["11"]
    assert "the reader compares the public value with what was published under its name" in rows["12"]
    assert "one way only" not in rows["11"]


def test_every_row_of_the_page_on_trust_has_what_shows_it_with_and_without_anchors_a_command_and_a_test() -> None:
    rows = numbered_rows(TRUST)
    threats, checks = [row for row in rows if len(row) == 4], [row for row in rows if len(row) == 3]
    assert len(threats) + len(checks) == len(rows)
    assert [row[0] for row in threats] == [row[0] for row in checks] == [str(i + 1) for i in range(len(threats))]
    assert all(all(row) for row in rows)
    assert all(TEST.fullmatch(row[2]) for row in checks)
