"""Statistics over every scored token, put together from the shards: extremes, means and counts of windows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.archive.levels import FAINTEST
from app.foundation.arrays import Floats, Floats32, Ints
from app.harvest.checkpoint import ReadExtremes
from app.harvest.scan.extremes import Extremes
from app.harvest.scan.top_store import NEVER, TopStore


@dataclass(frozen=True)
class ExactStatistics:
    """[neuron] each."""

    maxima: Floats32
    minima: Floats32
    means: Floats
    contexts: Ints
    """Windows that reach strength 0.1."""
    suppressed: Ints
    """Windows that rank no lower than the last of the top list and are not in it: near-duplicates."""


def exact_statistics(read_extremes: ReadExtremes, top: TopStore, token_count: int) -> ExactStatistics:
    """Read the extremes of all shards twice, for windows can be counted only when the largest activation is known."""
    maxima, minima, sums = _join_extremes(read_extremes())
    thresholds = firing_thresholds(maxima)
    contexts, reaching = np.zeros(len(maxima), np.int64), np.zeros(len(maxima), np.int64)
    first_window = 0
    for shard in read_extremes():
        contexts += (shard.maxima >= thresholds).sum(axis=0)
        window_numbers = first_window + np.arange(len(shard.maxima))[:, None]
        ties = (shard.maxima == top.floor) & np.isfinite(shard.maxima) & (window_numbers <= top.floor_window)
        reaching += ((shard.maxima > top.floor) | ties).sum(axis=0)
        first_window += len(shard.maxima)
    listed = (top.window_numbers != NEVER).sum(axis=1)
    return ExactStatistics(maxima, minima, sums / token_count, contexts, reaching - listed)


def firing_thresholds(maxima: Floats32) -> Floats32:
    """[neuron] the smallest activation of strength 0.1, by the same arithmetic as `levels.relative_strength`.

    Infinite for a neuron whose largest activation is not positive: it has no strength anywhere.
    """
    near = (FAINTEST * maxima.astype(np.float64)).astype(np.float32)
    below, above = np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))
    positive_maxima = np.where(maxima > 0, maxima, 1).astype(np.float64)
    thresholds = above
    for candidate in (near, below):
        thresholds = np.where(candidate.astype(np.float64) / positive_maxima >= FAINTEST, candidate, thresholds)
    return np.where(maxima > 0, thresholds, np.float32(np.inf))


def _join_extremes(shard_extremes: Iterator[Extremes]) -> tuple[Floats32, Floats32, Floats]:
    """Maxima, minima and sums over all shards, [neuron] each."""
    first = next(shard_extremes)
    maxima, minima, sums = first.maxima.max(axis=0), first.minima, first.sums
    for extremes in shard_extremes:
        maxima = np.maximum(maxima, extremes.maxima.max(axis=0))
        minima = np.minimum(minima, extremes.minima)
        sums = sums + extremes.sums
    return maxima, minima, sums
