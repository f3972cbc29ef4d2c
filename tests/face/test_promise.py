"""What a version made public stays: names, and their arguments by name.

After a release the file of public names is copied under the new version's name, and its older copies stay. A name goes
only with the next major version; before 1.0, after a version in which it warned.
"""

import inspect
import json
from pathlib import Path

import pytest

import firstglance
from tests.face.pages import ROOT

PUBLIC_NAMES = sorted((ROOT / "tests" / "data" / "face").glob("*.json"))


def public_names() -> dict[str, list[str]]:
    """{public name, or Class.member: the names of its parameters} of everything that a class of the face defines."""
    names: dict[str, list[str]] = {}
    for name in firstglance.__all__:
        value = getattr(firstglance, name)
        names[name] = parameters_of(value) if inspect.isfunction(value) else []
        if inspect.isclass(value) and value.__module__.startswith("firstglance"):
            members = vars(value).keys() | inspect.get_annotations(value).keys()
            names |= {
                f"{name}.{member}": parameters_of(getattr(value, member, None))
                for member in members
                if not member.startswith("_")
            }
    return dict(sorted(names.items()))


def parameters_of(value: object) -> list[str]:
    return [name for name in inspect.signature(value).parameters if name != "self"] if inspect.isroutine(value) else []


@pytest.mark.parametrize("path", PUBLIC_NAMES, ids=lambda path: path.stem)
def test_names_and_arguments_of_earlier_versions_are_there(path: Path) -> None:
    recorded: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    present = public_names()
    gone = [
        f"{name}({parameter})" if parameter else name
        for name, parameters in recorded.items()
        for parameter in ["", *parameters]
        if name not in present or (parameter and parameter not in present[name])
    ]
    assert gone == []


def test_the_newest_file_has_every_name_that_is_public_today() -> None:
    newest = json.loads(PUBLIC_NAMES[-1].read_text(encoding="utf-8"))
    assert newest == public_names()
