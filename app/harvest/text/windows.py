"""Documents cut into windows, and windows gathered into shards.

A window is BOS and then tokens of one document. The next window of the document begins `overlap` tokens before the
end of the last; those are context only. So every token of a document is scored exactly once, and has `overlap`
tokens or the document's start before it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

SHARD = 256
"""Windows per shard, the unit of resume and of work for many machines."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Piece:
    """One window before it is put in a shard: where it stands, its tokens (no BOS) and how many are only context."""

    label: str
    tokens: npt.NDArray[np.int32]
    context: int


@dataclass(frozen=True)
class Shard:
    """Consecutive windows of a harvest. `first` is the number of its first window in the whole corpus."""

    number: int
    first: int
    tokens: npt.NDArray[np.int32]
    """[window, position], padded at the end."""
    start: Ints
    """[window] the first position that may score."""
    length: Ints
    """[window] positions that are not padding."""
    special: npt.NDArray[np.bool_]
    """[window, position] BOS, padding and other tokens that never score and are left out of snippets."""
    labels: tuple[str, ...]
    """[window] path and token offset."""

    @cached_property
    def scores(self) -> npt.NDArray[np.bool_]:
        """[window, position] whether the position is scored."""
        positions = np.arange(self.tokens.shape[1])
        return (positions >= self.start[:, None]) & ~self.special

    @property
    def scored(self) -> int:
        """Number of scored tokens."""
        return int(self.scores.sum())

    @property
    def masked(self) -> int:
        """Number of BOS and other special tokens, padding aside."""
        return int((self.special & (np.arange(self.tokens.shape[1]) < self.length[:, None])).sum())

    def beginning(self, windows: int) -> "Shard":
        """The first windows of the shard in which a token scores."""
        rows = np.flatnonzero(self.scores.any(axis=1))[:windows]
        return replace(
            self,
            tokens=self.tokens[rows],
            start=self.start[rows],
            length=self.length[rows],
            special=self.special[rows],
            labels=tuple(self.labels[row] for row in rows),
        )

    def batches(self, size: int) -> Iterator[Ints]:
        """Rows of the shard, `size` at a time, those of one shape together so that little is padding."""
        order = np.lexsort((np.arange(len(self.start)), self.length, self.start))
        for begin in range(0, len(order), size):
            yield order[begin : begin + size]


def cut(name: str, parts: Iterable[npt.NDArray[np.int32]], content: int, overlap: int) -> Iterator[Piece]:
    """The windows of one document: `content` tokens each, the first `overlap` of all but the first only context.

    Its tokens come in parts of any size, and no more of them are asked for than the next window needs.
    """
    offset, held = 0, np.zeros(0, np.int32)
    for part in parts:
        held = np.concatenate([held, part])
        while len(held) > content:
            yield Piece(f"{name}:{offset}", held[:content], overlap if offset else 0)
            offset, held = offset + content - overlap, held[content - overlap :]
    yield Piece(f"{name}:{offset}", held, overlap if offset else 0)


def shards(pieces: Iterable[Piece], window: int, bos: int, special: tuple[int, ...]) -> Iterator[Shard]:
    """Gather pieces into shards of 256 windows of `window` positions, BOS in front."""
    kept: list[Piece] = []
    number = 0
    for piece in pieces:
        kept.append(piece)
        if len(kept) == SHARD:
            yield _shard(number, kept, window, bos, special)
            kept, number = [], number + 1
    if kept:
        yield _shard(number, kept, window, bos, special)


def _shard(number: int, pieces: list[Piece], window: int, bos: int, special: tuple[int, ...]) -> Shard:
    tokens = np.full((len(pieces), window), bos, np.int32)
    length = np.array([1 + len(one.tokens) for one in pieces])
    for row, piece in enumerate(pieces):
        tokens[row, 1 : length[row]] = piece.tokens
    outside = np.arange(window) >= length[:, None]
    outside[:, 0] = True
    start = np.array([1 + one.context for one in pieces])
    never = outside | np.isin(tokens, special)
    return Shard(number, number * SHARD, tokens, start, length, never, tuple(one.label for one in pieces))
