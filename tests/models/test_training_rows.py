"""Training rows: the text in them, their order, and text that is too short."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from app.foundation.errors import CorpusError
from app.models.training_rows import prepare_training_rows
from tests.models.conftest import write_text


def test_rows_begin_with_bos_hold_the_text_and_are_held_out_by_document(text: Path, tmp_path: Path) -> None:
    rows, tokenizer = prepare_training_rows(text, tmp_path, 16, 300, seed=0)
    assert (rows.training_tokens[:, 0] == 0).all()
    assert (rows.validation_tokens[:, 0] == 0).all()
    joined = b"".join(tokenizer.pieces[index] for index in rows.validation_tokens[:, 1:].flatten())
    held_out = [path.read_bytes() for path in text.iterdir()]
    assert sum(document in joined for document in held_out) == 1
    trained_on = b"".join(tokenizer.pieces[index] for index in rows.training_tokens[:, 1:].flatten())
    assert not any(document in joined and document in trained_on for document in held_out)


def test_every_row_is_used_once_before_any_is_used_again(text: Path, tmp_path: Path) -> None:
    rows, _ = prepare_training_rows(text, tmp_path, 16, 300, seed=0)
    order, size = rows.row_order(seed=4), 4
    steps = len(order) // size
    used = np.concatenate([order[np.arange(step * size, (step + 1) * size)] for step in range(steps)])
    assert len(set(used.tolist())) == len(used)
    assert np.array_equal(rows.batch(order, 0, size), rows.training_tokens[order[:size]])
    assert np.array_equal(rows.batch(np.arange(6), 1, size), rows.training_tokens[[4, 5, 0, 1]])
    assert rows.order_sha256(order, steps, size) != rows.order_sha256(rows.row_order(seed=5), steps, size)


def test_the_digest_of_the_order_is_of_every_row_that_is_used_as_often_as_it_is(text: Path, tmp_path: Path) -> None:
    rows, _ = prepare_training_rows(text, tmp_path, 16, 300, seed=0)
    order, tokens = rows.row_order(seed=4), rows.training_tokens.astype("<u2").tobytes()
    for count in (1, len(order) - 1, len(order), 3 * len(order) + 2):
        used = np.resize(order, count).astype("<i8").tobytes()
        assert rows.order_sha256(order, count, 1) == hashlib.sha256(used + tokens).hexdigest()


@pytest.mark.parametrize(
    ("files", "words", "vocabulary", "message"),
    [
        (0, 0, 300, "holds no text"),
        (1, 200, 300, "at least two documents"),
        (2, 3, 300, "too short for one row of 16 tokens"),
        (2, 200, 70_000, "use at most 65536"),
    ],
)
def test_too_little_text_is_refused_with_the_reason(
    files: int, words: int, vocabulary: int, message: str, tmp_path: Path
) -> None:
    source = write_text(tmp_path / "text", files, words)
    with pytest.raises(CorpusError, match=message):
        prepare_training_rows(source, tmp_path / "work", 16, vocabulary, seed=0)
