"""Names say what a value is, a class has one meaning, and shared data has a type to the end."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.names import (
    LARGEST_SHARE,
    aliases_of_two_modules,
    classes_defined_twice,
    names_of_many_types,
    open_types,
    read_sources,
    share_of_empty_words,
)

ROOT = Path(__file__).resolve().parents[2]
SOURCES = read_sources(ROOT)
TYPED_ROOMS = ("evidence", "judging", "report", "rounds", "statistics", "unblinding")
CLOSED_ROOMS = (*TYPED_ROOMS, "archive", "models", "robots", "services")


def test_at_most_5_of_1000_names_say_nothing() -> None:
    assert share_of_empty_words(SOURCES) <= LARGEST_SHARE


def test_no_name_is_annotated_with_more_than_three_types() -> None:
    inside = {path: tree for path, tree in SOURCES.items() if not path.startswith("firstglance/")}
    assert names_of_many_types(inside) == {}


def test_the_face_which_takes_what_people_type_has_no_name_of_more_than_three_types() -> None:
    assert names_of_many_types(read_sources(ROOT, ["firstglance"])) == {}


def test_no_class_name_is_defined_twice() -> None:
    assert classes_defined_twice(SOURCES) == {}


def test_no_alias_names_two_modules() -> None:
    assert aliases_of_two_modules(SOURCES) == {}


@pytest.mark.parametrize("room", CLOSED_ROOMS)
def test_no_type_is_left_open(room: str) -> None:
    assert open_types({path: tree for path, tree in SOURCES.items() if path.startswith(f"app/{room}/")}) == []


def test_no_type_of_the_face_is_left_open() -> None:
    assert open_types(read_sources(ROOT, ["firstglance"])) == []


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the type checker prints of a copy of the typed rooms, each with one value of any type."""
    folder = tmp_path_factory.mktemp("planted")
    for room in TYPED_ROOMS:
        (folder / "app" / room).mkdir(parents=True)
        (folder / "app" / room / "planted.py").write_text(
            "from typing import Any\n\nvalue: Any = 1\n", encoding="utf-8"
        )
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "app"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("room", TYPED_ROOMS)
def test_the_type_checker_refuses_any_in_a_typed_room(room: str, refused: str) -> None:
    assert f'app/{room}/planted.py:3: error: Explicit "Any" is not allowed' in refused


def sources_of(*files: str) -> dict[str, ast.Module]:
    """Sources with one file for each text: app/a.py, app/b.py, ..."""
    return {f"app/{name}.py": ast.parse(text) for name, text in zip("abcdef", files, strict=False)}


@pytest.mark.parametrize(
    "offence",
    [
        "for one in judgments:\n    pass",
        "found = 1",
        "def read(given: int) -> None: ...",
        "both = [it for it in items]",
        "def found() -> None: ...",
        "class Held: ...",
        "self.given = 1",
        "_one, (rest, *others) = items",
        "import numpy as kept",
        "with path.open() as it: ...",
        "try: ...\nexcept OSError as made: ...",
        "match items:\n    case [whole, *rest]: ...\n    case {**seen}: ...\n    case int() as known: ...",
        "while (more := read()): ...",
        "lambda said: 1",
    ],
)
def test_a_name_that_says_nothing_is_counted(offence: str) -> None:
    assert share_of_empty_words(sources_of(offence)) > LARGEST_SHARE


def test_a_name_of_four_types_is_reported() -> None:
    functions = [f"def read(value: {kind}) -> None: ..." for kind in ("int", "str", "float | None", "list[int]")]
    assert names_of_many_types(sources_of(*functions[:3])) == {}
    assert list(names_of_many_types(sources_of(*functions))) == ["value"]


def test_an_optional_type_and_another_kind_of_sequence_count_as_one() -> None:
    kinds = (
        "list[int]",
        "tuple[int, ...] | None",
        "Sequence[int]",
        "Annotated[set[int], Form()]",
        "Optional[list[int]]",
    )
    assert names_of_many_types(sources_of(*(f"value: {kind}" for kind in kinds))) == {}


def test_a_class_defined_in_two_files_is_reported() -> None:
    assert list(classes_defined_twice(sources_of("class Plan: ...", "class Plan: ..."))) == ["Plan"]


def test_an_alias_of_two_modules_is_reported() -> None:
    offence = sources_of("from app import c as store", "from app import d as store", "", "")
    assert aliases_of_two_modules(offence) == {"store": ["app.c", "app.d"]}


@pytest.mark.parametrize(
    "offence",
    [
        "value: dict[str, object]",
        "value: Mapping[str, object]",
        "value: list[dict[str, object]]",
        "value: 'dict[str, object]'",
        "value: list['dict[str, object]']",
        "value: dict[Key, list[object]]",
        "value: OrderedDict[str, object] | None = None",
        "Fields = dict[str, object]",
        "Fields = NewType('Fields', dict[str, object])",
        "def read(fields: tuple[object, ...]) -> None: ...",
        "def read() -> dict[str, object]: ...",
        "def read(**fields: object) -> None: ...",
        "class Fields(TypedDict, total=False):\n    arm: object",
        "class Fields(dict[str, object]): ...",
        "Estimate(**vars(estimate))",
        "Estimate(**asdict(estimate), arm='a')",
        "Estimate(**estimate.__dict__)",
    ],
)
def test_a_type_that_is_left_open_is_reported(offence: str) -> None:
    assert open_types(sources_of(offence)) != []


def test_what_is_about_to_be_validated_may_be_any_object() -> None:
    assert open_types(sources_of("def read(fields: object) -> Design: ...", "Estimate(**fields)")) == []
