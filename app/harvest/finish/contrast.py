"""Contrast snippets: the token a neuron likes best, in a text where the neuron stays quiet on it.

Which token that is, is known only at the end; so some windows in which such tokens stand are read a second time, a
round at a time: each round takes the windows that promise most to the neurons that still lack snippets, and a neuron
promises less the more often it was found to fire. A window counts only if the neuron is quiet wherever the token
stands in it, context included, for all of it is shown.

The work does not grow with the corpus: a fixed number of windows is read again, chosen from a pool that is drawn by a
seeded hash of its own, so that one window serves many tokens. A neuron that fires on nearly every occurrence of its
token may therefore get fewer snippets than asked for, or none.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from app.foundation.arrays import Bools, Floats, Floats32, Ints
from app.harvest.checkpoint import ReadWindows
from app.harvest.finish.selection import GroupSnippets
from app.harvest.finish.window_pool import WindowPool
from app.harvest.options import HarvestOptions
from app.harvest.scan.batches import Batch
from app.harvest.scan.channel import Channel
from app.harvest.scan.gathering import gather_windows
from app.harvest.scan.top_store import position_in_run
from app.harvest.scan.worker_threads import WorkerThreads

ReadBatch = Callable[[Batch], Mapping[Channel, Tensor]]
"""From a batch to its activations by channel, each [window, position, neuron]."""
GROUP = "contrast"
WINDOWS_REREAD = 768
"""Windows read a second time, at most: whatever the corpus, a fixed cost."""
WINDOWS_PER_ROUND = 64
"""Windows read before it is asked again which neurons lack snippets."""
WINDOWS_PER_SNIPPET = 10
"""Windows drawn for each token and snippet looked for: in many of them the neuron fires after all."""


@dataclass(frozen=True)
class ContrastTargets:
    """What one channel's neurons look for, [neuron] each."""

    token_ids: Ints
    """The token's id, -1 for none."""
    thresholds: Floats32
    """The smallest activation that is not quiet."""


@dataclass(frozen=True)
class QuietWindows:
    """Windows in which a neuron is quiet on its token: [snippet] each, and activations [snippet, position]."""

    neuron_indices: Ints
    window_numbers: Ints
    peaks: Ints
    activations: Floats32

    @classmethod
    def joined(cls, batches: Sequence["QuietWindows"]) -> "QuietWindows":
        """All snippets of several batches, in order."""
        names = ("neuron_indices", "window_numbers", "peaks", "activations")
        return cls(*(np.concatenate([getattr(batch, name) for batch in batches]) for name in names))

    def at(self, indices: Ints) -> "QuietWindows":
        """The snippets of these indices."""
        return QuietWindows(
            self.neuron_indices[indices], self.window_numbers[indices], self.peaks[indices], self.activations[indices]
        )


def find_contrast_snippets(
    targets: Mapping[Channel, ContrastTargets],
    read_windows: ReadWindows,
    forward: ReadBatch,
    threads: WorkerThreads,
    options: HarvestOptions,
) -> dict[Channel, GroupSnippets]:
    """Up to `options.contrast` snippets a neuron for every channel, from a second reading of few windows."""
    tokens = np.unique(np.concatenate([channel_targets.token_ids for channel_targets in targets.values()]))
    pool = WindowPool(tokens[tokens >= 0], read_windows, WINDOWS_PER_SNIPPET * options.contrast, options.seed)
    searches = {
        channel: _ContrastSearch(channel_targets, pool, options.contrast)
        for channel, channel_targets in targets.items()
    }

    def search_batch(batch: Batch) -> dict[Channel, QuietWindows]:
        readings = forward(batch)
        return {channel: search.find_quiet(readings[channel], batch) for channel, search in searches.items()}

    for window_count in _round_sizes():
        demand = np.sum([search.demand() for search in searches.values()], axis=0)
        rows = pool.take_most_useful(demand, window_count)
        if not len(rows):
            break
        batches = list(threads.map(search_batch, pool.batches(rows, options.batch_size)))
        for channel, search in searches.items():
            search.keep([batch[channel] for batch in batches], pool.count_windows_by_target(rows))
    return {channel: search.snippets() for channel, search in searches.items()}


def _round_sizes() -> Iterator[int]:
    """How many windows each round reads."""
    for begin in range(0, WINDOWS_REREAD, WINDOWS_PER_ROUND):
        yield min(WINDOWS_PER_ROUND, WINDOWS_REREAD - begin)


