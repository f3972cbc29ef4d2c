"""What the token sample tells of each neuron: histogram, density, quantiles, and the tokens it fires on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.harvest.exact import faintest
from app.harvest.neuron import QUANTILES, FiringToken
from app.harvest.topk import Floats, Ints

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


def sketches(tokens: Ints, values: Floats, minimum: Floats, maximum: Floats, pieces: list[bytes]) -> Iterator[Sketch]:
    """One per neuron, from sampled ids [token] and activations [token, neuron] and the exact extremes [neuron]."""
    fires = values >= faintest(maximum)
    ranks = np.clip(np.round(np.array(QUANTILES) * (len(tokens) - 1)).astype(np.int64), 0, None)
    for neuron in range(values.shape[1]):
        column = np.sort(values[:, neuron])
        edges = _edges(float(minimum[neuron]), float(maximum[neuron]))
        yield Sketch(
            density=float(fires[:, neuron].mean()),
            histogram=tuple(np.histogram(column, bins=edges)[0].tolist()),
            edges=tuple(edges.tolist()),
            quantiles=tuple(column[ranks].tolist()),
            tokens=_firing_tokens(tokens, values[:, neuron], fires[:, neuron], float(maximum[neuron]), pieces),
        )


def _edges(minimum: float, maximum: float) -> npt.NDArray[np.float64]:
    """BINS equal bins from minimum to maximum; a neuron that never changes gets bins of no width around it."""
    return np.linspace(minimum, maximum if maximum > minimum else minimum + 1.0, BINS + 1)


def _firing_tokens(
    tokens: Ints, values: Floats, fires: npt.NDArray[np.bool_], maximum: float, pieces: list[bytes]
) -> tuple[FiringToken, ...]:
    """The most frequent first, of equally frequent ones the stronger."""
    kinds, where = np.unique(tokens[fires], return_inverse=True)
    counts = np.bincount(where, minlength=len(kinds))
    strengths = np.bincount(where, weights=values[fires], minlength=len(kinds)) / np.maximum(counts, 1) / maximum
    order = np.lexsort((kinds, -strengths, -counts))[:FIRING]
    return tuple(FiringToken(pieces[kinds[one]], int(counts[one]), float(strengths[one])) for one in order)
