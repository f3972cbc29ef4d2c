"""What stores and samples hold, in an order that does not depend on how it came in."""

from app.foundation.arrays import Floats32, Hashes
from app.harvest.scan.token_sample import TokenSample


def sample_by_hash(sample: TokenSample) -> tuple[Hashes, Floats32]:
    """Hashes [token] and values [token, neuron] in order of hash."""
    order = sample.hashes.argsort(kind="stable")
    return sample.hashes[order], sample.activations[order]
