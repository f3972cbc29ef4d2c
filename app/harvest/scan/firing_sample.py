"""On which tokens a neuron fires: a bounded uniform sample of its firings over the corpus.

One token in sixteen, by a seeded hash of its number, is looked at; of those on which a neuron reaches a tenth of its
largest activation in the pilot, the ones with the largest hash of a second kind stay in the sample. What does not reach
strength 0.1 in the end is left out then.
"""

import numpy as np
import torch
from torch import Tensor

from app.archive.levels import FAINTEST
from app.foundation.arrays import Floats32, Ints
from app.harvest.scan.batches import Batch
from app.harvest.scan.hashing import hash_numbers, uniform_from_hashes
from app.harvest.scan.top_store import TopEntries, TopStore, position_in_run

TOKENS_PER_LOOK = 16


class FiringSample:
    """A store whose windows are numbers of tokens, whose peaks are token ids, and which has one activation each."""

    def __init__(self, pilot_maxima: Floats32, size: int, seed: int) -> None:
        """`pilot_maxima` [neuron] are the largest activations in the pilot, `size` is the firings per neuron."""
        self.store = TopStore(len(pilot_maxima), size, 1)
        self.thresholds, self.seed = np.float32(FAINTEST) * pilot_maxima, seed
        self._collected: list[tuple[Ints, Ints, Ints, Floats32]] = []

    def collect(self, reading: Tensor, batch: Batch) -> None:
        """Put aside the firings on the looked-at tokens of a batch; `reading` is [window, position, neuron]."""
        windows, positions = np.nonzero(batch.is_scored & (batch.token_hashes % np.uint64(TOKENS_PER_LOOK) == 0))
        activations = reading[torch.from_numpy(windows), torch.from_numpy(positions)].cpu().numpy()
        numbers, tokens = batch.token_numbers[windows, positions], batch.token_ids[windows, positions].astype(np.int64)
        chances = uniform_from_hashes(hash_numbers(numbers, self.seed))
        rows, neurons = np.nonzero((activations >= self.thresholds) & (chances[:, None] >= self.store.floor))
        self._collected.append((neurons, numbers[rows], tokens[rows], activations[rows, neurons]))

    def offer_collected(self) -> None:
        """Offer what was put aside to the store, all at once, since each offer costs about the same."""
        neurons, numbers, tokens, activations = (np.concatenate(parts) for parts in zip(*self._collected, strict=True))
        self._collected.clear()
        chances = uniform_from_hashes(hash_numbers(numbers, self.seed))
        order = np.lexsort((numbers, -chances, neurons))
        order = order[position_in_run(neurons[order]) < self.store.k]
        self.store.offer(
            TopEntries(
                store_rows=neurons[order],
                priorities=chances[order],
                window_numbers=numbers[order],
                peaks=tokens[order],
                duplicate_keys=hash_numbers(numbers[order], 0),
                activations=activations[order][:, None],
            )
        )
