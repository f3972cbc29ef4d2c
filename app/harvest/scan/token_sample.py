"""A uniform sample of tokens with every neuron's activation on each, from which histograms and quantiles are computed.

Each token has a seeded hash, and the tokens with the `size` smallest hashes are the sample: it is drawn without
replacement and does not depend on the order of reading. By the inequality of Dvoretzky, Kiefer and Wolfowitz with
Massart's constant (1990), the sample's distribution function of one neuron is nowhere further from the corpus's than
sqrt(ln(2/0.05) / (2 size)), with probability 0.95; drawing without replacement makes it only closer.
"""

import math
from threading import Lock

import numpy as np

from app.foundation.arrays import Bools, Floats32, Hashes, NamedArrays

ERROR_PROBABILITY = 0.05
"""Probability, per neuron, that the bound does not hold."""


def largest_distribution_distance(sample_size: int, population: int) -> float:
    """The bound on the distance of a neuron's distribution functions in sample and corpus."""
    return 0.0 if sample_size >= population else math.sqrt(math.log(2 / ERROR_PROBABILITY) / (2 * sample_size))


class TokenSample:
    """The tokens with the `size` smallest hashes so far: hashes [token], activations [token, neuron]."""

    def __init__(self, size: int, neuron_count: int) -> None:
        self.size = size
        self.hashes = np.zeros(0, np.uint64)
        self.activations = np.zeros((0, neuron_count), np.float32)
        self._largest = np.uint64(np.iinfo(np.uint64).max)  # everything enters until there are `size`
        self._buffer = np.zeros((size, neuron_count), np.float32)
        self._lock = Lock()

    def would_enter(self, hashes: Hashes) -> Bools:
        """Which tokens would enter, by their hashes of any shape; too many may be true while another thread offers."""
        enters: Bools = hashes <= self._largest
        return enters

    def offer(self, hashes: Hashes, activations: Floats32) -> None:
        """Let tokens compete for the sample: hashes [token], activations [token, neuron]. Threads may offer at once."""
        with self._lock:
            self._offer(hashes, activations)

    def _offer(self, hashes: Hashes, activations: Floats32) -> None:
        previous_count = len(self.hashes)
        candidates = np.concatenate([self.hashes, hashes])
        count = len(candidates)
        smallest = np.argpartition(candidates, self.size - 1)[: self.size] if count > self.size else np.arange(count)
        stays = np.zeros(count, np.bool_)
        stays[smallest] = True
        entering = np.flatnonzero(stays[previous_count:])
        growth = min(self.size, previous_count + len(entering)) - previous_count
        indices = np.concatenate(
            [np.flatnonzero(~stays[:previous_count]), np.arange(previous_count, previous_count + growth)]
        )
        self.hashes = np.concatenate([self.hashes, np.zeros(growth, np.uint64)])
        self.hashes[indices], self._buffer[indices] = hashes[entering], activations[entering]
        self.activations = self._buffer[: previous_count + growth]
        if len(self.hashes) == self.size:
            self._largest = self.hashes.max()

    def merge(self, token_sample: "TokenSample") -> None:
        """Add the tokens of another sample, which was drawn from other tokens."""
        if len(token_sample.hashes):
            self.offer(token_sample.hashes, token_sample.activations)

    def state(self) -> NamedArrays:
        """The sample as arrays, which `restore` takes over again."""
        return {"hashes": self.hashes, "activations": self.activations}

    def restore(self, state: NamedArrays) -> None:
        """Take over, in an empty sample, the tokens that `state` returned."""
        self.offer(state["hashes"].astype(np.uint64), state["activations"].astype(np.float32))
