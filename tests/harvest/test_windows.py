"""Documents cut into windows that overlap."""

from pathlib import Path

import pytest

from tests.harvest.windows_of_text import read_windows, texts_of_windows


def test_windows_overlap_by_context_and_cover_each_token_once(tmp_path: Path) -> None:
    text = "".join(chr(97 + number % 26) for number in range(1000))
    (tmp_path / "long.txt").write_text(text)
    windows = read_windows(tmp_path / "long.txt")
    assert [window.context_length for window in windows] == [0] + [10] * (len(windows) - 1)
    scored = [part[window.context_length :] for part, window in zip(texts_of_windows(windows), windows, strict=True)]
    assert "".join(scored) == text
    offsets = [int(window.label.rpartition(":")[2]) for window in windows]
    assert texts_of_windows(windows) == [text[offset : offset + 100] for offset in offsets]


@pytest.mark.parametrize("length", [1, 9, 10, 11, 89, 99, 100, 101, 190, 191])
def test_no_window_is_only_context(tmp_path: Path, length: int) -> None:
    (tmp_path / "some.txt").write_text("x" * length)
    windows = read_windows(tmp_path / "some.txt")
    assert sum(len(window.token_ids) - window.context_length for window in windows) == length
    assert all(len(window.token_ids) > window.context_length for window in windows)
