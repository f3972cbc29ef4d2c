"""Which tokens a neuron fires on: a bounded uniform draw of its firings over the corpus.

One token in sixteen, by a seeded hash of its place, is looked at; of those on which a neuron reaches a tenth of its
pilot's largest activation, the ones with the largest hash of a second kind are kept. What does not reach strength 0.1
in the end is left out then.
"""

import numpy as np
import torch
from torch import Tensor

from app.archive.levels import FAINTEST
from app.harvest.scan.batches import Batch
from app.harvest.scan.hashing import fraction, mixed
from app.harvest.scan.topk import Entries, Floats, Ints, TopStore, place_in_run

ONE_IN = 16
"""Tokens per token that is looked at."""


class Firings:
    """A store whose windows are tokens' places in the corpus, whose peaks are token ids, one activation each."""

    def __init__(self, highest: Floats, kept: int, seed: int) -> None:
        """`highest` is each neuron's largest activation in the pilot, `kept` how many firings are kept of each."""
        self.store = TopStore(len(highest), kept, 1)
        self.enough, self.seed = np.float32(FAINTEST) * highest, seed
        self._seen: list[tuple[Ints, Ints, Ints, Floats]] = []

    def look(self, values: Tensor, batch: Batch) -> None:
        """Put the firings on the looked-at tokens of a batch aside; `values` is [window, position, neuron]."""
        windows, positions = np.nonzero(batch.scores & (batch.draws % np.uint64(ONE_IN) == 0))
        at = values[torch.from_numpy(windows), torch.from_numpy(positions)].cpu().numpy()
        places, tokens = batch.places[windows, positions], batch.tokens[windows, positions].astype(np.int64)
        chances = fraction(mixed(places, self.seed))
        rows, neurons = np.nonzero((at >= self.enough) & (chances[:, None] >= self.store.floor))
        self._seen.append((neurons, places[rows], tokens[rows], at[rows, neurons]))

    def settle(self) -> None:
        """Offer what was put aside, all at once, since each offer costs about the same."""
        neurons, places, tokens, values = (np.concatenate(parts) for parts in zip(*self._seen, strict=True))
        self._seen.clear()
        chances = fraction(mixed(places, self.seed))
        order = np.lexsort((places, -chances, neurons))
        order = order[place_in_run(neurons[order]) < self.store.k]
        self.store.offer(
            Entries(
                neurons[order],
                chances[order],
                places[order],
                tokens[order],
                mixed(places[order], 0),
                values[order][:, None],
            )
        )
