"""Windows that go through the model together, with all that can be said of them before the model runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.foundation.arrays import Bools, Hashes, Ints, TokenIds
from app.harvest.options import HarvestOptions
from app.harvest.scan.hashing import hash_neighbourhoods, hash_numbers
from app.harvest.text.windows import Shard

LONGEST_WINDOW = 1 << 20
"""Window numbers are multiplied by this to number every token of a corpus."""


@dataclass(frozen=True)
class Batch:
    """Rows of a shard, [window] or [window, position]; the positions end with the longest window."""

    token_ids: TokenIds
    window_numbers: Ints
    """In the whole corpus."""
    is_scored: Bools
    duplicate_keys: Hashes
    """Equal for near-duplicates, if their peaks were at this position."""
    token_hashes: Hashes
    """A seeded hash of each token's number in the corpus."""

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
    def token_numbers(self) -> Ints:
        """[window, position] the number of each token in the corpus."""
        token_numbers: Ints = self.window_numbers[:, None] * LONGEST_WINDOW + np.arange(self.token_ids.shape[1])
        return token_numbers


def split_into_batches(shard: Shard, options: HarvestOptions) -> Iterator[tuple[Ints, Batch]]:
    """(rows, batch): the shard's windows in batches, of windows of one length where possible."""
    duplicate_keys, token_hashes = _duplicate_keys(shard, options.duplicate_span), _token_hashes(shard, options.seed)
    for rows in shard.rows_in_batches(options.batch_size):
        longest = int(shard.lengths[rows].max())
        yield (
            rows,
            Batch(
                token_ids=shard.token_ids[rows, :longest],
                window_numbers=shard.first_window + rows,
                is_scored=shard.is_scored[rows, :longest],
                duplicate_keys=duplicate_keys[rows, :longest],
                token_hashes=token_hashes[rows, :longest],
            ),
        )


def _duplicate_keys(shard: Shard, span: int | None) -> Hashes:
    """[window, position]; without a span only a window is a duplicate of itself."""
    if span is None:
        window_keys = hash_numbers(shard.first_window + np.arange(len(shard.starts)), 2)
        return np.broadcast_to(window_keys[:, None], shard.token_ids.shape)
    is_outside = np.arange(shard.token_ids.shape[1]) >= shard.lengths[:, None]
    is_outside[:, 0] |= shard.is_special[:, 0]
    return hash_neighbourhoods(shard.token_ids, is_outside, span)


def _token_hashes(shard: Shard, seed: int) -> Hashes:
    """A seeded hash of each token's number in the corpus, [window, position]."""
    window_numbers = shard.first_window + np.arange(len(shard.starts))
    return hash_numbers(window_numbers[:, None] * LONGEST_WINDOW + np.arange(shard.token_ids.shape[1]), seed)
