"""Contrast snippets: windows with a neuron's favourite token in which the neuron does not fire on that token.

The favourite token, the commonest peak of the top list, is known only at the end. So some windows are read a second
time, in passes: each pass takes the windows that are most useful to the neurons that still lack snippets, and a window
is less useful to a neuron that fired in many windows already. A window counts only if the neuron does not fire on any
occurrence of the token in it, context included, because the whole window is shown.

The work does not grow with the corpus: a fixed number of windows is read again. They are chosen from a pool that is
drawn by a seeded hash of its own, so that one window serves many tokens. A neuron that fires on nearly every occurrence
of its token may therefore get fewer snippets than the options say, or none.
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
from app.harvest.scan.priority_store import positions_in_runs
from app.harvest.scan.worker_threads import WorkerThreads

ReadBatch = Callable[[Batch], Mapping[Channel, Tensor]]
"""A function from a batch to its activations by channel, each [window, position, neuron]."""
GROUP = "contrast"
WINDOWS_REREAD = 768
"""At most this many windows are read a second time, so the cost does not grow with the corpus."""
WINDOWS_PER_PASS = 64
"""After this many windows the search finds out again which neurons lack snippets."""
WINDOWS_PER_SNIPPET = 10
"""Windows drawn for each token and each snippet that a neuron should get: in many of them the neuron fires."""


@dataclass(frozen=True)
class ContrastTargets:
    """The token and the threshold of each neuron of one channel, [neuron] each."""

    token_ids: Ints
    """The id of the neuron's favourite token, -1 if it has none."""
    thresholds: Floats32
    """The smallest activation at which the neuron fires; below it the neuron is quiet."""


@dataclass(frozen=True)
class QuietWindows:
    """Windows in which a neuron is quiet on its token: [snippet] each, and activations [snippet, position]."""

    neuron_indices: Ints
    window_numbers: Ints
    peaks: Ints
    activations: Floats32

    @classmethod
    def joined(cls, batches: Sequence["QuietWindows"]) -> "QuietWindows":
        """Join the snippets of several batches, in order."""
        names = ("neuron_indices", "window_numbers", "peaks", "activations")
        return cls(*(np.concatenate([getattr(batch, name) for batch in batches]) for name in names))

    def select(self, indices: Ints) -> "QuietWindows":
        """The snippets at these indices."""
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
    """Find up to `options.contrast` contrast snippets for each neuron of each channel, by reading few windows again."""
    tokens = np.unique(np.concatenate([channel_targets.token_ids for channel_targets in targets.values()]))
    pool = WindowPool(tokens[tokens >= 0], read_windows, WINDOWS_PER_SNIPPET * options.contrast, options.seed)
    searches = {
        channel: _ContrastSearch(channel_targets, pool, options.contrast)
        for channel, channel_targets in targets.items()
    }

    def search_batch(batch: Batch) -> dict[Channel, QuietWindows]:
        activations_by_channel = forward(batch)
        return {
            channel: search.find_quiet_windows(activations_by_channel[channel], batch)
            for channel, search in searches.items()
        }

    for window_count in _pass_sizes():
        demand = np.sum([search.demand() for search in searches.values()], axis=0)
        rows = pool.take_most_useful(demand, window_count)
        if not len(rows):
            break
        batches = list(threads.map(search_batch, pool.batches(rows, options.batch_size)))
        for channel, search in searches.items():
            search.keep_snippets([batch[channel] for batch in batches], pool.count_windows_by_target(rows))
    return {channel: search.snippets() for channel, search in searches.items()}


def _pass_sizes() -> Iterator[int]:
    """The number of windows that each pass reads."""
    for begin in range(0, WINDOWS_REREAD, WINDOWS_PER_PASS):
        yield min(WINDOWS_PER_PASS, WINDOWS_REREAD - begin)


