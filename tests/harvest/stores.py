"""The content of stores and samples in an order that does not depend on the order in which it was offered."""

import numpy as np

from app.foundation.arrays import Floats32, Hashes, Ints
from app.harvest.scan.priority_store import PriorityStore
from app.harvest.scan.token_sample import TokenSample


def columns_by_rank(store: PriorityStore) -> Ints:
    """[row, rank] the column: larger priorities first, then earlier windows; empty columns last."""
    return np.lexsort((store.entry_numbers, -store.priorities))


def sample_by_hash(sample: TokenSample) -> tuple[Hashes, Floats32]:
    """Hashes [token] and values [token, neuron] in order of hash."""
    order = sample.hashes.argsort(kind="stable")
    return sample.hashes[order], sample.activations[order]
