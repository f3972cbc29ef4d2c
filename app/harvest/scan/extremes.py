"""Maxima, minima and sums of activations over scored tokens: exact, with one reduction over tokens each."""

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
"""Tokens that are summed in float32 before their sum is added in float64: as fast as summing a whole window, and the
mean is then exact to a millionth in the worst case, where every token has the same activation."""


@dataclass(frozen=True)
class Extremes:
    """The maxima, minima and sums of one channel's neurons over the scored tokens of some windows."""

    maxima: Floats32
    """[window, neuron] largest activation in the window; -inf in a window without scored tokens."""
    minima: Floats32
    """[neuron] smallest activation in all the windows."""
    sums: Floats
    """[neuron] sum of the activations in all the windows."""

    def add(self, row_indices: Ints, batch_extremes: "Extremes") -> None:
        """Add the extremes of a batch; `row_indices` [window] are the rows of its windows."""
        self.maxima[row_indices] = batch_extremes.maxima
        np.minimum(self.minima, batch_extremes.minima, out=self.minima)
        self.sums[...] += batch_extremes.sums


ShardExtremes = Mapping[Channel, Extremes]
"""The extremes of one shard for each channel."""


def empty_extremes(window_count: int, neuron_count: int) -> Extremes:
    """Extremes of nothing yet, to which those of a shard's batches are added."""
    return Extremes(
        np.empty((window_count, neuron_count), np.float32),
        np.full(neuron_count, np.inf, np.float32),
        np.zeros(neuron_count, np.float64),
    )


def find_extremes(batch_activations: Tensor, batch: Batch) -> Extremes:
    """The extremes of a batch's activations [window, position, neuron]. Raises ModelError if one is not finite."""
    reduce_tokens = reduce_in_memory if batch_activations.device.type == "cpu" else reduce_on_device
    maxima, minima, sums = reduce_tokens(batch_activations, batch)
    if not np.isfinite(sums).all():
        msg = "the model gave activations that are not numbers; check its weights, or harvest in float32"
        raise ModelError(msg)
    return Extremes(maxima, minima.min(axis=0), sums.sum(axis=0, dtype=np.float64))


def reduce_in_memory(batch_activations: Tensor, batch: Batch) -> tuple[Floats32, Floats32, Floats32]:
    """Maxima and minima [window, neuron] and sums [part of a window, neuron], computed by numpy.

    It goes window by window, so that a window is still in the cache for the second and third reduction. numpy's
    reductions take a third of torch's time here: they run along the neurons, which are adjacent in memory.
    """
    window_count, length, neuron_count = batch_activations.shape
    maxima = np.full((window_count, neuron_count), -np.inf, np.float32)
    minima = np.full((window_count, neuron_count), np.inf, np.float32)
    sums = np.zeros((window_count, -(-length // SUMMED_AT_ONCE), neuron_count), np.float32)
    for row, window in enumerate(batch_activations.numpy()):
        scored = window[batch.is_scored[row] if batch.common_span is None else batch.common_span]
        if len(scored):
            np.maximum.reduce(scored, axis=0, out=maxima[row])
            np.minimum.reduce(scored, axis=0, out=minima[row])
            for part, begin in enumerate(range(0, len(scored), SUMMED_AT_ONCE)):
                np.add.reduce(scored[begin : begin + SUMMED_AT_ONCE], axis=0, out=sums[row, part])
    return maxima, minima, sums.reshape(-1, neuron_count)


def reduce_on_device(batch_activations: Tensor, batch: Batch) -> tuple[Floats32, Floats32, Floats32]:
    """Maxima, minima and sums [window, neuron], computed on the activations' device.

    Only these three small arrays are copied to the processor's memory.
    """
    is_scored = torch.from_numpy(batch.is_scored).to(batch_activations.device)[:, :, None]
    maxima = torch.where(is_scored, batch_activations, -torch.inf).amax(dim=1)
    minima = torch.where(is_scored, batch_activations, torch.inf).amin(dim=1)
    sums = torch.where(is_scored, batch_activations, 0).sum(dim=1)
    return maxima.cpu().numpy(), minima.cpu().numpy(), sums.cpu().numpy()
