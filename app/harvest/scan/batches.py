"""Windows that go through the model together, with everything about them that is known before the model runs.

A corpus position is a number that tells every token of a corpus apart: its window's number times LONGEST_WINDOW, plus
its position in the window.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.foundation.arrays import Bools, Hashes, Ints, TokenIds
from app.harvest.options import HarvestOptions
from app.harvest.scan.hashing import hash_neighbourhoods, hash_numbers
from app.harvest.text.windows import Shard

LONGEST_WINDOW = 1 << 20
"""Window numbers are multiplied by this in a corpus position."""


@dataclass(frozen=True)
class Batch:
    """Rows of a shard, [window] or [window, position]; the positions end with the longest window."""

    token_ids: TokenIds
    window_numbers: Ints
    """[window] the number of each window in the whole corpus."""
    is_scored: Bools
    duplicate_keys: Hashes
    """[window, position] equal for two windows that are near-duplicates if their peaks are at these positions."""
    corpus_position_hashes: Hashes
    """[window, position] a seeded hash of each token's corpus position."""

    @cached_property
    def common_span(self) -> slice | None:
        """The scored positions, if they are the same unbroken run in every window."""
        scored = np.flatnonzero(self.is_scored[0])
        if not len(scored) or not (self.is_scored == self.is_scored[0]).all():
            return None
        if scored[-1] - scored[0] + 1 != len(scored):
            return None
        return slice(int(scored[0]), int(scored[-1]) + 1)

    @property
    def corpus_positions(self) -> Ints:
        """[window, position] the corpus position of each token."""
        return _corpus_positions(self.window_numbers, self.token_ids.shape[1])


def split_into_batches(shard: Shard, options: HarvestOptions) -> Iterator[tuple[Ints, Batch]]:
    """(rows, batch): the shard's windows in batches, of windows of one length where possible."""
    duplicate_keys = _duplicate_keys(shard, options.duplicate_span)
    corpus_positions = _corpus_positions(shard.window_numbers, shard.token_ids.shape[1])
    corpus_position_hashes = hash_numbers(corpus_positions, options.seed)
    for rows in shard.rows_in_batches(options.batch_size):
        longest = int(shard.lengths[rows].max())
        yield (
            rows,
            Batch(
                token_ids=shard.token_ids[rows, :longest],
                window_numbers=shard.first_window + rows,
                is_scored=shard.is_scored[rows, :longest],
                duplicate_keys=duplicate_keys[rows, :longest],
                corpus_position_hashes=corpus_position_hashes[rows, :longest],
            ),
        )


def _duplicate_keys(shard: Shard, span: int | None) -> Hashes:
    """[window, position] the keys of `Batch`; without a span no two windows are near-duplicates."""
    if span is None:
        window_keys = hash_numbers(shard.window_numbers, 2)
        return np.broadcast_to(window_keys[:, None], shard.token_ids.shape)
    is_outside = np.arange(shard.token_ids.shape[1]) >= shard.lengths[:, None]
    is_outside[:, 0] |= shard.is_special[:, 0]
    return hash_neighbourhoods(shard.token_ids, is_outside, span)


def _corpus_positions(window_numbers: Ints, window_length: int) -> Ints:
    """[window, position] the corpus position of each token of windows with these numbers [window]."""
    corpus_positions: Ints = window_numbers[:, None] * LONGEST_WINDOW + np.arange(window_length)
    return corpus_positions
