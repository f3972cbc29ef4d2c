"""Which files a path, a pattern or `stdlib` means."""

import sysconfig
from pathlib import Path

import pytest

from app.foundation.errors import CorpusError
from app.harvest.text.corpus import Corpus
from tests.harvest.windows_of_text import read_windows, texts_of_windows


def test_a_pattern_means_its_files(tmp_path: Path) -> None:
    for name in ("x/one.txt", "x/two.md", "y/three.txt", "y/four.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    assert sorted(texts_of_windows(read_windows(tmp_path / "**" / "*.txt"))) == ["x/one.txt", "y/three.txt"]
    assert sorted(texts_of_windows(read_windows(tmp_path / "x" / "*"))) == ["x/one.txt", "x/two.md"]
    with pytest.raises(CorpusError, match="holds no text"):
        read_windows(tmp_path / "*.csv")


def test_a_name_that_is_too_long_for_a_file_is_refused() -> None:
    with pytest.raises(CorpusError, match=r"File name too long.*; name a file"):
        read_windows("x" * 300)


def test_stdlib_means_the_standard_library_without_its_tests() -> None:
    windows = Corpus("stdlib", 0).windows(lambda texts: [[1] for _ in texts], 100, 10)
    names = {window.label.rpartition(":")[0] for window in windows}
    assert {"argparse.py", "json/decoder.py"} <= names
    assert not [name for name in names if {"test", "tests", "idle_test", "site-packages"} & set(name.split("/"))]
    assert len(names) < len(list(Path(sysconfig.get_path("stdlib")).rglob("*.py")))
