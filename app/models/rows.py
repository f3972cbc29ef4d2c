"""Text to training rows: the same rows in the same order for every arm.

Documents are tokenised one by one, joined with an end token between them, and cut into rows of n_ctx + 1
tokens that begin with BOS, so position 0 is BOS in training as it is in a harvest. A fixed permutation,
drawn from the seed, is the data order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.foundation.digest import sha256
from app.foundation.documents import Document, digest_of, read_documents, shuffled, text_files
from app.foundation.errors import CorpusError
from app.models.tokenizer import Tokenizer, train_tokenizer

HELD_OUT = 50  # one document in this many is kept for validation
TOKENIZER_SAMPLE = 2_000  # documents the tokenizer is fitted to
BATCH_OF_TEXTS = 256


@dataclass(frozen=True)
class Rows:
    """Token rows [row, n_ctx + 1] for training and validation, with the digest of the text they came from."""

    training: npt.NDArray[np.uint16]
    validation: npt.NDArray[np.uint16]
    corpus_sha256: str

    def order(self, seed: int) -> npt.NDArray[np.int64]:
        """Row numbers in the order every arm sees them, epoch after epoch without end in sight."""
        return np.random.default_rng(seed).permutation(len(self.training))

    def batch(self, order: npt.NDArray[np.int64], step: int, size: int) -> npt.NDArray[np.uint16]:
        """The rows of one step, [size, n_ctx + 1]; the order starts again when it is used up."""
        places = np.arange(step * size, (step + 1) * size) % len(order)
        return self.training[order[places]]

    def order_sha256(self, order: npt.NDArray[np.int64], steps: int, size: int) -> str:
        """Digest of the row numbers of a whole training run and of the rows themselves."""
        used = order[np.arange(steps * size) % len(order)]
        return sha256(used.astype("<i8").tobytes() + self.training.astype("<u2").tobytes())


def prepare(source: Path, folder: Path, n_ctx: int, d_vocab: int, seed: int) -> tuple[Rows, Tokenizer]:
    """Rows and tokenizer for a folder of text, kept in `folder` and read again from there on resume."""
    tokenizer_path, rows_path = folder / "tokenizer.json", folder / "rows.npz"
    documents = list(read_documents(shuffled(text_files(source), seed), source))
    digest = digest_of(documents)
    if not tokenizer_path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        train_tokenizer((one.text for one in documents[:TOKENIZER_SAMPLE]), d_vocab, tokenizer_path)
    tokenizer = Tokenizer.load(tokenizer_path)
    if not rows_path.is_file():
        training = _rows(_training(documents), tokenizer, n_ctx)
        validation = _rows(documents[::HELD_OUT], tokenizer, n_ctx)
        np.savez(rows_path, training=training, validation=validation, digest=np.array(digest))
    with np.load(rows_path) as kept:
        if str(kept["digest"]) != digest:
            msg = f"{source} is not the text that {folder} was begun with; train into an empty folder"
            raise CorpusError(msg)
        return Rows(kept["training"], kept["validation"], digest), tokenizer


def _training(documents: list[Document]) -> list[Document]:
    return [one for index, one in enumerate(documents) if index % HELD_OUT]


def _rows(documents: list[Document], tokenizer: Tokenizer, n_ctx: int) -> npt.NDArray[np.uint16]:
    end, bos = tokenizer.token_id("<|end|>"), tokenizer.token_id("<|bos|>")
    parts = [np.array([*ids, end], dtype=np.uint16) for ids in _ids(documents, tokenizer)]
    stream = np.concatenate(parts) if parts else np.zeros(0, np.uint16)
    count = len(stream) // n_ctx
    if count == 0:
        msg = f"the text is too short for one row of {n_ctx} tokens; give more text"
        raise CorpusError(msg)
    rows = stream[: count * n_ctx].reshape(count, n_ctx)
    return np.concatenate([np.full((count, 1), bos, np.uint16), rows], axis=1)


def _ids(documents: list[Document], tokenizer: Tokenizer) -> Iterator[list[int]]:
    texts = iter(one.text for one in documents)
    while batch := list(islice(texts, BATCH_OF_TEXTS)):
        yield from tokenizer.encode_many(batch)
