"""A uniform sample of tokens with every neuron's activation on each: what histograms and quantiles are made of.

Each token has a seeded hash, and the `size` smallest are in the sample: without replacement, and whatever the order of
reading. By the inequality of Dvoretzky, Kiefer and Wolfowitz with Massart's constant (1990), the sample's
distribution function of one neuron is nowhere further from the corpus's than sqrt(ln(2/0.05) / (2 size)), with
probability 0.95; drawing without replacement only helps.
"""

import math
from threading import Lock

import numpy as np

from app.foundation.arrays import Bools, Floats32, Hashes, NamedArrays

ERROR = 0.05
"""Probability, per neuron, that the bound does not hold."""


def largest_distance(sample_size: int, population: int) -> float:
    """Bound on the distance of sample and corpus distribution functions, which holds with probability 1 - ERROR."""
    return 0.0 if sample_size >= population else math.sqrt(math.log(2 / ERROR) / (2 * sample_size))


class TokenSample:
    """The tokens with the `size` smallest hashes so far: hashes [token], activations [token, neuron]."""

    def __init__(self, size: int, neuron_count: int) -> None:
        self.size = size
        self.hashes = np.zeros(0, np.uint64)
        self.activations = np.zeros((0, neuron_count), np.float32)
        self._largest = np.uint64(np.iinfo(np.uint64).max)  # until there are `size`
        self._room = np.zeros((size, neuron_count), np.float32)
        self._lock = Lock()

    def would_enter(self, hashes: Hashes) -> Bools:
        """Which tokens would enter, by hash, any shape; while another thread offers, maybe some too many."""
        enters: Bools = hashes <= self._largest
        return enters

    def offer(self, hashes: Hashes, activations: Floats32) -> None:
        """Let tokens compete: hashes [token], activations [token, neuron]. Several threads may offer at once."""
        with self._lock:
            self._offer(hashes, activations)

    def _offer(self, hashes: Hashes, activations: Floats32) -> None:
        before = len(self.hashes)
        candidates = np.concatenate([self.hashes, hashes])
        count = len(candidates)
        smallest = np.argpartition(candidates, self.size - 1)[: self.size] if count > self.size else np.arange(count)
        stays = np.zeros(count, np.bool_)
        stays[smallest] = True
        entering = np.flatnonzero(stays[before:])
        growth = min(self.size, before + len(entering)) - before
        slots = np.concatenate([np.flatnonzero(~stays[:before]), np.arange(before, before + growth)])
        self.hashes = np.concatenate([self.hashes, np.zeros(growth, np.uint64)])
        self.hashes[slots], self._room[slots] = hashes[entering], activations[entering]
        self.activations = self._room[: before + growth]
        if len(self.hashes) == self.size:
            self._largest = self.hashes.max()

    def merge(self, token_sample: "TokenSample") -> None:
        """Take in a sample of other tokens."""
        if len(token_sample.hashes):
            self.offer(token_sample.hashes, token_sample.activations)

    def state(self) -> NamedArrays:
        """The arrays that `restore` takes."""
        return {"hashes": self.hashes, "activations": self.activations}

    def restore(self, state: NamedArrays) -> None:
        """Go on from a state that `state` gave, into an empty sample."""
        self.offer(state["hashes"].astype(np.uint64), state["activations"].astype(np.float32))
