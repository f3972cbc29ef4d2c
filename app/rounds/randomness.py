"""Random numbers that a secret seed fixes and that reveal nothing about the seed.

Python's own generator is linear: enough of its output (codes and shuffles are public) reveals its state, and so the
draw. This one hashes a counter with BLAKE2b, keyed by the seed and a purpose, so that the numbers of one purpose reveal
nothing about those of another.
"""

import hashlib
from random import Random

SEED_BYTES = 32
"""A round's seed has 256 bits."""


class SecretRandom(Random):
    """A `random.Random` whose bits are BLAKE2b(key=seed, person=purpose) of 0, 1, 2, ..."""

    def __init__(self, seed: str, purpose: str) -> None:
        """`seed` is 64 hexadecimal digits; `purpose` is any text, a different one for each use."""
        super().__init__()
        self._key = hashlib.blake2b(purpose.encode(), key=bytes.fromhex(seed), digest_size=64).digest()
        self._counter = 0
        self._pool = 0
        self._left = 0

    def getrandbits(self, k: int, /) -> int:
        """The next `k` bits."""
        while self._left < k:
            block = hashlib.blake2b(self._counter.to_bytes(8, "big"), key=self._key).digest()
            self._pool = self._pool << (8 * len(block)) | int.from_bytes(block, "big")
            self._left += 8 * len(block)
            self._counter += 1
        self._left -= k
        drawn = self._pool >> self._left
        self._pool &= (1 << self._left) - 1
        return drawn

    def random(self) -> float:
        """A float in [0, 1) from 53 bits."""
        return float(self.getrandbits(53)) * 2.0**-53
