"""What all arms of a harvest read: a corpus cut into windows, or rows of token ids that are given."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from app.archive.manifest import CorpusRecord
from app.foundation.errors import CorpusError, ModelError
from app.harvest.options import HarvestOptions
from app.harvest.text.corpus import Corpus
from app.harvest.text.windows import SHARD, Piece, Shard, shards
from app.models.model_folder import LoadedModel


class Text(Protocol):
    """Windows in shards; what it was is known when the shards have been gone through."""

    window: int

    @property
    def skipped(self) -> int:
        """Documents left out because they were binary, or rows without a text."""

    @property
    def tokens(self) -> int | None:
        """Scored tokens asked for; None for all there are."""

    def shards(self) -> Iterator[Shard]:
        """Every shard in order."""

    def record(self, windows: int, tokens: int) -> CorpusRecord:
        """What was read."""


@dataclass
class CorpusText:
    """A corpus in the words of a tokenizer, BOS before every window."""

    corpus: Corpus
    encode: Callable[[list[str]], list[list[int]]]
    window: int
    overlap: int
    bos: int
    special: tuple[int, ...]
    tokens: int | None

    @property
    def skipped(self) -> int:
        """Documents left out because they were binary, or rows without a text."""
        return self.corpus.skipped

    def shards(self) -> Iterator[Shard]:
        """Every shard, up to the window with which enough tokens have been scored."""
        pieces = self.corpus.pieces(self.encode, self.window - 1, self.overlap)
        return shards(self._enough(pieces), self.window, self.bos, self.special)

    def record(self, windows: int, tokens: int) -> CorpusRecord:
        """What was read so far."""
        corpus = self.corpus
        return CorpusRecord(
            spec=corpus.name, sha256=corpus.sha256, documents=corpus.documents, windows=windows, tokens=tokens
        )

    def _enough(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        left = self.tokens
        for piece in pieces:
            yield piece
            if left is None:
                continue
            left -= int((~np.isin(piece.tokens[piece.context :], self.special)).sum())
            if left <= 0:
                return


@dataclass
class RowsText:
    """Token ids [window, position] as they are: every position scores but the special ids."""

    rows: npt.NDArray[np.int32]
    special: tuple[int, ...]
    skipped: int = 0
    tokens: int | None = None
    window: int = field(init=False)

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or not self.rows.size:
            msg = f"tokens must be [window, position] and not empty; they are {self.rows.shape}"
            raise CorpusError(msg)
        self.window = self.rows.shape[1]

    def shards(self) -> Iterator[Shard]:
        """Every shard in order."""
        for number, first in enumerate(range(0, len(self.rows), SHARD)):
            rows = self.rows[first : first + SHARD]
            start, length = np.zeros(len(rows), np.int64), np.full(len(rows), self.window)
            labels = tuple(f"row:{first + row}" for row in range(len(rows)))
            yield Shard(number, first, rows, start, length, np.isin(rows, self.special), labels)

    def record(self, windows: int, tokens: int) -> CorpusRecord:
        """The rows that were given."""
        digest = hashlib.sha256(np.ascontiguousarray(self.rows, "<i4").tobytes()).hexdigest()
        return CorpusRecord(spec="rows", sha256=digest, documents=len(self.rows), windows=windows, tokens=tokens)


def text_of(models: Sequence[LoadedModel], spec: str, options: HarvestOptions) -> CorpusText:
    """The corpus as the models' common tokenizer cuts it. Raises ModelError if they have none in common."""
    first = models[0]
    for model in models[1:]:
        if _vocabulary(model) != _vocabulary(first):
            msg = f"{model.folder} and {first.folder} have different tokenizers, so they cannot read the same windows"
            raise ModelError(msg)
    window = options.window_for(min(model.config.n_ctx for model in models))
    corpus = Corpus(spec, options.seed)
    encode = first.tokenizer.encode_many
    return CorpusText(corpus, encode, window, options.overlap, first.config.bos, first.config.special, options.tokens)


def _vocabulary(model: LoadedModel) -> tuple[str, int, tuple[int, ...]]:
    return model.tokenizer.digest, model.config.bos, model.config.special
