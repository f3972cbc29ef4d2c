"""What a harvest from Python is told, and refuses: nothing that was mistyped is read as something else."""

from pathlib import Path
from typing import Any

import pytest

import firstglance as fg
from app.foundation.errors import SettingsError

MODEL = "1L-gelu"


@pytest.mark.parametrize(
    ("option", "value", "choices"),
    [
        ("control", "foo", "directions, random-model"),
        ("control", "Directions", "directions, random-model"),
        ("control", "", "directions, random-model"),
        ("control", True, "directions, random-model"),
        ("gelu", "exakt", "tanh, exact"),
        ("gelu", None, "tanh, exact"),
        ("device", "gpu", "cpu, cuda, auto"),
        ("dtype", ["float32"], "float32, bfloat16"),
    ],
)
def test_a_value_that_is_no_choice_of_an_option_is_refused_with_the_choices(
    option: str, value: object, choices: str, tmp_path: Path
) -> None:
    options: dict[str, Any] = {option: value, "tokens": 64, "quiet": True}
    with pytest.raises(SettingsError, match=rf"{option} is .*; give one of {choices}"):
        fg.harvest(MODEL, out=tmp_path / "archive", **options)
    with pytest.raises(SettingsError, match=rf"{option} is .*; give one of {choices}"):
        fg.harvest_pair({"a": MODEL, "b": MODEL}, out=tmp_path / "archives", **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"hook": ""}, "--hook is empty; name a module"),
        ({"name": 3}, "name is 3; give a text"),
        ({"top": 10**9}, "k is 1000000000; keep at most 10000 top snippets"),
    ],
)
def test_what_would_fail_at_the_end_of_a_harvest_is_refused_at_its_beginning(
    options: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match=sentence):
        fg.harvest(MODEL, out=tmp_path / "archive", tokens=64, quiet=True, **options)
    assert not list(tmp_path.iterdir())


def test_pieces_that_are_no_bytes_are_refused(tmp_path: Path) -> None:
    pieces: Any = ["a", "b"]
    with pytest.raises(SettingsError, match="pieces are the bytes of each token id"):
        fg.harvest_rows(lambda ids: ids, [[0, 1]], pieces=pieces, name="own", out=tmp_path / "archive")
