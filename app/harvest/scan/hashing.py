"""Seeded 64-bit hashes of whole arrays: draws that depend on what is drawn, never on the order of reading."""

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_PRIME = np.uint64(0x100000001B3)


def mixed(values: npt.NDArray[np.generic], seed: int) -> Hashes:
    """SplitMix64's finaliser (Steele, Lea and Flood, 2014) over integers of any shape, moved by a seed."""
    with np.errstate(over="ignore"):
        x = values.astype(np.uint64) + _GOLDEN * np.uint64((2 * seed + 1) % 2**64)
        x = (x ^ (x >> np.uint64(30))) * _FIRST
        x = (x ^ (x >> np.uint64(27))) * _SECOND
    return x ^ (x >> np.uint64(31))


def neighbourhood_keys(tokens: npt.NDArray[np.int32], outside: npt.NDArray[np.bool_], span: int) -> Hashes:
    """[window, position] -> a hash of the tokens `span` either side, what lies outside the text being one value."""
    words = np.where(outside, np.uint64(0), mixed(tokens + 1, 0))
    padded = np.pad(words, ((0, 0), (span, span)))
    width = tokens.shape[1]
    keys = np.zeros(tokens.shape, np.uint64)
    with np.errstate(over="ignore"):
        for shift in range(2 * span + 1):
            keys = (keys ^ padded[:, shift : shift + width]) * _PRIME
    return mixed(keys, 1)


def fraction(hashes: Hashes) -> npt.NDArray[np.float32]:
    """Uniform in [0, 1) from the upper 24 bits, all that a float32 holds exactly."""
    return (hashes >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)
