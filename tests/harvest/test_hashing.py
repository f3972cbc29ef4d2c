"""Seeded hashes of numbers and of neighbourhoods of tokens."""

import numpy as np

from app.harvest.scan.hashing import hash_neighbourhoods, hash_numbers


def test_hashes_are_spread_and_depend_on_the_seed() -> None:
    first, second = hash_numbers(np.arange(100_000), 1), hash_numbers(np.arange(100_000), 2)
    assert len(set(first.tolist())) == 100_000
    assert not (first == second).any()
    counts = np.bincount((first >> np.uint64(60)).astype(np.int64), minlength=16)
    assert abs(counts - 6250).max() < 6 * np.sqrt(6250)


def test_neighbourhood_hashes_are_equal_exactly_for_equal_neighbourhoods() -> None:
    token_ids = np.random.default_rng(0).integers(0, 3, (20, 30)).astype(np.int32)
    is_outside = np.zeros(token_ids.shape, np.bool_)
    is_outside[:, 0] = True
    hashes = hash_neighbourhoods(token_ids, is_outside, 2)
    hash_of: dict[tuple[int, ...], int] = {}
    padded = np.pad(np.where(is_outside, -1, token_ids), ((0, 0), (2, 2)), constant_values=-1)
    for row in range(20):
        for position in range(30):
            neighbours = tuple(padded[row, position : position + 5].tolist())
            assert hash_of.setdefault(neighbours, int(hashes[row, position])) == hashes[row, position]
    assert len(set(hash_of.values())) == len(hash_of)
