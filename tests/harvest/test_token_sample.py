"""The uniform sample of tokens, and how far from the corpus it may be."""

import numpy as np
import pytest

from app.harvest.scan.hashing import hash_numbers
from app.harvest.scan.token_sample import TokenSample, largest_distribution_distance
from tests.harvest.stores import sample_by_hash


def test_the_token_sample_has_the_smallest_hashes_in_whatever_order_tokens_come() -> None:
    hashes = hash_numbers(np.arange(1000), 3)
    values = np.arange(1000, dtype=np.float32)[:, None]
    expected = np.argsort(hashes)[:50]
    for order in (np.arange(1000), np.arange(1000)[::-1]):
        sample = TokenSample(50, 1)
        for part in np.array_split(order, 13):
            sample.offer(hashes[part], values[part])
        sampled_hashes, sampled_values = sample_by_hash(sample)
        assert sampled_hashes.tolist() == hashes[expected].tolist()
        assert sampled_values[:, 0].tolist() == expected.tolist()


def test_the_bound_on_the_distance_is_massarts() -> None:
    assert largest_distribution_distance(8192, 10**6) == pytest.approx(0.0150050, abs=1e-7)
    assert largest_distribution_distance(100, 100) == 0
