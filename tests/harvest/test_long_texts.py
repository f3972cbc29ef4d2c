"""Long texts are tokenised in parts, to the same tokens."""

from itertools import pairwise

import pytest

from app.harvest.text import long_texts
from app.harvest.text.long_texts import LONGEST_PART, split_text
from app.models.model_folder import LoadedModel


@pytest.fixture
def _short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of 20,000 characters, so that a long text need not be very long."""
    monkeypatch.setattr(long_texts, "LONGEST_PART", 20_000)


@pytest.mark.usefixtures("_short_parts")
def test_a_long_document_is_tokenised_in_parts_cut_before_white_space(model: LoadedModel) -> None:
    text = "def f(x):\n    return x\n\n\n" * 2500
    parts = list(split_text([text]))
    assert "".join(parts) == text
    assert len(parts) > 3
    assert all(len(part) <= 20_000 for part in parts)
    joined = [token for part in parts for token in model.tokenizer.encode(part)]
    assert joined == model.tokenizer.encode(text)


@pytest.mark.usefixtures("_short_parts")
def test_a_long_line_is_cut_before_a_space(model: LoadedModel) -> None:
    text = "words\tand spaces " * 4000
    parts = list(split_text([text]))
    assert "".join(parts) == text
    assert all(part[-1].isalpha() and following[0].isspace() for part, following in pairwise(parts))
    joined = [token for part in parts for token in model.tokenizer.encode(part)]
    assert joined == model.tokenizer.encode(text)


@pytest.mark.parametrize("size", [1, 999, LONGEST_PART, 3 * LONGEST_PART])
def test_parts_are_the_same_whatever_chunks_the_text_comes_in(size: int) -> None:
    full_text = "".join(f"line {number} of é 漢字\n" for number in range(30_000))
    text = full_text[: 40_000 if size == 1 else None]
    chunks = (text[begin : begin + size] for begin in range(0, len(text), size))
    assert list(split_text(chunks)) == list(split_text([text]))


@pytest.mark.parametrize("letter", ["x", "\n", " ", "😀"])
def test_a_document_without_a_good_cut_is_cut_anyway(letter: str) -> None:
    text = letter * (3 * LONGEST_PART + 5)
    parts = list(split_text([text]))
    assert "".join(parts) == text
    assert len(parts) <= 8
