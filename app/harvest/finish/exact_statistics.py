"""Statistics over every scored token, computed from all shards: extremes, means and counts of windows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.archive.levels import FAINTEST_STRENGTH
from app.foundation.arrays import Floats, Floats32, Ints
from app.harvest.checkpoint import ReadExtremes
from app.harvest.scan.extremes import Extremes
from app.harvest.scan.priority_store import NO_ENTRY, WindowStore


@dataclass(frozen=True)
class ExactStatistics:
    """The exact statistics of one channel's neurons, [neuron] each."""

    maxima: Floats32
    minima: Floats32
    means: Floats
    firing_window_counts: Ints
    """Windows in which the neuron reaches strength 0.1."""
    near_duplicate_counts: Ints
    """Windows that are strong enough for the top list, but are near-duplicates of windows in it."""


def exact_statistics(read_extremes: ReadExtremes, top: WindowStore, token_count: int) -> ExactStatistics:
    """Compute the exact statistics of one channel.

    The extremes of all shards are read twice, since windows can be counted only when the largest activation is known.
    """
    maxima, minima, sums = _join_extremes(read_extremes())
    thresholds = firing_thresholds(maxima)
    firing_window_counts, strong_window_counts = np.zeros(len(maxima), np.int64), np.zeros(len(maxima), np.int64)
    first_window = 0
    for shard in read_extremes():
        firing_window_counts += (shard.maxima >= thresholds).sum(axis=0)
        window_numbers = first_window + np.arange(len(shard.maxima))[:, None]
        ties = (shard.maxima == top.floor) & np.isfinite(shard.maxima) & (window_numbers <= top.floor_entry_numbers)
        strong_window_counts += ((shard.maxima > top.floor) | ties).sum(axis=0)
        first_window += len(shard.maxima)
    listed_counts = (top.window_numbers != NO_ENTRY).sum(axis=1)
    near_duplicate_counts = strong_window_counts - listed_counts
    return ExactStatistics(maxima, minima, sums / token_count, firing_window_counts, near_duplicate_counts)


def firing_thresholds(maxima: Floats32) -> Floats32:
    """[neuron] the smallest activation of strength 0.1, by the same arithmetic as `levels.relative_strength`.

    It is infinite for a neuron whose largest activation is not positive: such a neuron never fires.
    """
    near = (FAINTEST_STRENGTH * maxima.astype(np.float64)).astype(np.float32)
    below, above = np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))
    positive_maxima = np.where(maxima > 0, maxima, 1).astype(np.float64)
    thresholds = above
    for candidate in (near, below):
        thresholds = np.where(
            candidate.astype(np.float64) / positive_maxima >= FAINTEST_STRENGTH, candidate, thresholds
        )
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
