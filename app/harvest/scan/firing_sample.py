"""On which tokens a neuron fires: a bounded uniform sample of its firings over the corpus.

Only one token in sixteen is a candidate, chosen by a seeded hash of its corpus position. Of the candidates on which a
neuron reaches a tenth of its largest activation in the pilot, those with the largest hash of a second kind stay in the
sample. Firings below strength 0.1 are left out when the largest activation in the whole corpus is known.
"""

from threading import Lock

import numpy as np
import torch
from torch import Tensor

from app.archive.levels import FAINTEST_STRENGTH
from app.foundation.arrays import Floats32, Ints
from app.harvest.scan.batches import Batch
from app.harvest.scan.hashing import hash_numbers, uniform_from_hashes
from app.harvest.scan.priority_store import FiringStore, StoreEntries, positions_in_runs

TOKENS_PER_CANDIDATE = 16


class FiringSample:
    """A sample of each neuron's firings, which grows batch by batch."""

    def __init__(self, pilot_maxima: Floats32, size: int, seed: int) -> None:
        """`pilot_maxima` [neuron] are the largest activations in the pilot, `size` is the firings per neuron."""
        self.store = FiringStore(len(pilot_maxima), size, 1)
        self.thresholds, self.seed = np.float32(FAINTEST_STRENGTH) * pilot_maxima, seed
        self._collected: list[tuple[Ints, Ints, Ints, Floats32]] = []
        self._lock = Lock()

    def collect(self, batch_activations: Tensor, batch: Batch) -> None:
        """Put aside the firings on a batch's candidate tokens; activations are [window, position, neuron]."""
        is_candidate = batch.corpus_position_hashes % np.uint64(TOKENS_PER_CANDIDATE) == 0
        windows, positions = np.nonzero(batch.is_scored & is_candidate)
        activations = batch_activations[torch.from_numpy(windows), torch.from_numpy(positions)].cpu().numpy()
        corpus_positions = batch.corpus_positions[windows, positions]
        token_ids = batch.token_ids[windows, positions].astype(np.int64)
        priorities = uniform_from_hashes(hash_numbers(corpus_positions, self.seed))
        rows, neurons = np.nonzero((activations >= self.thresholds) & (priorities[:, None] >= self.store.floor))
        firings = (neurons, corpus_positions[rows], token_ids[rows], activations[rows, neurons])
        with self._lock:
            self._collected.append(firings)

    def offer_collected(self) -> None:
        """Offer the collected firings to the store, all at once, since each offer costs about the same."""
        with self._lock:
            collected, self._collected = self._collected, []
        if not collected:
            return
        parts = zip(*collected, strict=True)
        neurons, corpus_positions, token_ids, activations = (np.concatenate(arrays) for arrays in parts)
        priorities = uniform_from_hashes(hash_numbers(corpus_positions, self.seed))
        order = np.lexsort((corpus_positions, -priorities, neurons))
        order = order[positions_in_runs(neurons[order]) < self.store.k]
        self.store.offer(
            StoreEntries(
                store_rows=neurons[order],
                priorities=priorities[order],
                entry_numbers=corpus_positions[order],
                payloads=token_ids[order],
                duplicate_keys=hash_numbers(corpus_positions[order], 0),
                activations=activations[order][:, None],
            )
        )
