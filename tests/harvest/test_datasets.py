"""Data sets by name."""

import pytest

from app.foundation.errors import CorpusError
from tests.harvest.windows_of_text import read_windows


def test_a_data_set_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    with pytest.raises(CorpusError, match=r"install firstglance\[datasets\]"):
        read_windows("datasets:some/name")
