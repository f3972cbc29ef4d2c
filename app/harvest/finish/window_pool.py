"""The pool of windows that may be read a second time, and which of them are most useful."""

from collections.abc import Iterator

import numpy as np

from app.foundation.arrays import Bools, Floats, Hashes, Ints, TokenIds
from app.harvest.checkpoint import ReadWindows, ShardWindows
from app.harvest.scan.batches import Batch
from app.harvest.scan.hashing import hash_numbers
from app.harvest.scan.priority_store import positions_in_runs

LARGEST_POOL = 2048
"""The largest number of windows in the pool, which is held in memory."""
USEFULNESS_OF_REPEAT = 0.8
"""How useful a second window with the same token is in one pass, as a share of the first: the first may already give
the neurons their snippets."""


class WindowPool:
    """Windows drawn by a seeded hash, and which of the target tokens are scored in each."""

    def __init__(self, targets: Ints, read_windows: ReadWindows, windows_per_target: int, seed: int) -> None:
        """`targets` [target] are the ids of the target tokens, sorted."""
        self.targets = targets
        self.numbers = _draw_windows(targets, read_windows(), windows_per_target, seed)
        self.token_ids, self.is_scored = _read_windows(self.numbers, read_windows())
        # [pair] of a window and a target in it, sorted by window
        self._pair_rows, self._pair_targets = _find_targets(self.token_ids, self.is_scored, targets)
        self._pair_begins = np.searchsorted(self._pair_rows, np.arange(len(self.numbers) + 1))
        self._is_unread = np.ones(len(self.numbers), np.bool_)

    def take_most_useful(self, demand: Floats, window_count: int) -> Ints:
        """Choose the unread windows that are most useful, mark them as read, and return their rows, sorted.

        `demand` [target] is how useful a window with each token is; at most `window_count` windows are chosen.
        """
        demand, rows = demand.copy(), []
        for _ in range(window_count):
            gains = np.bincount(self._pair_rows, demand[self._pair_targets], len(self.numbers)) * self._is_unread
            row = int(gains.argmax()) if len(gains) else -1
            if row < 0 or not gains[row]:
                break
            rows.append(row)
            self._is_unread[row] = False
            demand[self._pair_targets[self._pair_begins[row] : self._pair_begins[row + 1]]] *= USEFULNESS_OF_REPEAT
        return np.array(sorted(rows), np.int64)

    def count_windows_by_target(self, row_indices: Ints) -> Ints:
        """[target] the number of the rows in which the token is scored."""
        return np.bincount(self._pair_targets[np.isin(self._pair_rows, row_indices)], minlength=len(self.targets))

    def batches(self, row_indices: Ints, batch_size: int) -> Iterator[Batch]:
        """The windows of these rows in batches, in order; their keys and hashes are zeros and not used."""
        for begin in range(0, len(row_indices), batch_size):
            part = row_indices[begin : begin + batch_size]
            unused = np.zeros(self.token_ids[part].shape, np.uint64)
            yield Batch(self.token_ids[part], self.numbers[part], self.is_scored[part], unused, unused)


def _draw_windows(targets: Ints, shards: Iterator[ShardWindows], windows_per_target: int, seed: int) -> Ints:
    """Draw at most LARGEST_POOL windows and return their numbers, sorted.

    First each target's window of smallest hash is drawn, then each target's second, and so on.
    """
    # [pair] of a target and a window in which it is scored
    pair_targets, hashes, numbers = np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.int64)
    for shard in shards:
        rows, shard_targets = _find_targets(shard.token_ids, shard.is_scored, targets)
        pair_targets = np.concatenate([pair_targets, shard_targets])
        shard_numbers = shard.first_window + rows
        numbers = np.concatenate([numbers, shard_numbers])
        hashes = np.concatenate([hashes, hash_numbers(shard_numbers, seed + 6)])
        smallest = _smallest_by_target(pair_targets, hashes, windows_per_target)
        pair_targets, hashes, numbers = pair_targets[smallest], hashes[smallest], numbers[smallest]
    ordered = numbers[np.lexsort((pair_targets, hashes, positions_in_runs(pair_targets)))]
    _, first_indices = np.unique(ordered, return_index=True)
    return np.sort(ordered[np.sort(first_indices)[:LARGEST_POOL]])


def _smallest_by_target(pair_targets: Ints, hashes: Hashes, count: int) -> Ints:
    """Indices of the pairs with the `count` smallest hashes of each target, by target and hash."""
    order = np.lexsort((hashes, pair_targets))
    return order[positions_in_runs(pair_targets[order]) < count]


def _find_targets(token_ids: TokenIds, is_scored: Bools, targets: Ints) -> tuple[Ints, Ints]:
    """The pairs of a row and a target that is scored in it, as index into `targets`; each pair once, sorted by row."""
    rows, positions = np.nonzero(np.isin(token_ids, targets) & is_scored)
    pairs = np.unique(rows * len(targets) + np.searchsorted(targets, token_ids[rows, positions]))
    return pairs // len(targets), pairs % len(targets)


def _read_windows(window_numbers: Ints, shards: Iterator[ShardWindows]) -> tuple[TokenIds, Bools]:
    """The token ids of these windows and whether each is scored, [window, position] both, in order."""
    token_ids, is_scored = [], []
    for shard in shards:
        rows = shard.rows_of(window_numbers)
        token_ids.append(shard.token_ids[rows])
        is_scored.append(shard.is_scored[rows])
    return np.concatenate(token_ids), np.concatenate(is_scored)
