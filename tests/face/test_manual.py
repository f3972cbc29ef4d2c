"""The manual of the face names everything that is public, and its examples run."""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import firstglance
from app.archive.archive import Archive
from tests.conftest import without_figures
from tests.face.pages import ROOT, blocks_of, run_blocks

MANUAL = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
OBJECTS = {name: getattr(firstglance, name) for name in firstglance.__all__}
CLASSES = {name: value for name, value in OBJECTS.items() if inspect.isclass(value)}
FROM_THE_PROGRAM = {"Cell", "Design", "FirstGlanceError"}
"""Classes of which the manual names what is public; what their fields mean stands in the file of a design."""
GIVEN_BY = {"InvitedEvaluator": "invite", "Result": "result", "RoundProgress": "progress", "SealedRound": "seal",
            "Server": "serve", "Verification": "verify"}  # fmt: skip
"""{class of which nobody makes an object: the function that gives one}"""


def members_of(name: str) -> set[str]:
    """What a class of the face has, without what begins with an underscore."""
    own = vars(CLASSES[name]).keys() | inspect.get_annotations(CLASSES[name]).keys()
    return {member for member in own if not member.startswith("_")}


MEMBERS = sorted(f"{name}.{member}" for name in CLASSES.keys() - FROM_THE_PROGRAM for member in members_of(name))


@pytest.mark.parametrize("name", firstglance.__all__)
def test_every_public_name_is_in_the_manual_with_an_example(name: str) -> None:
    trees = [ast.parse(block) for block in blocks_of("python.md")]
    used = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert f"`{name}`" in MANUAL
    assert GIVEN_BY.get(name, name) in used


@pytest.mark.parametrize("member", MEMBERS)
def test_every_public_member_of_a_class_is_in_the_manual(member: str) -> None:
    assert f"`{member}`" in MANUAL


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`([A-Z]\w+\.\w+)`", MANUAL))))
def test_every_member_that_the_manual_names_is_there(named: str) -> None:
    class_name, _, member = named.partition(".")
    assert member in members_of(class_name) or hasattr(CLASSES[class_name], member)


def test_the_manual_installs_the_wheel_of_this_version() -> None:
    assert f"firstglance-{firstglance.__version__}-py3-none-any.whl" in MANUAL


def functions() -> Iterator[tuple[str, Callable[..., object]]]:
    """(name, function) of every public function, and of the methods and properties of the face's own classes."""
    for name, value in OBJECTS.items():
        if inspect.isfunction(value):
            yield name, value
        if name in CLASSES and value.__module__.startswith("firstglance"):
            for member in members_of(name):
                function = vars(value).get(member)
                function = getattr(function, "fget", None) or getattr(function, "__func__", function)
                if inspect.isfunction(function):
                    yield f"{name}.{member}", function


FUNCTIONS = dict(sorted(functions()))


@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES])
def test_every_public_name_has_a_docstring_of_sentences(name: str) -> None:
    docstring = inspect.getdoc(FUNCTIONS.get(name) or CLASSES[name])
    assert docstring
    assert docstring[0].isupper()
    assert docstring.endswith(".")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_has_full_type_hints(name: str) -> None:
    signature = inspect.signature(FUNCTIONS[name])
    parameters = [value for value in signature.parameters.values() if value.name not in {"self", "cls"}]
    assert [value.name for value in parameters if value.annotation is inspect.Parameter.empty] == []
    assert signature.return_annotation is not inspect.Signature.empty


@pytest.mark.usefixtures("migrated_data")
def test_the_examples_of_the_manual_run_on_archives_that_are_there(small_pair: dict[str, Archive]) -> None:
    with without_figures():
        run_blocks(blocks_of("python.md", leave_out="harvest"), dict(small_pair))


@pytest.mark.slow
def test_every_example_of_the_manual_runs(notebook_folder: Path) -> None:
    run_blocks(blocks_of("python.md"), {"folder": notebook_folder})
