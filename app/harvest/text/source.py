"""The text that all arms of a harvest read: a corpus cut into windows, or rows of token ids from the caller."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from app.archive.manifest import CorpusRecord
from app.foundation.arrays import TokenIds
from app.foundation.digest import sha256
from app.foundation.errors import CorpusError, ModelError
from app.harvest.options import HarvestOptions
from app.harvest.text.corpus import Corpus, EncodeTexts
from app.harvest.text.windows import WINDOWS_PER_SHARD, Shard, Window, gather_into_shards, shard_of_rows
from app.models.model_folder import LoadedModel


class TextSource(Protocol):
    """A text as shards of windows; its record is complete when all shards have been read."""

    window_length: int

    @property
    def skipped_count(self) -> int:
        """Documents left out because they were binary, and rows left out because they held no text."""

    @property
    def token_limit(self) -> int | None:
        """The number of scored tokens after which no further window is read; None to read all."""

    def shards(self) -> Iterator[Shard]:
        """Every shard in order."""

    def corpus_record(self, window_count: int, token_count: int) -> CorpusRecord:
        """The manifest's description of the text that was read."""


@dataclass
class CorpusSource:
    """A corpus that a tokenizer encodes, with BOS before every window."""

    corpus: Corpus
    encode: EncodeTexts
    window_length: int
    overlap: int
    bos: int
    special_ids: tuple[int, ...]
    token_limit: int | None

    @property
    def skipped_count(self) -> int:
        """Documents left out because they were binary, and rows left out because they held no text."""
        return self.corpus.skipped_count

    def shards(self) -> Iterator[Shard]:
        """Every shard in order, up to the window with which the limit of scored tokens is reached."""
        windows = self.corpus.windows(self.encode, self.window_length - 1, self.overlap)
        return gather_into_shards(self._up_to_limit(windows), self.window_length, self.bos, self.special_ids)

    def corpus_record(self, window_count: int, token_count: int) -> CorpusRecord:
        """The manifest's description of the text that was read so far."""
        return CorpusRecord(
            spec=self.corpus.name,
            sha256=self.corpus.sha256,
            documents=self.corpus.document_count,
            windows=window_count,
            tokens=token_count,
        )

    def _up_to_limit(self, windows: Iterator[Window]) -> Iterator[Window]:
        remaining = self.token_limit
        for window in windows:
            yield window
            if remaining is None:
                continue
            remaining -= int((~np.isin(window.token_ids[window.context_length :], self.special_ids)).sum())
            if remaining <= 0:
                return


@dataclass
class TokenRows:
    """Token ids [window, position] from the caller: all are scored but the special ones."""

    token_ids: TokenIds
    special_ids: tuple[int, ...]
    skipped_count: int = 0
    token_limit: int | None = None
    window_length: int = field(init=False)

    def __post_init__(self) -> None:
        if self.token_ids.ndim != 2 or not self.token_ids.size:
            msg = f"tokens must be [window, position] and not empty; they are {self.token_ids.shape}"
            raise CorpusError(msg)
        self.window_length = self.token_ids.shape[1]

    def shards(self) -> Iterator[Shard]:
        """Every shard in order."""
        for number, first_window in enumerate(range(0, len(self.token_ids), WINDOWS_PER_SHARD)):
            rows = self.token_ids[first_window : first_window + WINDOWS_PER_SHARD]
            yield shard_of_rows(number, first_window, rows, self.special_ids)

    def corpus_record(self, window_count: int, token_count: int) -> CorpusRecord:
        """The manifest's description of the rows; each counts as a document."""
        digest = sha256(np.ascontiguousarray(self.token_ids, "<i4").tobytes())
        return CorpusRecord(
            spec="rows", sha256=digest, documents=len(self.token_ids), windows=window_count, tokens=token_count
        )


def corpus_source(loaded_models: Sequence[LoadedModel], spec: str, options: HarvestOptions) -> CorpusSource:
    """The corpus, encoded by the tokenizer that the models share. Raises ModelError if their tokenizers differ."""
    first, *further = loaded_models
    for model in further:
        if _tokenizer_identity(model) != _tokenizer_identity(first):
            msg = f"{model.folder} and {first.folder} have different tokenizers, so they cannot read the same windows"
            raise ModelError(msg)
    return CorpusSource(
        corpus=Corpus(spec, options.seed),
        encode=first.tokenizer.encode_many,
        window_length=options.window_length_within(min(model.config.n_ctx for model in loaded_models)),
        overlap=options.overlap,
        bos=first.config.bos,
        special_ids=first.config.special,
        token_limit=options.tokens,
    )


def _tokenizer_identity(model: LoadedModel) -> tuple[str, int, tuple[int, ...]]:
    return model.tokenizer.digest, model.config.bos, model.config.special
