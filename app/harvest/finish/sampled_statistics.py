"""What the samples say about each neuron: histogram, density, quantiles, and the tokens on which it fires."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.archive.neuron import QUANTILES, FiringToken
from app.foundation.arrays import Floats, Floats32
from app.harvest.finish.exact_statistics import ExactStatistics, firing_thresholds
from app.harvest.scan.quantiles import quantile_ranks
from app.harvest.scan.top_store import NEVER, TopStore

BIN_COUNT = 40
FIRING_TOKENS_SHOWN = 12
"""Per neuron, at most."""


@dataclass(frozen=True)
class SampledStatistics:
    """One neuron's, under the names that `NeuronStatistics` has for them."""

    density: float
    histogram: tuple[int, ...]
    edges: tuple[float, ...]
    quantiles: tuple[float, ...]
    tokens: tuple[FiringToken, ...]


def sampled_statistics(
    sampled_activations: Floats32, firings: TopStore | None, exact: ExactStatistics, pieces: list[bytes]
) -> Iterator[SampledStatistics]:
    """One per neuron, from the sorted token sample [neuron, token], and the firings drawn, if any were."""
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
    """[edge] of equal bins from minimum to maximum; a neuron that never changes gets bins up from there."""
    return np.linspace(minimum, maximum if maximum > minimum else minimum + 1.0, BIN_COUNT + 1)


def _firing_tokens(
    firings: TopStore | None, neuron: int, maximum: np.float32, threshold: np.float32, pieces: list[bytes]
) -> tuple[FiringToken, ...]:
    """The most frequent tokens of the drawn firings first, of equally frequent ones the stronger."""
    if firings is None:
        return ()
    activations = firings.activations[neuron, :, 0]
    fires = (firings.window_numbers[neuron] != NEVER) & (activations >= threshold)
    token_ids, indices = np.unique(firings.peaks[neuron][fires], return_inverse=True)
    if not len(token_ids):
        return ()
    counts = np.bincount(indices)
    strengths = np.bincount(indices, weights=activations[fires]) / counts / float(maximum)
    order = np.lexsort((token_ids, -strengths, -counts))[:FIRING_TOKENS_SHOWN]
    return tuple(FiringToken(pieces[token_ids[at]], int(counts[at]), float(strengths[at])) for at in order)
