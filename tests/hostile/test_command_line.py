"""Files of any size or coding, and numbers of any size, on the command line: each gets a sentence."""

import os
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.cli.main import cli
from app.foundation.files import LARGEST_SMALL_FILE

COMMANDS = {
    "verify": ("verify", "FILE"),
    "a design": ("round", "create", "FILE"),
    "a key": ("key", "prove", "--key-file", "FILE"),
    "a challenge": ("key", "prove", "--key-file", "KEY", "FILE"),
    "a password": ("admin", "add", "Dag", "--password-file", "FILE"),
    "an export to pool": ("pool", "FILE", "FILE"),
    "an archive": ("archive", "show", "FILE"),
}
"""Commands that read a file of any kind."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files that are what they should be in nothing but their name."""
    folder = tmp_path_factory.mktemp("files")
    contents = {"no text": b"\xff\xfe\0", "nested": b"[" * 100_000, "nothing": b""}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    with (folder / "long").open("wb") as file:
        file.truncate(LARGEST_SMALL_FILE + 1)
    return {name: folder / name for name in [*contents, "long"]} | {"a device": Path(os.devnull)}


def run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["--data", str(folder / "data"), *words])


def assert_refused(result: Result) -> None:
    assert isinstance(result.exception, SystemExit), result.exception  # not an error that nobody expected
    assert result.exit_code in (1, 2), result.output
    assert "Error: " in result.output


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_file_of_another_kind_is_refused(words: tuple[str, ...], files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "key").write_text("AGE-SECRET-KEY-1\n")
    for path in files.values():
        assert_refused(run(tmp_path, *({"FILE": str(path), "KEY": str(tmp_path / "key")}.get(w, w) for w in words)))


def test_a_path_that_no_system_takes_is_refused(tmp_path: Path) -> None:
    assert_refused(run(tmp_path, "model", "list", "a" * 400))
    assert_refused(run(tmp_path, "key", "new", "--to", ""))
    assert_refused(run(tmp_path, "archive", "show", ""))


def test_what_nobody_foresaw_is_one_sentence_and_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_options: str) -> None:
        msg = "\x1b[31m"
        raise ZeroDivisionError(msg)

    monkeypatch.setattr(main, "cli", fail)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(SystemExit) as end:
        main.run()
    assert end.value.code == 70
    (details,) = tmp_path.glob("firstglance-fault-*.txt")
    assert "ZeroDivisionError" in details.read_text()
    said = capsys.readouterr().err
    assert (said.count("\n"), str(details) in said, "Traceback" in said) == (1, True, False)


@pytest.mark.parametrize("option", ["--neurons", "--evaluators", "--strata", "--overlap"])
@pytest.mark.parametrize("number", ["9" * 400, "9" * 5_000, "1000001"], ids=["400 digits", "5000 digits", "a million"])
def test_a_plan_of_very_many_neurons_or_people_is_refused(option: str, number: str, tmp_path: Path) -> None:
    assert_refused(run(tmp_path, "power", option, number, "--evaluators", number))
