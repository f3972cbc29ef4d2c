"""The pilot: statistics of each neuron over the first windows of a corpus, computed before anything is drawn.

They give the limits of the bands of quantiles and of the activation bins. These limits only spread the draws: the band
that is stored with a snippet is decided at the end, from the final sample.
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
"""The shares of tokens at which one band of quantiles ends and the next begins."""
SMALLEST_POSITIVE = np.finfo(np.float32).tiny
SILENT_CUTS = (0.0, 0.2, 0.4, 0.6)
"""The cuts of a neuron that is silent in the pilot, as shares of its reference, so that its draws are spread too."""


@dataclass(frozen=True)
class PilotStatistics:
    """The activations of each neuron in the pilot.

    If a whole layer is silent in the pilot, its higher bins and bands are seldom filled.
    """

    cuts: Floats32
    """[neuron, cut] activation at QUANTILE_CUTS."""
    maxima: Floats32
    """[neuron] largest activation, or the smallest positive number if none is positive."""
    references: Floats32
    """[neuron] largest activation, or the layer's median one if none is positive; activation bins are shares of it."""

    @classmethod
    def from_sample(cls, scored: Floats32) -> "PilotStatistics":
        """Compute them from the activations of all scored tokens [token, neuron]."""
        rows = sort_by_neuron(scored)
        cuts, maxima = sample_quantiles(rows, QUANTILE_CUTS), np.maximum(rows[:, -1], SMALLEST_POSITIVE)
        fires = maxima > SMALLEST_POSITIVE
        typical_maximum = np.median(maxima[fires]) if fires.any() else SMALLEST_POSITIVE
        references = np.where(fires, maxima, typical_maximum).astype(np.float32)
        is_constant = ~fires & (cuts[:, 0] == cuts[:, -1])
        spread_cuts = cuts[:, :1] + references[:, None] * np.array(SILENT_CUTS, np.float32)
        return cls(np.where(is_constant[:, None], spread_cuts, cuts), maxima, references)


def scored_activations(activations_and_batches: Iterable[tuple[Tensor, Batch]]) -> Floats32:
    """[token, neuron] the activations of all scored tokens of some batches.

    Each batch comes with its activations [window, position, neuron].
    """
    return np.concatenate(
        [activations[torch.from_numpy(batch.is_scored)].cpu().numpy() for activations, batch in activations_and_batches]
    )
