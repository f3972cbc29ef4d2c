"""The strongest k windows of every neuron, exact, in memory that does not grow with the corpus. Pure numpy.

Order: larger peak activation first; of equal ones the window that comes earlier in the corpus. Within a window the
earliest of equal tokens is the peak. Of windows with the same key (near-duplicates) only the first in this order
counts. Windows can come one at a time, since the weakest entry of a store only ever grows stronger: what was turned
away once stays out. What a store holds is therefore a function of the set of windows alone: not of their order, of how
they were batched, or of how many machines read them.
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

    neurons: Ints
    values: Floats32
    windows: Ints
    peaks: Ints
    keys: Hashes
    activations: Floats32


class TopStore:
    """The running top k of each of many neurons, with the activations of the whole window: arrays [neuron, slot]."""

    fields = ("values", "windows", "peaks", "keys", "activations")

    def __init__(self, neuron_count: int, k: int, window_length: int) -> None:
        self.k = k
        self.values = np.full((neuron_count, k), -np.inf, np.float32)
        self.windows = np.full((neuron_count, k), NEVER, np.int64)
        self.peaks = np.zeros((neuron_count, k), np.int64)
        self.keys = np.zeros((neuron_count, k), np.uint64)
        self.activations = np.zeros((neuron_count, k, window_length), np.float32)
        """[neuron, slot, position]"""
        self._floors = (np.full(neuron_count, -np.inf, np.float32), np.full(neuron_count, NEVER, np.int64))
        self._weakest = np.zeros(neuron_count, np.int64)
        """[neuron] the slot of the last entry in order; an empty one while there is room."""
        self._lock = Lock()

    @property
    def floor(self) -> Floats32:
        """[neuron] the smallest value in the store, -inf while there is room."""
        return self._floors[0]

    @property
    def floor_window(self) -> Ints:
        """[neuron] the last of the windows that have the smallest value."""
        return self._floors[1]

    def would_enter(self, maxima: Floats32, window_numbers: Ints) -> Bools:
        """[window, neuron] which windows would enter, by their maxima [window, neuron], duplicates aside.

        While another thread offers, a window may be let through that `offer` will then refuse, never the other way.
        """
        floor, floor_window = self._floors
        mask = maxima > floor
        ties = maxima == floor
        if ties.any():
            mask |= ties & (window_numbers[:, None] < floor_window)
        return mask

    def offer(self, entries: TopEntries) -> None:
        """Let entries compete with what the store holds; several threads may offer at once."""
        if len(entries.neurons):
            with self._lock:
                self._offer(entries)

    def _offer(self, entries: TopEntries) -> None:
        order = np.argsort(entries.neurons, kind="stable")
        turns = position_in_run(entries.neurons[order])
        for turn in range(int(turns.max()) + 1):
            self._enter(entries, order[turns == turn])

    def _enter(self, entries: TopEntries, indices: Ints) -> None:
        """The entries of these indices, one a neuron: each goes for the slot of its key, or else for the weakest."""
        neurons, values, windows = entries.neurons[indices], entries.values[indices], entries.windows[indices]
        alike = (self.keys[neurons] == entries.keys[indices, None]) & (self.windows[neurons] != NEVER)
        slots = np.where(alike.any(axis=1), alike.argmax(axis=1), self._weakest[neurons])
        holders = self.values[neurons, slots]
        enters = (values > holders) | ((values == holders) & (windows < self.windows[neurons, slots]))
        targets = (neurons[enters], slots[enters])
        for name in self.fields:
            getattr(self, name)[targets] = getattr(entries, name)[indices[enters]]
        self._refresh(targets[0])

    def merge(self, store: "TopStore") -> None:
        """Take in the entries of a store of other windows."""
        neurons, slots = np.nonzero(store.windows != NEVER)
        self.offer(TopEntries(neurons, *(getattr(store, name)[neurons, slots] for name in self.fields)))

    def slots_by_rank(self) -> Ints:
        """[neuron, rank] the slot, in the order of this module's docstring; empty slots last."""
        return np.lexsort((self.windows, -self.values))

    def state(self) -> NamedArrays:
        """The arrays that `restore` takes."""
        return {name: getattr(self, name) for name in self.fields}

    def restore(self, state: NamedArrays) -> None:
        """Go on from a state that `state` gave."""
        for name in self.fields:
            getattr(self, name)[...] = state[name]
        self._refresh(np.arange(len(self.values)))

    def _refresh(self, neurons: Ints) -> None:
        """New floors, both at once: whoever reads them meanwhile must not see one of before and one of after."""
        values = self.values[neurons]
        lowest = values.min(axis=1)
        last = np.where(values == lowest[:, None], self.windows[neurons], -1)
        floor, floor_window = self.floor.copy(), self.floor_window.copy()
        floor[neurons], floor_window[neurons] = lowest, last.max(axis=1)
        self._weakest[neurons] = last.argmax(axis=1)
        self._floors = (floor, floor_window)


def position_in_run(sorted_numbers: Ints) -> Ints:
    """[number] 0, 1, 2, ... from the beginning of each run of equal numbers."""
    if not len(sorted_numbers):
        return np.zeros(0, np.int64)
    begins = np.flatnonzero(np.diff(sorted_numbers, prepend=sorted_numbers[0] - 1))
    lengths = np.diff(begins, append=len(sorted_numbers))
    return np.arange(len(sorted_numbers)) - np.repeat(begins, lengths)
