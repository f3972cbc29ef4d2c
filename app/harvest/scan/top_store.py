"""The strongest k windows of every neuron, exact, in memory that does not grow with the corpus. Pure numpy.

Order: larger priority first, which in a top list is the peak activation; of equal ones the window that comes earlier
in the corpus. Within a window the earliest of equal tokens is the peak. Of windows with the same key (near-duplicates)
only the first in this order counts. Windows can come one at a time, since the weakest entry of a store only ever grows
stronger: what was turned away once stays out. What a store holds is therefore a function of the set of windows alone:
not of their order, of how they were batched, or of how many machines read them.
"""

from dataclasses import dataclass
from threading import Lock

import numpy as np

from app.foundation.arrays import Bools, Floats32, Hashes, Ints, NamedArrays

NEVER = np.iinfo(np.int64).max
"""The window number of an empty slot."""


@dataclass(frozen=True)
class TopEntries:
    """Windows offered to neurons, in any order: each field [entry], activations [entry, position]."""

    store_rows: Ints
    """Whose entry it is: the neuron, or the neuron and the band of a draw."""
    priorities: Floats32
    """The peak activation, or what a draw goes by."""
    window_numbers: Ints
    peaks: Ints
    duplicate_keys: Hashes
    activations: Floats32


class TopStore:
    """The running top k of each of many rows, with the activations of the whole window: arrays [row, slot].

    A row is a neuron, or a neuron and a band of a draw.
    """

    fields = ("priorities", "window_numbers", "peaks", "duplicate_keys", "activations")

    def __init__(self, row_count: int, k: int, window_length: int) -> None:
        self.k = k
        self.priorities = np.full((row_count, k), -np.inf, np.float32)
        self.window_numbers = np.full((row_count, k), NEVER, np.int64)
        self.peaks = np.zeros((row_count, k), np.int64)
        self.duplicate_keys = np.zeros((row_count, k), np.uint64)
        self.activations = np.zeros((row_count, k, window_length), np.float32)
        """[row, slot, position]"""
        self._floors = (np.full(row_count, -np.inf, np.float32), np.full(row_count, NEVER, np.int64))
        self._weakest = np.zeros(row_count, np.int64)
        """[row] the slot of the last entry in order; an empty one while there is room."""
        self._lock = Lock()

    @property
    def floor(self) -> Floats32:
        """[row] the smallest priority in the store, -inf while there is room."""
        return self._floors[0]

    @property
    def floor_window(self) -> Ints:
        """[row] the last of the windows that have the smallest priority."""
        return self._floors[1]

    def would_enter(self, priorities: Floats32, window_numbers: Ints) -> Bools:
        """[window, row] which windows would enter, by their priorities [window, row], duplicates aside.

        While another thread offers, a window may be let through that `offer` will then refuse, never the other way.
        """
        floor, floor_window = self._floors
        mask = priorities > floor
        ties = priorities == floor
        if ties.any():
            mask |= ties & (window_numbers[:, None] < floor_window)
        return mask

    def offer(self, entries: TopEntries) -> None:
        """Let entries compete with what the store holds; several threads may offer at once."""
        if len(entries.store_rows):
            with self._lock:
                self._offer(entries)

    def _offer(self, entries: TopEntries) -> None:
        order = np.argsort(entries.store_rows, kind="stable")
        turns = position_in_run(entries.store_rows[order])
        for turn in range(int(turns.max()) + 1):
            self._enter(entries, order[turns == turn])

    def _enter(self, entries: TopEntries, indices: Ints) -> None:
        """The entries of these indices, one a row: each goes for the slot of its key, or else for the weakest."""
        rows, priorities = entries.store_rows[indices], entries.priorities[indices]
        window_numbers = entries.window_numbers[indices]
        has_same_key = self.duplicate_keys[rows] == entries.duplicate_keys[indices, None]
        alike = has_same_key & (self.window_numbers[rows] != NEVER)
        slots = np.where(alike.any(axis=1), alike.argmax(axis=1), self._weakest[rows])
        holders = self.priorities[rows, slots]
        is_earlier = window_numbers < self.window_numbers[rows, slots]
        enters = (priorities > holders) | ((priorities == holders) & is_earlier)
        targets = (rows[enters], slots[enters])
        for name in self.fields:
            getattr(self, name)[targets] = getattr(entries, name)[indices[enters]]
        self._refresh(targets[0])

    def merge(self, store: "TopStore") -> None:
        """Take in the entries of a store of other windows."""
        rows, slots = np.nonzero(store.window_numbers != NEVER)
        self.offer(TopEntries(rows, *(getattr(store, name)[rows, slots] for name in self.fields)))

    def state(self) -> NamedArrays:
        """The arrays that `restore` takes."""
        return {name: getattr(self, name) for name in self.fields}

    def restore(self, state: NamedArrays) -> None:
        """Go on from a state that `state` gave."""
        for name in self.fields:
            getattr(self, name)[...] = state[name]
        self._refresh(np.arange(len(self.priorities)))

    def _refresh(self, row_indices: Ints) -> None:
        """New floors, both at once: whoever reads them meanwhile must not see one of before and one of after."""
        priorities = self.priorities[row_indices]
        lowest = priorities.min(axis=1)
        last = np.where(priorities == lowest[:, None], self.window_numbers[row_indices], -1)
        floor, floor_window = self.floor.copy(), self.floor_window.copy()
        floor[row_indices], floor_window[row_indices] = lowest, last.max(axis=1)
        self._weakest[row_indices] = last.argmax(axis=1)
        self._floors = (floor, floor_window)


def position_in_run(sorted_numbers: Ints) -> Ints:
    """[number] 0, 1, 2, ... from the beginning of each run of equal numbers."""
    if not len(sorted_numbers):
        return np.zeros(0, np.int64)
    begins = np.flatnonzero(np.diff(sorted_numbers, prepend=sorted_numbers[0] - 1))
    lengths = np.diff(begins, append=len(sorted_numbers))
    return np.arange(len(sorted_numbers)) - np.repeat(begins, lengths)
