"""Maxima, minima and sums of activations: exact, and found with one reduction over tokens each."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from app.foundation.arrays import Floats, Floats32, Ints
from app.foundation.errors import ModelError
from app.harvest.scan.batches import Batch
from app.harvest.scan.channel import Channel

SUMMED_AT_ONCE = 128
"""Tokens that are summed in float32 before their sum is added in float64: as fast as all of a window, and the mean
is then good to a millionth at worst, where every token has the same activation, and far better elsewhere."""


@dataclass(frozen=True)
class Extremes:
    """What the scored tokens of some windows say about one channel, independent of all other windows."""

    maxima: Floats32
    """[window, neuron] largest activation in the window; -inf in a window without scored tokens."""
    minima: Floats32
    """[neuron]"""
    sums: Floats
    """[neuron]"""

    def add(self, row_indices: Ints, batch_extremes: "Extremes") -> None:
        """Take in the extremes of a batch, whose windows are these rows [window]."""
        self.maxima[row_indices] = batch_extremes.maxima
        np.minimum(self.minima, batch_extremes.minima, out=self.minima)
        self.sums[...] += batch_extremes.sums


ShardExtremes = Mapping[Channel, Extremes]
"""What one shard says about each channel."""


def no_extremes(window_count: int, neuron_count: int) -> Extremes:
    """The extremes to which those of a shard's batches are added."""
    return Extremes(
        np.empty((window_count, neuron_count), np.float32),
        np.full(neuron_count, np.inf, np.float32),
        np.zeros(neuron_count, np.float64),
    )


def find_extremes(reading: Tensor, batch: Batch) -> Extremes:
    """Extremes of activations [window, position, neuron]. Raises ModelError if one is not a finite number."""
    reduce_tokens = reduce_in_memory if reading.device.type == "cpu" else reduce_on_device
    maxima, minima, sums = reduce_tokens(reading, batch)
    if not np.isfinite(sums).all():
        msg = "the model gave activations that are not numbers; check its weights, or harvest in float32"
        raise ModelError(msg)
    return Extremes(maxima, minima.min(axis=0), sums.sum(axis=0, dtype=np.float64))


def reduce_in_memory(reading: Tensor, batch: Batch) -> tuple[Floats32, Floats32, Floats32]:
    """[window, neuron] maxima and minima, and [part of a window, neuron] sums.

    Window by window: what one reduction read is still in the cache for the next. numpy's reductions take a third of
    torch's time here: they run along the neurons, which lie together.
    """
    window_count, length, neuron_count = reading.shape
    maxima = np.full((window_count, neuron_count), -np.inf, np.float32)
    minima = np.full((window_count, neuron_count), np.inf, np.float32)
    sums = np.zeros((window_count, -(-length // SUMMED_AT_ONCE), neuron_count), np.float32)
    for row, window in enumerate(reading.numpy()):
        scored = window[batch.is_scored[row] if batch.common_span is None else batch.common_span]
        if len(scored):
            np.maximum.reduce(scored, axis=0, out=maxima[row])
            np.minimum.reduce(scored, axis=0, out=minima[row])
            for part, begin in enumerate(range(0, len(scored), SUMMED_AT_ONCE)):
                np.add.reduce(scored[begin : begin + SUMMED_AT_ONCE], axis=0, out=sums[row, part])
    return maxima, minima, sums.reshape(-1, neuron_count)


def reduce_on_device(reading: Tensor, batch: Batch) -> tuple[Floats32, Floats32, Floats32]:
    """The same, reduced where the activations lie, so that three small arrays cross and they do not."""
    is_scored = torch.from_numpy(batch.is_scored).to(reading.device)[:, :, None]
    maxima = torch.where(is_scored, reading, -torch.inf).amax(dim=1)
    minima = torch.where(is_scored, reading, torch.inf).amin(dim=1)
    sums = torch.where(is_scored, reading, 0).sum(dim=1)
    return maxima.cpu().numpy(), minima.cpu().numpy(), sums.cpu().numpy()
