"""Windows that go through the model together, with all that is known of them before the model runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from app.harvest.options import HarvestOptions
from app.harvest.scan.hashing import Hashes, mixed, neighbourhood_keys
from app.harvest.scan.topk import Ints
from app.harvest.text.windows import Shard

PLACES = 1 << 20
"""Window numbers are multiplied by this to number every token of a corpus."""


@dataclass(frozen=True)
class Batch:
    """Rows of a shard, [window] or [window, position]; positions end with the longest window."""

    tokens: npt.NDArray[np.int32]
    windows: Ints
    """Numbers in the whole corpus."""
    scores: npt.NDArray[np.bool_]
    """Whether the position is scored."""
    keys: Hashes
    """What near-duplicates have in common, were the peak at this position."""
    draws: Hashes
    """A seeded hash of each token's place in the corpus."""

    @cached_property
    def span(self) -> slice | None:
        """The scored positions, if they are the same unbroken run in every window."""
        here = np.flatnonzero(self.scores[0])
        if not len(here) or not (self.scores == self.scores[0]).all() or here[-1] - here[0] + 1 != len(here):
            return None
        return slice(int(here[0]), int(here[-1]) + 1)

    @property
    def places(self) -> Ints:
        """[window, position] the number of each token in the corpus."""
        numbers: Ints = self.windows[:, None] * PLACES + np.arange(self.tokens.shape[1])
        return numbers


def batches(shard: Shard, options: HarvestOptions) -> Iterator[tuple[Ints, Batch]]:
    """The shard's windows in batches of one shape where that can be, each with its rows in the shard."""
    keys, draws = _keys(shard, options.duplicate_span), _draws(shard, options.seed)
    for rows in shard.batches(options.batch):
        longest = int(shard.length[rows].max())
        yield (
            rows,
            Batch(
                tokens=shard.tokens[rows, :longest],
                windows=shard.first + rows,
                scores=shard.scores[rows, :longest],
                keys=keys[rows, :longest],
                draws=draws[rows, :longest],
            ),
        )


def _keys(shard: Shard, span: int | None) -> Hashes:
    if span is None:
        windows = mixed(shard.first + np.arange(len(shard.start)), 2)
        return np.broadcast_to(windows[:, None], shard.tokens.shape)
    outside = np.arange(shard.tokens.shape[1]) >= shard.length[:, None]
    outside[:, 0] |= shard.special[:, 0]
    return neighbourhood_keys(shard.tokens, outside, span)


def _draws(shard: Shard, seed: int) -> Hashes:
    windows = shard.first + np.arange(len(shard.start))
    return mixed(windows[:, None] * PLACES + np.arange(shard.tokens.shape[1]), seed)
