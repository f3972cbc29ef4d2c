"""What every scored token has a part in, put together from the shards' notes: extremes, means, counts of windows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.archive.levels import FAINTEST
from app.harvest.checkpoint import Arrays
from app.harvest.scan.topk import NEVER, Floats, Ints, TopStore

Reread = Callable[[], Iterator[Arrays]]
"""Begins the shards' notes again from the first; they are never all in memory."""


@dataclass(frozen=True)
class Exact:
    """[neuron] each."""

    maximum: Floats
    minimum: Floats
    mean: npt.NDArray[np.float64]
    contexts: Ints
    """Windows that reach strength 0.1."""
    suppressed: Ints
    """Windows that rank no lower than the last of the top list and are not in it: near-duplicates."""


def put_together(notes: Reread, store: TopStore, tokens: int) -> Exact:
    """Two readings of the notes, for windows can be counted only when the largest activation is known."""
    maximum, minimum, sums = _extremes(notes())
    floor, floor_window, held = store.floor, store.floor_window, (store.windows != NEVER).sum(axis=1)
    contexts, reached = np.zeros(len(maximum), np.int64), np.zeros(len(maximum), np.int64)
    first = 0
    enough = faintest(maximum)
    for one in notes():
        maxima = one["maxima"]
        windows = first + np.arange(len(maxima))[:, None]
        first += len(maxima)
        contexts += (maxima >= enough).sum(axis=0)
        reached += ((maxima > floor) | ((maxima == floor) & np.isfinite(maxima) & (windows <= floor_window))).sum(
            axis=0
        )
    return Exact(maximum, minimum, sums / tokens, contexts, reached - held)


def faintest(maximum: Floats) -> Floats:
    """[neuron] the smallest activation of strength 0.1, by the same arithmetic as `levels.strength`.

    Infinite for a neuron whose largest activation is not positive: it has no strength anywhere.
    """
    near = (FAINTEST * maximum.astype(np.float64)).astype(np.float32)
    below, above = np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))
    largest = np.where(maximum > 0, maximum, 1).astype(np.float64)
    smallest = above
    for one in (near, below):
        smallest = np.where(one.astype(np.float64) / largest >= FAINTEST, one, smallest)
    return np.where(maximum > 0, smallest, np.float32(np.inf))


def _extremes(notes: Iterator[Arrays]) -> tuple[Floats, Floats, npt.NDArray[np.float64]]:
    one = next(notes)
    maximum, minimum, sums = one["maxima"].max(axis=0), one["minima"], one["sums"]
    for one in notes:
        maximum = np.maximum(maximum, one["maxima"].max(axis=0))
        minimum = np.minimum(minimum, one["minima"])
        sums = sums + one["sums"]
    return maximum, minimum, sums
