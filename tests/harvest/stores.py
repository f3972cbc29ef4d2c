"""What stores and samples hold, in an order that does not depend on how it came in."""

import numpy as np

from app.foundation.arrays import Floats32, Hashes, Ints
from app.harvest.scan.token_sample import TokenSample
from app.harvest.scan.top_store import TopStore


def slots_by_rank(store: TopStore) -> Ints:
    """[row, rank] the slot: larger priorities first, then earlier windows; empty slots last."""
    return np.lexsort((store.window_numbers, -store.priorities))


def sample_by_hash(sample: TokenSample) -> tuple[Hashes, Floats32]:
    """Hashes [token] and values [token, neuron] in order of hash."""
    order = sample.hashes.argsort(kind="stable")
    return sample.hashes[order], sample.activations[order]
