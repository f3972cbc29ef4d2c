"""Text to training rows: the same rows in the same order for every arm.

Documents are tokenised one by one, joined with an end token between them, and cut into rows of n_ctx + 1
tokens that begin with BOS, so position 0 is BOS in training as it is in a harvest. A fixed permutation,
drawn from the seed, is the data order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat
from pathlib import Path

import numpy as np

from app.foundation.array_files import write_arrays_atomically
from app.foundation.arrays import Ints, ShortTokenIds
from app.foundation.digest import sha256_of_parts
from app.foundation.documents import Document, read_documents, sha256_of_documents, shuffled_paths, text_files
from app.foundation.errors import CorpusError
from app.foundation.files import write_atomically
from app.models.folder_files import TOKENIZER_FILE
from app.models.tokenizer import BOS_TOKEN, END_TOKEN, Tokenizer, train_tokenizer

HELD_OUT = 50  # one document in this many is held out for validation
TOKENIZER_SAMPLE = 2_000  # documents that the tokenizer is fitted to
BATCH_OF_TEXTS = 256
LARGEST_VOCABULARY = 1 << 16  # token ids are stored in 16 bits


@dataclass(frozen=True)
class TrainingRows:
    """Token rows for training and validation, with the digest of the text that they came from."""

    training_tokens: ShortTokenIds
    """[row, n_ctx + 1]"""
    validation_tokens: ShortTokenIds
    """[row, n_ctx + 1]"""
    corpus_sha256: str

    def row_order(self, seed: int) -> Ints:
        """The numbers of the training rows in the order in which every arm is trained on them: [row]."""
        return np.random.default_rng(seed).permutation(len(self.training_tokens))

    def batch(self, row_order: Ints, step: int, batch_size: int) -> ShortTokenIds:
        """The rows of one step, [batch_size, n_ctx + 1]; the order starts over when it is used up."""
        positions = np.arange(step * batch_size, (step + 1) * batch_size) % len(row_order)
        return self.training_tokens[row_order[positions]]

    def order_sha256(self, row_order: Ints, steps: int, batch_size: int) -> str:
        """The digest of the row numbers of a whole training run and of the rows themselves."""
        row_count, order = steps * batch_size, row_order.astype("<i8")
        whole_passes = repeat(order.tobytes(), row_count // len(order))
        rest = order[: row_count % len(order)].tobytes()
        return sha256_of_parts(chain(whole_passes, [rest, self.training_tokens.astype("<u2").tobytes()]))


def prepare_training_rows(
    source: Path, folder: Path, n_ctx: int, d_vocab: int, seed: int
) -> tuple[TrainingRows, Tokenizer]:
    """Rows and tokenizer of the text in `source`, written to `folder` the first time and read from there on resume.

    Raises CorpusError if there is too little text, or if `folder` was begun with another text.
    """
    if d_vocab > LARGEST_VOCABULARY:
        msg = f"a vocabulary of {d_vocab} tokens is more than rows can hold; use at most {LARGEST_VOCABULARY}"
        raise CorpusError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    documents = list(read_documents(shuffled_paths(text_files(source), seed), source))
    corpus_sha256 = sha256_of_documents(documents)
    tokenizer = _fit_or_load_tokenizer(documents, folder / TOKENIZER_FILE, d_vocab)
    path = folder / "rows.npz"
    if not path.is_file():
        training = _cut_into_rows(_training_documents(documents), tokenizer, n_ctx)
        validation = _cut_into_rows(documents[::HELD_OUT], tokenizer, n_ctx)
        write_arrays_atomically(
            path, {"training": training, "validation": validation, "digest": np.array(corpus_sha256)}
        )
    with np.load(path) as saved:
        if str(saved["digest"]) != corpus_sha256:
            msg = f"{source} is not the text that {folder} was begun with; train into an empty folder"
            raise CorpusError(msg)
        return TrainingRows(saved["training"], saved["validation"], corpus_sha256), tokenizer


def _fit_or_load_tokenizer(documents: Sequence[Document], path: Path, d_vocab: int) -> Tokenizer:
    if not path.is_file():
        sample = [document.text for document in documents[:TOKENIZER_SAMPLE]]
        write_atomically(path, lambda unfinished: train_tokenizer(sample, d_vocab, unfinished))
    return Tokenizer.load(path)


def _training_documents(documents: Sequence[Document]) -> list[Document]:
    """All documents but the held-out ones. Raises CorpusError if that leaves none."""
    training = [document for index, document in enumerate(documents) if index % HELD_OUT]
    if not training:
        msg = "training needs at least two documents, since one in fifty is held out; split the text or give more"
        raise CorpusError(msg)
    return training


def _cut_into_rows(documents: Sequence[Document], tokenizer: Tokenizer, n_ctx: int) -> ShortTokenIds:
    """The documents' tokens in rows [row, n_ctx + 1], BOS first. Raises CorpusError if they do not fill one row."""
    end, bos = tokenizer.token_id(END_TOKEN), tokenizer.token_id(BOS_TOKEN)
    stream = np.concatenate([np.array([*ids, end], dtype=np.uint16) for ids in _encode_all(documents, tokenizer)])
    row_count = len(stream) // n_ctx
    if row_count == 0:
        msg = f"the text is too short for one row of {n_ctx} tokens in training and one held out; give more text"
        raise CorpusError(msg)
    rows = stream[: row_count * n_ctx].reshape(row_count, n_ctx)
    return np.concatenate([np.full((row_count, 1), bos, np.uint16), rows], axis=1)


def _encode_all(documents: Sequence[Document], tokenizer: Tokenizer) -> Iterator[list[int]]:
    """The token ids of each document."""
    texts = iter(document.text for document in documents)
    while batch := list(islice(texts, BATCH_OF_TEXTS)):
        yield from tokenizer.encode_many(batch)
