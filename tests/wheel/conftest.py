"""The wheel as `pip wheel` builds it, once a run."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import skip_or_fail_without

ROOT = Path(__file__).resolve().parents[2]


def run_quietly(*words: str | Path, cwd: Path, **environment: str) -> str:
    """Run a program in a folder, with these variables of the environment alone, and return what it printed."""
    variables = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "TMPDIR": str(cwd)} | environment
    finished = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=variables, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built of this checkout with the hatchling that is installed."""
    if find_spec("hatchling") is None:
        skip_or_fail_without("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check")
    run_quietly(sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", folder, ROOT, cwd=folder)
    return next(folder.glob("firstglance-*.whl"))
