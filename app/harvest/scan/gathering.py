"""Single windows and peaks taken out of the activations of a batch."""

import numpy as np
import torch
from torch import Tensor

from app.foundation.arrays import Floats32, Ints
from app.harvest.scan.batches import Batch


def gather_windows(reading: Tensor, rows: Ints, neurons: Ints, window_length: int) -> Floats32:
    """[entry, position] the activations of one neuron in one window each, zero after the batch's last position.

    `reading` is [window, position, neuron], on any device; `rows` and `neurons` are [entry].
    """
    windows = np.zeros((len(rows), window_length), np.float32)
    windows[:, : reading.shape[1]] = _gather(reading, rows, neurons)
    return windows


def _gather(reading: Tensor, rows: Ints, neurons: Ints) -> Floats32:
    if reading.device.type != "cpu":
        return reading[torch.from_numpy(rows), :, torch.from_numpy(neurons)].cpu().numpy()
    by_position = reading.numpy().transpose(1, 0, 2)  # in the order of memory, which takes half the time
    windows: Floats32 = by_position[:, rows, neurons].T
    return windows


def strongest_positions(windows: Floats32, batch: Batch, rows: Ints) -> Ints:
    """[entry] the earliest of the strongest scored positions of windows [entry, position], rows [entry] of a batch."""
    if batch.common_span is None:
        is_scored, begin = batch.is_scored[rows], 0
        scored = np.where(is_scored, windows[:, : is_scored.shape[1]], -np.inf)
    else:
        scored, begin = windows[:, batch.common_span], batch.common_span.start
    peaks: Ints = scored.argmax(axis=1) + begin
    return peaks
