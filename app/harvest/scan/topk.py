"""The strongest k windows of every neuron, exact, in memory that does not grow with the corpus. Pure numpy.

Order: larger peak activation first; of equal ones the window that comes earlier in the corpus. Within a window the
earliest of equal tokens is the peak. Of windows with the same key (near-duplicates) only the first in this order
counts. Windows can come one at a time, since the weakest kept only ever grows stronger: what was turned away once
stays out. What is kept is therefore a function of the set of windows alone: not of their order, of how they were
batched, or of how many machines read them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt

from app.harvest.scan.hashing import Hashes

NEVER = np.iinfo(np.int64).max
"""The window number of an empty place."""

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Entries:
    """Windows offered to neurons, in any order: [entry], and [entry, position] for the activations."""

    neurons: Ints
    values: Floats
    windows: Ints
    peaks: Ints
    keys: Hashes
    activations: Floats


class TopStore:
    """Running top k of each of `neurons` neurons, with the whole window's activations kept at insertion."""

    fields = ("values", "windows", "peaks", "keys", "activations")

    def __init__(self, neurons: int, k: int, positions: int) -> None:
        self.k = k
        self.values = np.full((neurons, k), -np.inf, np.float32)
        self.windows = np.full((neurons, k), NEVER, np.int64)
        self.peaks = np.zeros((neurons, k), np.int64)
        self.keys = np.zeros((neurons, k), np.uint64)
        self.activations = np.zeros((neurons, k, positions), np.float32)
        self._floors = (np.full(neurons, -np.inf, np.float32), np.full(neurons, NEVER, np.int64))
        self._weakest = np.zeros(neurons, np.int64)
        """[neuron] the place of the last in order; an empty one while there is room."""
        self._lock = Lock()

    @property
    def floor(self) -> Floats:
        """[neuron] the smallest kept value, -inf while there is room."""
        return self._floors[0]

    @property
    def floor_window(self) -> Ints:
        """[neuron] the last of the windows that have the smallest kept value."""
        return self._floors[1]

    def beating(self, maxima: Floats, windows: Ints) -> npt.NDArray[np.bool_]:
        """[window, neuron]: which windows would enter, by their maxima [window, neuron], duplicates aside.

        While another thread offers, a window may be let through that `offer` will then refuse, never the other way.
        """
        floor, floor_window = self._floors
        mask = maxima > floor
        ties = maxima == floor
        if ties.any():
            mask |= ties & (windows[:, None] < floor_window)
        return mask

    def offer(self, entries: Entries) -> None:
        """Let entries compete with what is kept; several threads may offer at once."""
        if len(entries.neurons):
            with self._lock:
                self._offer(entries)

    def _offer(self, entries: Entries) -> None:
        order = np.argsort(entries.neurons, kind="stable")
        turns = place_in_run(entries.neurons[order])
        for turn in range(int(turns.max()) + 1):
            self._enter(entries, order[turns == turn])

    def _enter(self, entries: Entries, chosen: Ints) -> None:
        """The chosen entries, one a neuron: each goes for the place of its key, or else for the weakest place."""
        neurons, values, windows = entries.neurons[chosen], entries.values[chosen], entries.windows[chosen]
        alike = (self.keys[neurons] == entries.keys[chosen, None]) & (self.windows[neurons] != NEVER)
        slots = np.where(alike.any(axis=1), alike.argmax(axis=1), self._weakest[neurons])
        holders = self.values[neurons, slots]
        enters = (values > holders) | ((values == holders) & (windows < self.windows[neurons, slots]))
        places = (neurons[enters], slots[enters])
        for name in self.fields:
            getattr(self, name)[places] = getattr(entries, name)[chosen[enters]]
        self._refresh(places[0])

    def merge(self, other: "TopStore") -> None:
        """Take in what another store kept of other windows."""
        neurons, slots = np.nonzero(other.windows != NEVER)
        self.offer(Entries(neurons, *(getattr(other, name)[neurons, slots] for name in self.fields)))

    def ranked(self) -> Ints:
        """[neuron, rank] -> place in the store, in the order of this module's docstring; empty places last."""
        return np.lexsort((self.windows, -self.values))

    def state(self) -> dict[str, npt.NDArray[np.generic]]:
        """The arrays that `restore` takes."""
        return {name: getattr(self, name) for name in self.fields}

    def restore(self, state: Mapping[str, npt.NDArray[np.generic]]) -> None:
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


def place_in_run(sorted_values: Ints) -> Ints:
    """0, 1, 2, ... from the beginning of each run of equal values."""
    if not len(sorted_values):
        return np.zeros(0, np.int64)
    begins = np.flatnonzero(np.diff(sorted_values, prepend=sorted_values[0] - 1))
    lengths = np.diff(begins, append=len(sorted_values))
    return np.arange(len(sorted_values)) - np.repeat(begins, lengths)
