"""What a command prints is shown by the terminal and not obeyed, and no text looks like a line of ours."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app.cli.main import cli
from app.cli.printing import print_facts, print_json, print_table, print_text
from tests.conftest import without_figures
from tests.hostile.texts import TEXTS, commanding_characters


@click.command()
def print_everything() -> None:
    print_table(["text", "n"], [[text, 1] for text in TEXTS])
    print_facts(dict(zip("abcdefghijklmno", TEXTS, strict=True)))
    print_text("naïve 字 👩\u200d🔬 \N{NO-BREAK SPACE}%", nl=False)


@click.command()
def print_as_json() -> None:
    print_json({text: text for text in TEXTS})


def test_tables_and_facts_have_a_line_for_each_text() -> None:
    lines = CliRunner().invoke(print_everything).output.split("\n")
    assert len(lines) == 1 + 2 * len(TEXTS) + 1
    assert not commanding_characters("".join(lines[:-1]))
    assert lines[-1] == "naïve 字 👩\u200d🔬 \N{NO-BREAK SPACE}%"


def test_json_says_the_same_by_escapes() -> None:
    output = CliRunner().invoke(print_as_json).output
    assert not commanding_characters(output)
    assert json.loads(output) == {text: text for text in TEXTS}


@pytest.mark.parametrize(
    "arguments",
    [
        ["\x1b[31m"],
        ["--\x1b[31m"],
        ["report", "--\x1b[31m"],
        ["power", "--neurons", "\x1b]0;owned\x07"],
        ["archive", "show", "\x1b[31m\u202e"],
        ["round", "\x9b31m"],
        ["verify", "\x1b[31m.zip"],
    ],
    ids=repr,
)
def test_a_mistake_is_answered_without_obeying_it(arguments: list[str], tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["--data", str(tmp_path), *arguments])
    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)
    assert not commanding_characters(result.output)


@pytest.mark.parametrize("arguments", [["verify"], ["verify", "--json"]], ids=" ".join)
def test_verifying_a_hostile_export_prints_nothing_that_commands_a_terminal(
    arguments: list[str], hostile_export: Path
) -> None:
    with without_figures():
        result = CliRunner().invoke(cli, [*arguments, str(hostile_export)])
    assert result.exit_code == 3, result.output  # it agrees with itself
    assert not commanding_characters(result.output)
