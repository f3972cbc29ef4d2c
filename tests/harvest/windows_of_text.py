"""Windows of texts whose tokens are their characters."""

from collections.abc import Iterable
from pathlib import Path

from app.harvest.text.corpus import Corpus
from app.harvest.text.windows import Window


def code_points(texts: list[str]) -> list[list[int]]:
    """Every character of each text as a token id."""
    return [[ord(character) for character in text] for text in texts]


def read_windows(spec: Path | str, seed: int = 0) -> list[Window]:
    """The windows of a corpus: 100 characters each, of which 10 are context."""
    return list(Corpus(str(spec), seed).windows(code_points, 100, 10))


def texts_of_windows(windows: Iterable[Window]) -> list[str]:
    """The text of each window."""
    return ["".join(map(chr, window.token_ids)) for window in windows]
