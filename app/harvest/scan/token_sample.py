"""A uniform sample of tokens with every neuron's activation on each: what histograms and quantiles are made of.

Each token has a seeded hash, and the `size` smallest are kept: without replacement, and whatever the order of
reading. By the inequality of Dvoretzky, Kiefer and Wolfowitz with Massart's constant (1990), the sample's
distribution function of one neuron is nowhere further from the corpus's than sqrt(ln(2/0.05) / (2 size)), with
probability 0.95; drawing without replacement only helps.
"""

import math
from collections.abc import Mapping
from threading import Lock

import numpy as np
import numpy.typing as npt

from app.harvest.scan.hashing import Hashes

ERROR = 0.05
"""Probability, per neuron, that the bound does not hold."""


def bound(size: int, population: int) -> float:
    """Largest distance between sample and corpus distribution functions, with probability 1 - ERROR."""
    return 0.0 if size >= population else math.sqrt(math.log(2 / ERROR) / (2 * size))


class TokenSample:
    """The tokens with the `size` smallest hashes so far; values are [token, neuron]."""

    def __init__(self, size: int, neurons: int) -> None:
        self.size = size
        self.hashes = np.zeros(0, np.uint64)
        self.tokens = np.zeros(0, np.int64)
        self.values = np.zeros((0, neurons), np.float32)
        self._largest = np.uint64(np.iinfo(np.uint64).max)  # until there are `size`
        self._room = np.zeros((size, neurons), np.float32)
        self._lock = Lock()

    def wanted(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        """Which tokens would enter, by hash, any shape; while another thread offers, maybe some more."""
        enter: npt.NDArray[np.bool_] = hashes <= self._largest
        return enter

    def offer(self, hashes: Hashes, tokens: npt.NDArray[np.int64], values: npt.NDArray[np.float32]) -> None:
        """Let tokens [token] with values [token, neuron] compete with what is kept; several threads may at once."""
        with self._lock:
            self._offer(hashes, tokens, values)

    def _offer(self, hashes: Hashes, tokens: npt.NDArray[np.int64], values: npt.NDArray[np.float32]) -> None:
        held = len(self.hashes)
        both = np.concatenate([self.hashes, hashes])
        kept = np.argpartition(both, self.size - 1)[: self.size] if len(both) > self.size else np.arange(len(both))
        stays = np.zeros(len(both), np.bool_)
        stays[kept] = True
        entering = np.flatnonzero(stays[held:])
        grown = min(self.size, held + len(entering)) - held
        slots = np.concatenate([np.flatnonzero(~stays[:held]), np.arange(held, held + grown)])
        self.hashes = np.concatenate([self.hashes, np.zeros(grown, np.uint64)])
        self.tokens = np.concatenate([self.tokens, np.zeros(grown, np.int64)])
        self.hashes[slots], self.tokens[slots] = hashes[entering], tokens[entering]
        self._room[slots] = values[entering]
        self.values = self._room[: held + grown]
        if len(self.hashes) == self.size:
            self._largest = self.hashes.max()

    def merge(self, other: "TokenSample") -> None:
        """Take in another sample, of other tokens."""
        if len(other.hashes):
            self.offer(other.hashes, other.tokens, other.values)

    def state(self) -> dict[str, npt.NDArray[np.generic]]:
        """The arrays that `restore` takes."""
        return {"hashes": self.hashes, "tokens": self.tokens, "values": self.values}

    def restore(self, state: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Go on from a state that `state` gave, into an empty sample."""
        self.offer(state["hashes"].astype(np.uint64), state["tokens"].astype(np.int64), state["values"].astype("f4"))

    def in_order(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Tokens and values in order of hash: the same whatever the order of reading."""
        order = np.argsort(self.hashes, kind="stable")
        return self.tokens[order], self.values[order]
