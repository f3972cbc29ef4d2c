"""A package called `app` that is not ours is named in a sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


OTHERS = (
    ("app.py",),
    ("app/__init__.py",),
    ("app/__init__.py", "app/foundation/__init__.py", "app/foundation/paths.py"),
)
"""The files of packages that are not ours, the last one with our modules' names."""


@pytest.mark.parametrize("files", OTHERS)
def test_another_package_called_app_that_hides_ours_is_named(files: tuple[str, ...], tmp_path: Path) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("from pathlib import Path\nPACKAGE = Path('/elsewhere/app')\n", encoding="utf-8")
    code = f"import sys; sys.path.append({str(ROOT)!r}); import firstglance"
    failed = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    sentence = failed.stderr.splitlines()[-1]
    assert failed.returncode == 1
    assert sentence.startswith(f"ImportError: {tmp_path / files[0]} is called app, too")
    assert "Run Python from another folder, or install First Glance's wheel" in sentence
