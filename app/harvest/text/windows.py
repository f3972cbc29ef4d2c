"""Documents cut into windows, and windows gathered into shards.

A window is BOS and then tokens of one document. The next window of the document begins `overlap` tokens before the
end of the one before it; these tokens are only context. So every token of a document is scored exactly once, and has
`overlap` tokens or the document's start before it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from app.foundation.arrays import Bools, Ints, TokenIds

WINDOWS_PER_SHARD = 256
"""A stopped harvest goes on after its last whole shard; on a cluster each task is some shards."""


@dataclass(frozen=True)
class Window:
    """One window of a document before it is put into a shard, without BOS."""

    label: str
    """The document's name and the window's first token in it: `path:offset`."""
    token_ids: TokenIds
    """[position]"""
    context_length: int
    """How many tokens at the beginning are only context."""


@dataclass(frozen=True)
class Shard:
    """Consecutive windows of a corpus."""

    number: int
    """The shard's number in its corpus, from 0."""
    first_window: int
    """The number of the shard's first window in the whole corpus."""
    token_ids: TokenIds
    """[window, position], padded at the end."""
    scoring_starts: Ints
    """[window] the first position that may be scored: those before it are BOS and context."""
    lengths: Ints
    """[window] how many positions are not padding."""
    is_special: Bools
    """[window, position] BOS, padding and other tokens that are never scored and are left out of snippets."""
    labels: tuple[str, ...]
    """[window] as in `Window`."""

    @property
    def window_count(self) -> int:
        """Number of windows."""
        return len(self.token_ids)

    @property
    def window_numbers(self) -> Ints:
        """[window] the number of each window in the whole corpus."""
        return self.first_window + np.arange(self.window_count)

    @cached_property
    def is_scored(self) -> Bools:
        """[window, position] whether the position is scored."""
        positions = np.arange(self.token_ids.shape[1])
        return (positions >= self.scoring_starts[:, None]) & ~self.is_special

    @property
    def scored_count(self) -> int:
        """Number of scored tokens."""
        return int(self.is_scored.sum())

    @property
    def special_count(self) -> int:
        """Number of BOS and other special tokens, not counting padding."""
        return int((self.is_special & (np.arange(self.token_ids.shape[1]) < self.lengths[:, None])).sum())

    def first_scored_windows(self, window_count: int) -> "Shard":
        """A shard of only the first `window_count` windows that have a scored token."""
        rows = np.flatnonzero(self.is_scored.any(axis=1))[:window_count]
        return replace(
            self,
            token_ids=self.token_ids[rows],
            scoring_starts=self.scoring_starts[rows],
            lengths=self.lengths[rows],
            is_special=self.is_special[rows],
            labels=tuple(self.labels[row] for row in rows),
        )

    def rows_in_batches(self, batch_size: int) -> Iterator[Ints]:
        """The shard's rows, `batch_size` at a time; windows of one length go together so that little is padding."""
        order = np.lexsort((np.arange(self.window_count), self.lengths, self.scoring_starts))
        for begin in range(0, len(order), batch_size):
            yield order[begin : begin + batch_size]


def cut_into_windows(
    document_name: str, chunks: Iterable[TokenIds], content_length: int, overlap: int
) -> Iterator[Window]:
    """The windows of one document: `content_length` tokens each, of which `overlap` repeat the window before.

    The document's tokens come in chunks of any size, each [token]; no more chunks are read than the next window needs.
    """
    offset, uncut = 0, np.zeros(0, np.int32)
    for chunk in chunks:
        uncut = np.concatenate([uncut, chunk])
        while len(uncut) > content_length:
            yield Window(f"{document_name}:{offset}", uncut[:content_length], overlap if offset else 0)
            offset, uncut = offset + content_length - overlap, uncut[content_length - overlap :]
    yield Window(f"{document_name}:{offset}", uncut, overlap if offset else 0)


def gather_into_shards(
    windows: Iterable[Window], window_length: int, bos: int, special_ids: tuple[int, ...]
) -> Iterator[Shard]:
    """Shards of 256 windows; each window gets BOS in front and is padded to `window_length` positions."""
    gathered: list[Window] = []
    number = 0
    for window in windows:
        gathered.append(window)
        if len(gathered) == WINDOWS_PER_SHARD:
            yield _make_shard(number, gathered, window_length, bos, special_ids)
            gathered, number = [], number + 1
    if gathered:
        yield _make_shard(number, gathered, window_length, bos, special_ids)


def shard_of_rows(number: int, first_window: int, token_ids: TokenIds, special_ids: tuple[int, ...] = ()) -> Shard:
    """A shard of windows [window, position] without padding, in which all tokens are scored but the special ones."""
    return Shard(
        number=number,
        first_window=first_window,
        token_ids=token_ids,
        scoring_starts=np.zeros(len(token_ids), np.int64),
        lengths=np.full(len(token_ids), token_ids.shape[1]),
        is_special=np.isin(token_ids, special_ids),
        labels=tuple(f"row:{first_window + row}" for row in range(len(token_ids))),
    )


def _make_shard(
    number: int, windows: list[Window], window_length: int, bos: int, special_ids: tuple[int, ...]
) -> Shard:
    token_ids = np.full((len(windows), window_length), bos, np.int32)
    lengths = np.array([1 + len(window.token_ids) for window in windows])
    for row, window in enumerate(windows):
        token_ids[row, 1 : lengths[row]] = window.token_ids
    is_special = np.arange(window_length) >= lengths[:, None]
    is_special[:, 0] = True
    is_special |= np.isin(token_ids, special_ids)
    return Shard(
        number=number,
        first_window=number * WINDOWS_PER_SHARD,
        token_ids=token_ids,
        scoring_starts=np.array([1 + window.context_length for window in windows]),
        lengths=lengths,
        is_special=is_special,
        labels=tuple(window.label for window in windows),
    )
