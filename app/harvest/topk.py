"""The strongest k windows of every neuron, exact, in memory that does not grow with the corpus. Pure numpy.

Order: larger peak activation first; of equal ones the window that comes earlier in the corpus. Within a window the
earliest of equal tokens is the peak. Of windows with the same key (near-duplicates) only the first in this order
counts. What is kept is therefore a function of the set of windows alone: not of their order, of how they were
batched, or of how many machines read them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt

from app.harvest.hashing import Hashes

NEVER = np.iinfo(np.int64).max
"""The window number of an empty place."""

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Entries:
    """Windows offered to neurons, sorted by neuron: [entry], and [entry, position] for the activations."""

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
        touched, first, row = np.unique(entries.neurons, return_index=True, return_inverse=True)
        column = np.arange(len(row)) - first[row]
        values, windows, keys = self._with_new(touched, row, column, entries)
        chosen = _chosen(values, windows, keys, self.k)
        enters = chosen[row, self.k + column]
        slots = _free_slots(chosen, self.k, row[enters])
        places = (touched[row[enters]], slots)
        for name in self.fields:
            getattr(self, name)[places] = getattr(entries, name)[enters]
        self._refresh(touched)

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

    def _with_new(self, touched: Ints, row: Ints, column: Ints, entries: Entries) -> tuple[Floats, Ints, Hashes]:
        """Kept and offered side by side, [touched neuron, k + most offers to one neuron]."""
        width = int(column.max()) + 1
        values = np.full((len(touched), self.k + width), -np.inf, np.float32)
        windows = np.full(values.shape, NEVER, np.int64)
        keys = np.zeros(values.shape, np.uint64)
        for whole, name in ((values, "values"), (windows, "windows"), (keys, "keys")):
            whole[:, : self.k] = getattr(self, name)[touched]
            whole[row, self.k + column] = getattr(entries, name)
        return values, windows, keys

    def _refresh(self, neurons: Ints) -> None:
        """New floors, both at once: whoever reads them meanwhile must not see one of before and one of after."""
        values, windows = self.values[neurons], self.windows[neurons]
        floor, floor_window = self.floor.copy(), self.floor_window.copy()
        floor[neurons] = lowest = values.min(axis=1)
        floor_window[neurons] = np.where(values == lowest[:, None], windows, -1).max(axis=1)
        self._floors = (floor, floor_window)


def _chosen(values: Floats, windows: Ints, keys: Hashes, k: int) -> npt.NDArray[np.bool_]:
    """[neuron, candidate]: the first k of each row in order, leaving out empty places and repeated keys."""
    order = np.lexsort((windows, -values))
    eligible = ~_repeated(np.take_along_axis(keys, order, 1)) & (np.take_along_axis(windows, order, 1) != NEVER)
    taken = eligible & (np.cumsum(eligible, axis=1) <= k)
    chosen = np.zeros(taken.shape, np.bool_)
    np.put_along_axis(chosen, order, taken, 1)
    return chosen


def _repeated(keys: Hashes) -> npt.NDArray[np.bool_]:
    """Whether the same key stands further left in the row."""
    order = np.argsort(keys, axis=1, kind="stable")
    sorted_keys = np.take_along_axis(keys, order, 1)
    same = np.zeros(keys.shape, np.bool_)
    same[:, 1:] = sorted_keys[:, 1:] == sorted_keys[:, :-1]
    repeated = np.zeros(same.shape, np.bool_)
    np.put_along_axis(repeated, order, same, 1)
    return repeated


def _free_slots(chosen: npt.NDArray[np.bool_], k: int, rows: Ints) -> Ints:
    """A free place for each entering row (rows ascending): the places whose holder was not chosen, in order."""
    free: Ints = np.argsort(chosen[:, :k], axis=1, kind="stable")  # False, free, comes first
    starts = np.searchsorted(rows, rows, side="left")
    slots: Ints = free[rows, np.arange(len(rows)) - starts]
    return slots


def place_in_run(sorted_values: Ints) -> Ints:
    """0, 1, 2, ... from the beginning of each run of equal values."""
    if not len(sorted_values):
        return np.zeros(0, np.int64)
    begins = np.flatnonzero(np.diff(sorted_values, prepend=sorted_values[0] - 1))
    lengths = np.diff(begins, append=len(sorted_values))
    return np.arange(len(sorted_values)) - np.repeat(begins, lengths)
