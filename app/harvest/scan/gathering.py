"""Single windows and their peaks, from the activations of a batch."""

import numpy as np
import torch
from torch import Tensor

from app.foundation.arrays import Floats32, Ints
from app.harvest.scan.batches import Batch


def gather_windows(batch_activations: Tensor, row_indices: Ints, neuron_indices: Ints, window_length: int) -> Floats32:
    """[entry, position] the activations of one neuron in one window each, zero after the batch's last position.

    `batch_activations` is [window, position, neuron], on any device; `row_indices` and `neuron_indices` are [entry].
    """
    activations = np.zeros((len(row_indices), window_length), np.float32)
    activations[:, : batch_activations.shape[1]] = _gather(batch_activations, row_indices, neuron_indices)
    return activations


def _gather(batch_activations: Tensor, row_indices: Ints, neuron_indices: Ints) -> Floats32:
    if batch_activations.device.type != "cpu":
        return batch_activations[torch.from_numpy(row_indices), :, torch.from_numpy(neuron_indices)].cpu().numpy()
    by_position = batch_activations.numpy().transpose(1, 0, 2)  # in the order of memory, which takes half the time
    activations: Floats32 = by_position[:, row_indices, neuron_indices].T
    return activations


def strongest_positions(activations: Floats32, batch: Batch, row_indices: Ints) -> Ints:
    """[entry] the scored position of largest activation in each window, the earliest if several are equal.

    `activations` are [entry, position]; `row_indices` [entry] are the rows of the windows in the batch.
    """
    if batch.common_span is None:
        is_scored, begin = batch.is_scored[row_indices], 0
        scored = np.where(is_scored, activations[:, : is_scored.shape[1]], -np.inf)
    else:
        scored, begin = activations[:, batch.common_span], batch.common_span.start
    peaks: Ints = scored.argmax(axis=1) + begin
    return peaks
