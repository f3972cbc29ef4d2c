"""The wheel has all that is needed, under one name, and gives command, face and server without the repository."""

import ast
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from zipfile import ZipFile

import pytest

from app import __version__
from tests.wheel.conftest import ROOT, run_quietly

SHIPPED = {
    "app": "firstglance/app",
    "firstglance": "firstglance",
    **{name: f"firstglance/app/_shipped/{name}" for name in ("templates", "static", "migrations", "demo")},
}
"""{folder of the repository: where it is in the wheel}"""


@pytest.fixture(scope="module")
def files(wheel: Path) -> dict[str, bytes]:
    """{name: content} of the wheel's files."""
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_has_every_file_of_the_program_and_no_other(files: dict[str, bytes]) -> None:
    committed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *SHIPPED],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    expected = {
        name.replace(name.split("/")[0], SHIPPED[name.split("/")[0]], 1) for name in committed if (ROOT / name).exists()
    }
    assert {name for name in files if ".dist-info/" not in name} == expected


def imported_packages(source: bytes) -> Iterator[str]:
    """The first part of the name of every module that a file imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)


def test_the_wheel_installs_one_package_and_imports_none_that_is_called_app(files: dict[str, bytes]) -> None:
    assert {name.split("/")[0] for name in files} == {"firstglance", f"firstglance-{__version__}.dist-info"}
    sources = {name: content for name, content in files.items() if name.endswith(".py")}
    assert [name for name, content in sources.items() if "app" in imported_packages(content)] == []


def test_the_wheel_names_its_command_and_says_that_it_has_types(files: dict[str, bytes]) -> None:
    entries = ConfigParser()
    entries.read_string(files[f"firstglance-{__version__}.dist-info/entry_points.txt"].decode())
    assert dict(entries["console_scripts"]) == {"firstglance": "firstglance.__main__:run"}
    assert "firstglance/py.typed" in files


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that has the wheel, borrows its dependencies, and has no checkout.

    A line of a .pth file leads to these tests' packages; .pth files there, such as the checkout's, are not read.
    """
    folder = tmp_path_factory.mktemp("environment")
    run_quietly(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder / "venv")}))
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    options = ("--no-deps", "--no-index", "--no-compile", "--quiet", "--disable-pip-version-check")
    python = folder / "venv" / "bin" / "python"
    run_quietly(python, "-m", "pip", "install", "--ignore-installed", *options, wheel, cwd=folder)
    return python.parent


def test_the_installed_wheel_gives_the_command_without_a_package_called_app(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("raise SystemExit('an app of somebody else')", encoding="utf-8")
    assert run_quietly(environment / "firstglance", "--version", cwd=tmp_path).split()[-1] == __version__
    module = "import firstglance; print(firstglance.__file__)"
    assert run_quietly(environment / "python", "-c", module, cwd=tmp_path).startswith(str(environment.parent))
