"""What the samples tell of each neuron: histogram, density, quantiles, and the tokens it fires on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.archive.neuron import QUANTILES, FiringToken
from app.harvest.finish.exact_statistics import Exact, faintest
from app.harvest.scan.topk import NEVER, Floats, Ints, TopStore

BINS = 40
FIRING = 12
"""Firing tokens kept per neuron."""


@dataclass(frozen=True)
class Sketch:
    """One neuron as sampled."""

    density: float
    histogram: tuple[int, ...]
    edges: tuple[float, ...]
    quantiles: tuple[float, ...]
    tokens: tuple[FiringToken, ...]


def sketches(values: Floats, firings: TopStore | None, exact: Exact, pieces: list[bytes]) -> Iterator[Sketch]:
    """One per neuron, from the token sample [neuron, token], sorted by value, and the firings drawn, if any were."""
    enough = faintest(exact.maximum)
    ranks = ranks_of(QUANTILES, values.shape[1])
    for neuron, column in enumerate(values):
        edges = _edges(float(exact.minimum[neuron]), float(exact.maximum[neuron]))
        below = np.searchsorted(column, edges[1:-1].astype(np.float32))
        histogram = np.diff(below, prepend=0, append=len(column))
        yield Sketch(
            density=float(1 - np.searchsorted(column, enough[neuron]) / len(column)),
            histogram=tuple(histogram.tolist()),
            edges=tuple(edges.tolist()),
            quantiles=tuple(column[ranks].tolist()),
            tokens=_firing_tokens(firings, neuron, exact.maximum[neuron], enough[neuron], pieces),
        )


def by_neuron(values: Floats) -> Floats:
    """A token sample [token, neuron] as [neuron, token], each row sorted."""
    rows = np.ascontiguousarray(values.T)  # sorting along memory takes a fifth of the time
    rows.sort(axis=1)
    return rows


def quantile_cuts(values: Floats, cuts: tuple[float, ...]) -> Floats:
    """[neuron, cut] the sampled quantiles of sorted rows [neuron, token]."""
    found: Floats = values[:, ranks_of(cuts, values.shape[1])]
    return found


def ranks_of(cuts: tuple[float, ...], count: int) -> Ints:
    """The place of each quantile in a sorted sample: the smallest value with at least that share at or below it."""
    ranks: Ints = np.clip(np.ceil(np.array(cuts) * count) - 1, 0, count - 1).astype(np.int64)
    return ranks


def _edges(minimum: float, maximum: float) -> npt.NDArray[np.float64]:
    """BINS equal bins from minimum to maximum; a neuron that never changes gets bins up from there."""
    return np.linspace(minimum, maximum if maximum > minimum else minimum + 1.0, BINS + 1)


def _firing_tokens(
    firings: TopStore | None, neuron: int, maximum: np.float32, enough: np.float32, pieces: list[bytes]
) -> tuple[FiringToken, ...]:
    """The most frequent of the drawn firings first, of equally frequent ones the stronger."""
    if firings is None:
        return ()
    values = firings.activations[neuron, :, 0]
    fires = (firings.windows[neuron] != NEVER) & (values >= enough)
    kinds, where = np.unique(firings.peaks[neuron][fires], return_inverse=True)
    if not len(kinds):
        return ()
    counts = np.bincount(where)
    strengths = np.bincount(where, weights=values[fires]) / counts / float(maximum)
    order = np.lexsort((kinds, -strengths, -counts))[:FIRING]
    return tuple(FiringToken(pieces[kinds[one]], int(counts[one]), float(strengths[one])) for one in order)