class _ContrastSearch:
    """The contrast snippets that the neurons of one channel have so far, and how many each still lacks."""

    def __init__(self, targets: ContrastTargets, pool: WindowPool, limit: int) -> None:
        self.targets = targets
        self._target_count = len(pool.targets)
        self._target_indices = np.searchsorted(pool.targets, targets.token_ids)  # [neuron]
        self._lacking = np.where(targets.token_ids >= 0, limit, 0)  # [neuron]
        self._tried_window_counts = np.zeros(len(targets.token_ids), np.int64)  # [neuron]
        empty = np.zeros(0, np.int64)
        self._parts = [QuietWindows(empty, empty, empty, np.zeros((0, pool.token_ids.shape[1]), np.float32))]

    def demand(self) -> Floats:
        """[target] how useful a window with the token is."""
        neurons = np.flatnonzero(self._lacking)
        usefulness = np.bincount(
            self._target_indices[neurons], 1 / (1 + self._tried_window_counts[neurons]), self._target_count
        )
        return usefulness.astype(np.float64)  # without neurons numpy returns whole numbers

    def find_quiet_windows(self, batch_activations: Tensor, batch: Batch) -> QuietWindows:
        """The windows of a batch in which a neuron that lacks snippets is quiet on its token; changes nothing.

        `batch_activations` is [window, position, neuron].
        """
        rows, neurons, positions = self._occurrences(batch)
        indices = (torch.from_numpy(rows), torch.from_numpy(positions), torch.from_numpy(neurons))
        is_quiet = batch_activations[indices].cpu().numpy() < self.targets.thresholds[neurons]
        rows, neurons, peaks = _quiet_pairs(rows, neurons, positions, is_quiet, batch.is_scored)
        activations = gather_windows(batch_activations, rows, neurons, batch_activations.shape[1])
        return QuietWindows(neurons, batch.window_numbers[rows], peaks, activations)

    def _occurrences(self, batch: Batch) -> tuple[Ints, Ints, Ints]:
        """Row, neuron and position of every occurrence of the favourite token of a neuron that lacks snippets."""
        neurons = np.flatnonzero(self._lacking)
        neurons = neurons[np.argsort(self.targets.token_ids[neurons], kind="stable")]
        tokens = self.targets.token_ids[neurons]
        rows, positions = np.nonzero(np.isin(batch.token_ids, tokens))
        occurring = batch.token_ids[rows, positions]
        begins, ends = np.searchsorted(tokens, occurring), np.searchsorted(tokens, occurring, side="right")
        repeats = np.repeat(np.arange(len(rows)), ends - begins)
        owners = neurons[np.repeat(begins, ends - begins) + positions_in_runs(repeats)]
        return rows[repeats], owners, positions[repeats]

    def keep_snippets(self, batches: Sequence[QuietWindows], windows_by_target: Ints) -> None:
        """Keep the snippets that a pass found, as many as are lacking.

        `windows_by_target` [target] is the number of windows with each token that the pass read.
        """
        quiet = QuietWindows.joined(batches)
        order = np.argsort(quiet.neuron_indices, kind="stable")
        order = order[positions_in_runs(quiet.neuron_indices[order]) < self._lacking[quiet.neuron_indices[order]]]
        self._parts.append(quiet.select(order))
        tried = np.flatnonzero(self._lacking)
        self._tried_window_counts[tried] += windows_by_target[self._target_indices[tried]]
        self._lacking -= np.bincount(quiet.neuron_indices[order], minlength=len(self._lacking))

    def snippets(self) -> GroupSnippets:
        """All snippets that were kept, by neuron, each neuron's in the order in which they were found."""
        quiet = QuietWindows.joined(self._parts)
        order = np.argsort(quiet.neuron_indices, kind="stable")
        return GroupSnippets(
            group=GROUP,
            neuron_indices=quiet.neuron_indices[order],
            ranks=positions_in_runs(quiet.neuron_indices[order]),
            bands=np.full(len(order), ""),
            window_numbers=quiet.window_numbers[order],
            peaks=quiet.peaks[order],
            row_indices=order,
            activations=quiet.activations,
        )


def _quiet_pairs(
    row_indices: Ints, neuron_indices: Ints, positions: Ints, is_quiet: Bools, is_scored: Bools
) -> tuple[Ints, Ints, Ints]:
    """Row, neuron and earliest scored position of each pair of a window and a neuron that is quiet at all occurrences.

    At least one occurrence must be scored. Arguments are [occurrence], but `is_scored` is [window, position].
    """
    order = np.lexsort((positions, ~is_scored[row_indices, positions], neuron_indices, row_indices))
    rows, neurons = row_indices[order], neuron_indices[order]
    positions, is_quiet = positions[order], is_quiet[order]
    begins = np.flatnonzero((np.diff(rows, prepend=-1) != 0) | (np.diff(neurons, prepend=-1) != 0))
    if not len(begins):
        return rows, neurons, positions
    is_contrast = np.logical_and.reduceat(is_quiet, begins) & is_scored[rows[begins], positions[begins]]
    pairs = begins[is_contrast]
    return rows[pairs], neurons[pairs], positions[pairs]