class _ContrastSearch:
    """The snippets that the neurons of one channel have, and how many each lacks."""

    def __init__(self, targets: ContrastTargets, pool: WindowPool, limit: int) -> None:
        self.targets = targets
        self._target_count = len(pool.targets)
        self._target_indices = np.searchsorted(pool.targets, targets.token_ids)  # [neuron]
        self._lacking = np.where(targets.token_ids >= 0, limit, 0)  # [neuron]
        self._tries = np.zeros(len(targets.token_ids), np.int64)  # [neuron]
        empty = np.zeros(0, np.int64)
        self._parts = [QuietWindows(empty, empty, empty, np.zeros((0, pool.token_ids.shape[1]), np.float32))]

    def demand(self) -> Floats:
        """[target] how much a window with the token is worth."""
        neurons = np.flatnonzero(self._lacking)
        worth = np.bincount(self._target_indices[neurons], 1 / (1 + self._tries[neurons]), self._target_count)
        return worth.astype(np.float64)  # of no neurons numpy gives whole numbers

    def find_quiet(self, reading: Tensor, batch: Batch) -> QuietWindows:
        """Windows of a batch in which a neuron that lacks snippets is quiet on its token; changes nothing.

        `reading` is [window, position, neuron].
        """
        rows, neurons, positions = self._occurrences(batch)
        indices = (torch.from_numpy(rows), torch.from_numpy(positions), torch.from_numpy(neurons))
        is_quiet = reading[indices].cpu().numpy() < self.targets.thresholds[neurons]
        rows, neurons, peaks = _quiet_pairs(rows, neurons, positions, is_quiet, batch.is_scored)
        activations = gather_windows(reading, rows, neurons, reading.shape[1])
        return QuietWindows(neurons, batch.window_numbers[rows], peaks, activations)

    def _occurrences(self, batch: Batch) -> tuple[Ints, Ints, Ints]:
        """Row, neuron and position of each place where the token of a neuron that lacks snippets stands."""
        neurons = np.flatnonzero(self._lacking)
        neurons = neurons[np.argsort(self.targets.token_ids[neurons], kind="stable")]
        tokens = self.targets.token_ids[neurons]
        rows, positions = np.nonzero(np.isin(batch.token_ids, tokens))
        occurring = batch.token_ids[rows, positions]
        begins, ends = np.searchsorted(tokens, occurring), np.searchsorted(tokens, occurring, side="right")
        repeats = np.repeat(np.arange(len(rows)), ends - begins)
        owners = neurons[np.repeat(begins, ends - begins) + position_in_run(repeats)]
        return rows[repeats], owners, positions[repeats]

    def keep(self, batches: Sequence[QuietWindows], windows_by_target: Ints) -> None:
        """Keep what a round gave, no more than is lacking; it looked into `windows_by_target` [target] windows."""
        quiet = QuietWindows.joined(batches)
        order = np.argsort(quiet.neuron_indices, kind="stable")
        order = order[position_in_run(quiet.neuron_indices[order]) < self._lacking[quiet.neuron_indices[order]]]
        self._parts.append(quiet.at(order))
        tried = np.flatnonzero(self._lacking)
        self._tries[tried] += windows_by_target[self._target_indices[tried]]
        self._lacking -= np.bincount(quiet.neuron_indices[order], minlength=len(self._lacking))

    def snippets(self) -> GroupSnippets:
        """All that was kept, of each neuron in the order of finding."""
        quiet = QuietWindows.joined(self._parts)
        order = np.argsort(quiet.neuron_indices, kind="stable")
        return GroupSnippets(
            group=GROUP,
            neuron_indices=quiet.neuron_indices[order],
            ranks=position_in_run(quiet.neuron_indices[order]),
            bands=np.full(len(order), ""),
            window_numbers=quiet.window_numbers[order],
            peaks=quiet.peaks[order],
            row_indices=order,
            activations=quiet.activations,
        )


def _quiet_pairs(
    row_indices: Ints, neuron_indices: Ints, positions: Ints, is_quiet: Bools, is_scored: Bools
) -> tuple[Ints, Ints, Ints]:
    """Row, neuron and earliest scored position of each pair that is quiet at all its positions and scored at one.

    All are [occurrence], but `is_scored` is [window, position].
    """
    order = np.lexsort((positions, ~is_scored[row_indices, positions], neuron_indices, row_indices))
    rows, neurons = row_indices[order], neuron_indices[order]
    positions, is_quiet = positions[order], is_quiet[order]
    begins = np.flatnonzero((np.diff(rows, prepend=-1) != 0) | (np.diff(neurons, prepend=-1) != 0))
    if not len(begins):
        return rows, neurons, positions
    is_kept = np.logical_and.reduceat(is_quiet, begins) & is_scored[rows[begins], positions[begins]]
    pairs = begins[is_kept]
    return rows[pairs], neurons[pairs], positions[pairs]
