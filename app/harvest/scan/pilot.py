"""What the first windows of a corpus say about each neuron, before anything is drawn.

Bands of quantiles and steps of activation are laid out from it. They only spread the draws: which band a snippet is in
is decided at the end, from the final sample.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from app.foundation.arrays import Floats32
from app.harvest.scan.batches import Batch
from app.harvest.scan.quantiles import sample_quantiles, sort_by_neuron

PILOT_WINDOWS = 32
QUANTILE_CUTS = (0.5, 0.9, 0.99, 0.999)
"""Shares of tokens between the bands of quantiles."""
SMALLEST_POSITIVE = np.finfo(np.float32).tiny
SILENT_CUTS = (0.0, 0.2, 0.4, 0.6)
"""Where a neuron that is silent in the pilot has its cuts, as shares of its reference: its firings are still spread."""


@dataclass(frozen=True)
class PilotStatistics:
    """The activations of each neuron in the pilot.

    If a whole layer is silent in the pilot, its stronger steps and bands are seldom filled.
    """

    cuts: Floats32
    """[neuron, cut] activation at QUANTILE_CUTS."""
    maxima: Floats32
    """[neuron] largest activation, or the smallest positive number if none is positive."""
    references: Floats32
    """[neuron] the largest activation, or the layer's median one if none is positive: steps are shares of it."""

    @classmethod
    def from_sample(cls, scored: Floats32) -> "PilotStatistics":
        """From the activations of all scored tokens [token, neuron]."""
        rows = sort_by_neuron(scored)
        cuts, maxima = sample_quantiles(rows, QUANTILE_CUTS), np.maximum(rows[:, -1], SMALLEST_POSITIVE)
        fires = maxima > SMALLEST_POSITIVE
        usual = np.median(maxima[fires]) if fires.any() else SMALLEST_POSITIVE
        references = np.where(fires, maxima, usual).astype(np.float32)
        is_level = ~fires & (cuts[:, 0] == cuts[:, -1])
        spread_cuts = cuts[:, :1] + references[:, None] * np.array(SILENT_CUTS, np.float32)
        return cls(np.where(is_level[:, None], spread_cuts, cuts), maxima, references)


def scored_activations(readings: Iterable[tuple[Tensor, Batch]]) -> Floats32:
    """[token, neuron] of all scored tokens of some batches, from activations [window, position, neuron]."""
    return np.concatenate([reading[torch.from_numpy(batch.is_scored)].cpu().numpy() for reading, batch in readings])
