import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.archive.archive import Archive
from app.cli.main import cli
from tests.conftest import PASSWORD
from tests.rounds.small_archives import make_archive

TEXT = Path(__file__).parents[2] / "app" / "harvest"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the command in a data folder of its own; an error that does not end as a sentence fails the test."""

    def invoke(*arguments: object, typed: str = "") -> Result:
        words = ["--data", str(tmp_path / "data"), *map(str, arguments)]
        result = CliRunner().invoke(cli, words, input=typed, prog_name="firstglance")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.output
        return result

    return invoke


@pytest.fixture(scope="session")
def data_folder_with_admin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which Dag is an admin; tests work on a copy of it."""
    folder = tmp_path_factory.mktemp("data")
    words = ["--data", str(folder), "admin", "add", "Dag", "--password-file", "-"]
    assert CliRunner().invoke(cli, words, input=f"{PASSWORD}\n").exit_code == 0
    return folder


@pytest.fixture
def dag(data_folder_with_admin: Path, tmp_path: Path) -> str:
    """The only admin."""
    shutil.copytree(data_folder_with_admin, tmp_path / "data")
    return "Dag"


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Archive, Archive]:
    """Two archives made by hand."""
    folder = tmp_path_factory.mktemp("archives")
    return make_archive(folder / "plum", seed=1), make_archive(folder / "fig", seed=2)


@pytest.fixture
def arms(archives: tuple[Archive, Archive]) -> tuple[str, ...]:
    """The options that name two arms."""
    plum, fig = archives
    return "--arm", f"axolotl={plum.path}", "--arm", f"quokka={fig.path}@1L/0"


@pytest.fixture
def draft(run: Run, dag: str, arms: tuple[str, ...]) -> str:
    """The id of a draft, of which Dag is the admin."""
    assert dag
    result = run("round", "create", "--title", "Spring reading", "--preset", "quick", "--neurons", 3, *arms)
    return result.output.strip()


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny pair, trained by the command for a few steps on some of this project's own code."""
    out = tmp_path_factory.mktemp("trained")
    sizes = ["--d-model", "32", "--vocabulary", "400", "--context", "144", "--steps", "4", "--float32"]
    result = CliRunner().invoke(cli, ["train", str(TEXT), "--out", str(out), *sizes])
    assert result.exit_code == 0, result.output
    (out / "1L-gelu").symlink_to(out / "gelu")
    (out / "1L-solu_ln").symlink_to(out / "solu_ln")
    return out
