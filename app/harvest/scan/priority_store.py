"""The k entries of largest priority of every row, exact, in memory that does not grow with the corpus. Pure numpy.

An entry is a window of the corpus, or one token of it on which a neuron fires. Its priority is the window's largest
activation in a top list, and a random number in a draw. Order: larger priority first; of equal ones the entry that
comes earlier in the corpus. Of entries with the same key (near-duplicates) only the first in this order counts. Entries
can come one at a time, since the weakest entry of a store only ever grows stronger: what was refused once stays out. So
a store's content depends only on the set of entries: not on their order, on their batches, or on how many machines read
them.
"""

from dataclasses import dataclass
from threading import Lock

import numpy as np

from app.foundation.arrays import Bools, Floats32, Hashes, Ints, NamedArrays

NO_ENTRY = np.iinfo(np.int64).max
"""The entry number of an empty column."""


@dataclass(frozen=True)
class StoreEntries:
    """Entries that are offered to a store, in any order: each field [entry], activations [entry, position]."""

    store_rows: Ints
    """The row of the store that the entry is offered to: a neuron, or a neuron and a band of a draw."""
    priorities: Floats32
    """The largest activation of a window, or the random number of a draw."""
    entry_numbers: Ints
    """The number of a window, or the corpus position of a token."""
    payloads: Ints
    """A number that is kept with the entry: the position of a window's peak, or the id of a token."""
    duplicate_keys: Hashes
    activations: Floats32


class PriorityStore:
    """The running k entries of largest priority of each row, with their activations: arrays [row, column].

    A row is a neuron, or a neuron and a band of a draw. What the numbers and payloads of entries mean, the subclasses
    `WindowStore` and `FiringStore` say.
    """

    fields = ("priorities", "entry_numbers", "payloads", "duplicate_keys", "activations")

    def __init__(self, row_count: int, k: int, entry_length: int) -> None:
        self.k = k
        self.priorities = np.full((row_count, k), -np.inf, np.float32)
        self.entry_numbers = np.full((row_count, k), NO_ENTRY, np.int64)
        self.payloads = np.zeros((row_count, k), np.int64)
        self.duplicate_keys = np.zeros((row_count, k), np.uint64)
        self.activations = np.zeros((row_count, k, entry_length), np.float32)
        """[row, column, position]"""
        self._floors = (np.full(row_count, -np.inf, np.float32), np.full(row_count, NO_ENTRY, np.int64))
        self._weakest = np.zeros(row_count, np.int64)
        """[row] the column of the last entry in order; an empty one while there is room."""
        self._lock = Lock()

    @property
    def floor(self) -> Floats32:
        """[row] the smallest priority in the store, -inf while there is room."""
        return self._floors[0]

    @property
    def floor_entry_numbers(self) -> Ints:
        """[row] the largest number of the entries that have the smallest priority."""
        return self._floors[1]

    def would_enter(self, priorities: Floats32, entry_numbers: Ints) -> Bools:
        """[entry, row] which entries would enter, by their priorities [entry, row], if none were a near-duplicate.

        While another thread offers, it may be true for an entry that `offer` will then refuse, but never the reverse.
        """
        floor, floor_entry_numbers = self._floors
        mask = priorities > floor
        ties = priorities == floor
        if ties.any():
            mask |= ties & (entry_numbers[:, None] < floor_entry_numbers)
        return mask

    def offer(self, entries: StoreEntries) -> None:
        """Let entries compete with what the store holds; several threads may offer at once."""
        if len(entries.store_rows):
            with self._lock:
                self._offer(entries)

    def _offer(self, entries: StoreEntries) -> None:
        order = np.argsort(entries.store_rows, kind="stable")
        turns = positions_in_runs(entries.store_rows[order])
        for turn in range(int(turns.max()) + 1):
            self._replace_weaker(entries, order[turns == turn])

    def _replace_weaker(self, entries: StoreEntries, indices: Ints) -> None:
        """Let the entries at `indices`, at most one for each row, compete with what the store holds.

        An entry competes with the entry of the same key if there is one, and otherwise with the weakest.
        """
        rows, priorities = entries.store_rows[indices], entries.priorities[indices]
        entry_numbers = entries.entry_numbers[indices]
        has_same_key = self.duplicate_keys[rows] == entries.duplicate_keys[indices, None]
        is_duplicate = has_same_key & (self.entry_numbers[rows] != NO_ENTRY)
        columns = np.where(is_duplicate.any(axis=1), is_duplicate.argmax(axis=1), self._weakest[rows])
        held_priorities = self.priorities[rows, columns]
        is_earlier = entry_numbers < self.entry_numbers[rows, columns]
        enters = (priorities > held_priorities) | ((priorities == held_priorities) & is_earlier)
        targets = (rows[enters], columns[enters])
        for name in self.fields:
            getattr(self, name)[targets] = getattr(entries, name)[indices[enters]]
        self._update_floors(targets[0])

    def merge(self, store: "PriorityStore") -> None:
        """Take in the entries of another store, which read other windows."""
        rows, columns = np.nonzero(store.entry_numbers != NO_ENTRY)
        self.offer(StoreEntries(rows, *(getattr(store, name)[rows, columns] for name in self.fields)))

    def state(self) -> NamedArrays:
        """The store's content as arrays, which `restore` takes over again."""
        return {name: getattr(self, name) for name in self.fields}

    def restore(self, state: NamedArrays) -> None:
        """Take over the content that `state` returned."""
        for name in self.fields:
            getattr(self, name)[...] = state[name]
        self._update_floors(np.arange(len(self.priorities)))

    def _update_floors(self, row_indices: Ints) -> None:
        """Compute the floors of some rows again.

        Both floors are replaced at once, so that another thread never reads a new one beside an old one.
        """
        priorities = self.priorities[row_indices]
        lowest = priorities.min(axis=1)
        last = np.where(priorities == lowest[:, None], self.entry_numbers[row_indices], -1)
        floor, floor_entry_numbers = self.floor.copy(), self.floor_entry_numbers.copy()
        floor[row_indices], floor_entry_numbers[row_indices] = lowest, last.max(axis=1)
        self._weakest[row_indices] = last.argmax(axis=1)
        self._floors = (floor, floor_entry_numbers)


class WindowStore(PriorityStore):
    """A store of windows, each with its peak."""

    @property
    def window_numbers(self) -> Ints:
        """[row, column] the number of each window in the corpus, NO_ENTRY in an empty column."""
        return self.entry_numbers

    @property
    def peaks(self) -> Ints:
        """[row, column] the position of each window's peak."""
        return self.payloads


class FiringStore(PriorityStore):
    """A store of firings: single tokens on which the neuron fires, each with the neuron's one activation."""

    @property
    def corpus_positions(self) -> Ints:
        """[row, column] the corpus position of each token (see `batches`), NO_ENTRY in an empty column."""
        return self.entry_numbers

    @property
    def token_ids(self) -> Ints:
        """[row, column] the id of each token."""
        return self.payloads


def positions_in_runs(sorted_numbers: Ints) -> Ints:
    """The position of each number in its run of equal numbers: 0, 1, 2, ..., and 0 again where the next run begins."""
    if not len(sorted_numbers):
        return np.zeros(0, np.int64)
    begins = np.flatnonzero(np.diff(sorted_numbers, prepend=sorted_numbers[0] - 1))
    lengths = np.diff(begins, append=len(sorted_numbers))
    return np.arange(len(sorted_numbers)) - np.repeat(begins, lengths)
