"""Numbers that are typed after an option have bounds, so that none ends in a traceback or an empty memory."""

from collections.abc import Iterator
from typing import Any

import click
import pytest

from app.cli.main import cli
from app.cli.options import NumberRange
from tests.cli.conftest import Run

NUMBERS = (click.types.IntParamType, click.types.FloatParamType)


def numbers_of(command: click.Command, path: str) -> Iterator[tuple[str, click.ParamType[Any]]]:
    """(the command and the option, its type) of every option and argument that is a number, at any depth."""
    for parameter in command.params:
        if isinstance(parameter.type, NUMBERS):
            yield f"{path} {parameter.opts[-1]}", parameter.type
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from numbers_of(child, f"{path} {name}")


ALL_NUMBERS = dict(numbers_of(cli, "firstglance"))


def test_numbers_of_every_command_are_looked_at() -> None:
    assert {"firstglance retention --days", "firstglance round keys remove number"} <= ALL_NUMBERS.keys()
    assert len(ALL_NUMBERS) > 30


@pytest.mark.parametrize("name", ALL_NUMBERS)
def test_every_number_has_a_smallest_and_a_largest_value(name: str) -> None:
    kind = ALL_NUMBERS[name]
    assert isinstance(kind, click.IntRange | NumberRange), name
    assert kind.min is not None
    assert kind.max is not None
    for text in ("nan", "inf", "-inf", "1e400", "9" * 5_000, str(10**30), str(-(10**30))):
        with pytest.raises(click.BadParameter):
            kind(text)


def test_days_without_end_are_refused(run: Run) -> None:
    result = run("retention", "--days", "99999999999")
    assert result.exit_code == 2
    assert "is not in the range 1<=x<=36500" in result.output
    assert run("retention", "--days", "36500").exit_code == 0
