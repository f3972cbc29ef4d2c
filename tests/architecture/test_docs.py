"""The documents for developers say what is there: every path exists, every room and every contract is told."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md", "docs/statistics.md")
PATH = re.compile(r"`((?:app|bench|demo|docs|migrations|static|templates|tests)/[A-Za-z0-9_./]*)`")


def missing_paths(text: str) -> list[str]:
    """The paths that a text names in code font and that the repository lacks."""
    return [path for path in PATH.findall(text) if not (ROOT / path).exists()]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_that_a_document_names_exists(name: str) -> None:
    assert missing_paths((ROOT / name).read_text(encoding="utf-8")) == []


def test_a_path_that_is_not_there_is_reported() -> None:
    assert missing_paths("see `app/rounds` and `app/nowhere.py`") == ["app/nowhere.py"]


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
