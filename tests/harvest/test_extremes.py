"""Maxima, minima and sums on any device."""

import numpy as np
import torch

from app.harvest.scan.batches import Batch
from app.harvest.scan.extremes import reduce_in_memory, reduce_on_device


def test_reductions_on_a_device_equal_those_in_memory() -> None:
    batch_activations = torch.randn(3, 12, 5, generator=torch.Generator().manual_seed(1))
    is_scored = np.random.default_rng(1).random((3, 12)) < 0.5
    is_scored[2] = False  # a window of context alone
    unused = np.zeros((3, 12), np.uint64)
    batch = Batch(np.zeros((3, 12), np.int32), np.arange(3), is_scored, unused, unused)
    for in_memory, on_device in zip(
        reduce_in_memory(batch_activations, batch), reduce_on_device(batch_activations, batch), strict=True
    ):
        np.testing.assert_allclose(in_memory, on_device, rtol=1e-6)
    assert reduce_in_memory(batch_activations, batch)[0][2].max() == -np.inf
