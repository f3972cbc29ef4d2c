"""Statistics of each neuron from the samples: histogram, density, quantiles, and the tokens on which it fires."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.archive.neuron import QUANTILES, FiringToken
from app.foundation.arrays import Floats, Floats32
from app.harvest.finish.exact_statistics import ExactStatistics, firing_thresholds
from app.harvest.scan.priority_store import NO_ENTRY, FiringStore
from app.harvest.scan.quantiles import quantile_ranks

HISTOGRAM_BIN_COUNT = 40
FIRING_TOKENS_SHOWN = 12
"""The largest number of tokens that are stored for a neuron."""


@dataclass(frozen=True)
class SampledStatistics:
    """The sampled statistics of one neuron, under the names that they have in `NeuronStatistics`."""

    density: float
    histogram: tuple[int, ...]
    edges: tuple[float, ...]
    quantiles: tuple[float, ...]
    tokens: tuple[FiringToken, ...]


def sampled_statistics(
    sampled_activations: Floats32, firings: FiringStore | None, exact: ExactStatistics, pieces: list[bytes]
) -> Iterator[SampledStatistics]:
    """The sampled statistics of each neuron, from the sorted token sample [neuron, token] and drawn firings, if any."""
    thresholds = firing_thresholds(exact.maxima)
    ranks = quantile_ranks(QUANTILES, sampled_activations.shape[1])
    for neuron, activations in enumerate(sampled_activations):
        edges = _bin_edges(float(exact.minima[neuron]), float(exact.maxima[neuron]))
        below = np.searchsorted(activations, edges[1:-1].astype(np.float32))
        histogram = np.diff(below, prepend=0, append=len(activations))
        yield SampledStatistics(
            density=float(1 - np.searchsorted(activations, thresholds[neuron]) / len(activations)),
            histogram=tuple(histogram.tolist()),
            edges=tuple(edges.tolist()),
            quantiles=tuple(activations[ranks].tolist()),
            tokens=_firing_tokens(firings, neuron, exact.maxima[neuron], thresholds[neuron], pieces),
        )


def _bin_edges(minimum: float, maximum: float) -> Floats:
    """[edge] the edges of equal bins from minimum to maximum, or one unit wide in all if these are equal."""
    return np.linspace(minimum, maximum if maximum > minimum else minimum + 1.0, HISTOGRAM_BIN_COUNT + 1)


def _firing_tokens(
    firings: FiringStore | None, neuron: int, maximum: np.float32, threshold: np.float32, pieces: list[bytes]
) -> tuple[FiringToken, ...]:
    """The tokens of a neuron's drawn firings, most frequent first; of equally frequent ones the stronger first."""
    if firings is None:
        return ()
    activations = firings.activations[neuron, :, 0]
    fires = (firings.corpus_positions[neuron] != NO_ENTRY) & (activations >= threshold)
    token_ids, indices = np.unique(firings.token_ids[neuron][fires], return_inverse=True)
    if not len(token_ids):
        return ()
    counts = np.bincount(indices)
    strengths = np.bincount(indices, weights=activations[fires]) / counts / float(maximum)
    order = np.lexsort((token_ids, -strengths, -counts))[:FIRING_TOKENS_SHOWN]
    return tuple(FiringToken(pieces[token_ids[index]], int(counts[index]), float(strengths[index])) for index in order)
