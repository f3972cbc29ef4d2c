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
from app.foundation.documents import Document, read_documents, sha256_of_documents, shuffled_paths, text_files
from app.foundation.errors import CorpusError
from app.foundation.files import write_atomically
from app.models.tokenizer import BOS_TOKEN, END_TOKEN, Tokenizer, train_tokenizer

HELD_OUT = 50  # one document in this many is kept for validation
TOKENIZER_SAMPLE = 2_000  # documents the tokenizer is fitted to
BATCH_OF_TEXTS = 256
LARGEST_VOCABULARY = 1 << 16  # token ids are kept in 16 bits


@dataclass(frozen=True)
class TrainingRows:
    """Token rows [row, n_ctx + 1] for training and validation, with the digest of the text they came from."""

    training: npt.NDArray[np.uint16]
    validation: npt.NDArray[np.uint16]
    corpus_sha256: str

    def order(self, seed: int) -> npt.NDArray[np.int64]:
        """Row numbers [row] in the order every arm sees them; a longer run starts over with the first."""
        return np.random.default_rng(seed).permutation(len(self.training))

    def batch(self, order: npt.NDArray[np.int64], step: int, size: int) -> npt.NDArray[np.uint16]:
        """The rows of one step, [size, n_ctx + 1]; the order starts again when it is used up."""
        places = np.arange(step * size, (step + 1) * size) % len(order)
        return self.training[order[places]]

    def order_sha256(self, order: npt.NDArray[np.int64], steps: int, size: int) -> str:
        """Digest of the row numbers of a whole training run and of the rows themselves."""
        used = order[np.arange(steps * size) % len(order)]
        return sha256(used.astype("<i8").tobytes() + self.training.astype("<u2").tobytes())


def prepare_training_rows(
    source: Path, folder: Path, n_ctx: int, d_vocab: int, seed: int
) -> tuple[TrainingRows, Tokenizer]:
    """TrainingRows and tokenizer for a folder of text, kept in `folder` and read again from there on resume.

    Raises CorpusError if there is too little text, or if `folder` was begun with another.
    """
    if d_vocab > LARGEST_VOCABULARY:
        msg = f"a vocabulary of {d_vocab} tokens is more than rows can hold; use at most {LARGEST_VOCABULARY}"
        raise CorpusError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    documents = list(read_documents(shuffled_paths(text_files(source), seed), source))
    digest = sha256_of_documents(documents)
    tokenizer = _tokenizer(documents, folder / "tokenizer.json", d_vocab)
    path = folder / "rows.npz"
    if not path.is_file():
        training = _rows(_training(documents), tokenizer, n_ctx)
        validation = _rows(documents[::HELD_OUT], tokenizer, n_ctx)
        write_atomically(path, lambda fresh: _save(fresh, training, validation, digest))
    with np.load(path) as kept:
        if str(kept["digest"]) != digest:
            msg = f"{source} is not the text that {folder} was begun with; train into an empty folder"
            raise CorpusError(msg)
        return TrainingRows(kept["training"], kept["validation"], digest), tokenizer


def _tokenizer(documents: list[Document], path: Path, d_vocab: int) -> Tokenizer:
    if not path.is_file():
        sample = [one.text for one in documents[:TOKENIZER_SAMPLE]]
        write_atomically(path, lambda fresh: train_tokenizer(sample, d_vocab, fresh))
    return Tokenizer.load(path)


def _save(path: Path, training: npt.NDArray[np.uint16], validation: npt.NDArray[np.uint16], digest: str) -> None:
    with path.open("wb") as file:  # given a name, numpy would add a suffix to it
        np.savez(file, training=training, validation=validation, digest=np.array(digest))


def _training(documents: list[Document]) -> list[Document]:
    """All documents but the held-out ones. Raises CorpusError if that leaves none."""
    kept = [one for index, one in enumerate(documents) if index % HELD_OUT]
    if not kept:
        msg = "training needs at least two documents, since one in fifty is held out; split the text or give more"
        raise CorpusError(msg)
    return kept


def _rows(documents: list[Document], tokenizer: Tokenizer, n_ctx: int) -> npt.NDArray[np.uint16]:
    end, bos = tokenizer.token_id(END_TOKEN), tokenizer.token_id(BOS_TOKEN)
    stream = np.concatenate([np.array([*ids, end], dtype=np.uint16) for ids in _ids(documents, tokenizer)])
    count = len(stream) // n_ctx
    if count == 0:
        msg = f"the text is too short for one row of {n_ctx} tokens in training and one held out; give more text"
        raise CorpusError(msg)
    rows = stream[: count * n_ctx].reshape(count, n_ctx)
    return np.concatenate([np.full((count, 1), bos, np.uint16), rows], axis=1)


def _ids(documents: list[Document], tokenizer: Tokenizer) -> Iterator[list[int]]:
    texts = iter(one.text for one in documents)
    while batch := list(islice(texts, BATCH_OF_TEXTS)):
        yield from tokenizer.encode_many(batch)
