"""Seeded 64-bit hashes of whole arrays: draws that depend on what is drawn, never on the order of reading."""

import numpy as np
from numpy.typing import NDArray

from app.foundation.arrays import Bools, Floats32, Hashes, TokenIds

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST_FACTOR, _SECOND_FACTOR = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_PRIME = np.uint64(0x100000001B3)


def hash_numbers(integers: NDArray[np.generic], seed: int) -> Hashes:
    """A hash of each integer of an array of any shape.

    It is SplitMix64's finaliser (Steele, Lea and Flood, 2014) after adding a number that the seed gives.
    """
    with np.errstate(over="ignore"):
        x = integers.astype(np.uint64) + _GOLDEN * np.uint64((2 * seed + 1) % 2**64)
        x = (x ^ (x >> np.uint64(30))) * _FIRST_FACTOR
        x = (x ^ (x >> np.uint64(27))) * _SECOND_FACTOR
    return x ^ (x >> np.uint64(31))


def hash_neighbourhoods(token_ids: TokenIds, is_outside: Bools, span: int) -> Hashes:
    """[window, position] a hash of the tokens at most `span` away; positions outside the text count as one token."""
    words = np.where(is_outside, np.uint64(0), hash_numbers(token_ids + 1, 0))
    padded = np.pad(words, ((0, 0), (span, span)))
    width = token_ids.shape[1]
    hashes = np.zeros(token_ids.shape, np.uint64)
    with np.errstate(over="ignore"):
        for shift in range(2 * span + 1):
            hashes = (hashes ^ padded[:, shift : shift + width]) * _PRIME
    return hash_numbers(hashes, 1)


def uniform_from_hashes(hashes: Hashes) -> Floats32:
    """Numbers uniform in [0, 1) from the upper 24 bits, all that a float32 holds exactly."""
    return (hashes >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)
