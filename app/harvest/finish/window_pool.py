"""Windows that may be read a second time, chosen for the tokens in them."""

from collections.abc import Iterator

import numpy as np

from app.foundation.arrays import Bools, Floats, Hashes, Ints, TokenIds
from app.harvest.checkpoint import ReadWindows, ShardWindows
from app.harvest.finish.snippet_table import rows_in_shard
from app.harvest.scan.batches import Batch
from app.harvest.scan.hashing import hash_numbers
from app.harvest.scan.top_store import position_in_run

LARGEST_POOL = 2048
"""Windows held in memory to choose from, at most."""
WORTH_OF_REPEAT = 0.8
"""What a second window with the same token is worth in one round, to the first: whom it would serve may be served."""


class WindowPool:
    """Windows drawn by a seeded hash, and which of the tokens looked for are scored in each."""

    def __init__(self, targets: Ints, read_windows: ReadWindows, windows_per_target: int, seed: int) -> None:
        """`targets` [target] are the ids of the tokens looked for, sorted."""
        self.targets = targets
        self.numbers = _draw_windows(targets, read_windows(), windows_per_target, seed)
        self.token_ids, self.is_scored = _read_rows(self.numbers, read_windows())
        # [pair] of a window and a target in it, sorted by window
        self._pair_rows, self._pair_targets = _find_targets(self.token_ids, self.is_scored, targets)
        self._pair_begins = np.searchsorted(self._pair_rows, np.arange(len(self.numbers) + 1))
        self._is_unread = np.ones(len(self.numbers), np.bool_)

    def take_most_useful(self, demand: Floats, window_count: int) -> Ints:
        """Rows of at most so many unread windows that serve most of the demand [target], sorted; now they are read."""
        demand, rows = demand.copy(), []
        for _ in range(window_count):
            gains = np.bincount(self._pair_rows, demand[self._pair_targets], len(self.numbers)) * self._is_unread
            row = int(gains.argmax()) if len(gains) else -1
            if row < 0 or not gains[row]:
                break
            rows.append(row)
            self._is_unread[row] = False
            demand[self._pair_targets[self._pair_begins[row] : self._pair_begins[row + 1]]] *= WORTH_OF_REPEAT
        return np.array(sorted(rows), np.int64)

    def count_windows_by_target(self, row_indices: Ints) -> Ints:
        """[target] in how many of the rows it is scored."""
        return np.bincount(self._pair_targets[np.isin(self._pair_rows, row_indices)], minlength=len(self.targets))

    def batches(self, row_indices: Ints, batch_size: int) -> Iterator[Batch]:
        """The rows in batches, in order, without keys and hashes."""
        for begin in range(0, len(row_indices), batch_size):
            part = row_indices[begin : begin + batch_size]
            unused = np.zeros(self.token_ids[part].shape, np.uint64)
            yield Batch(self.token_ids[part], self.numbers[part], self.is_scored[part], unused, unused)


def _draw_windows(targets: Ints, shards: Iterator[ShardWindows], windows_per_target: int, seed: int) -> Ints:
    """Numbers of at most LARGEST_POOL windows, sorted.

    First each target's window of smallest hash is drawn, then each target's second, and so on.
    """
    # [pair] of a target and a window in which it is scored
    pair_targets, hashes, numbers = np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.int64)
    first_window = 0
    for shard in shards:
        rows, shard_targets = _find_targets(shard.token_ids, shard.is_scored, targets)
        pair_targets = np.concatenate([pair_targets, shard_targets])
        numbers = np.concatenate([numbers, first_window + rows])
        hashes = np.concatenate([hashes, hash_numbers(first_window + rows, seed + 6)])
        smallest = _smallest_by_target(pair_targets, hashes, windows_per_target)
        pair_targets, hashes, numbers = pair_targets[smallest], hashes[smallest], numbers[smallest]
        first_window += len(shard.token_ids)
    ordered = numbers[np.lexsort((pair_targets, hashes, position_in_run(pair_targets)))]
    _, first_indices = np.unique(ordered, return_index=True)
    return np.sort(ordered[np.sort(first_indices)[:LARGEST_POOL]])


def _smallest_by_target(pair_targets: Ints, hashes: Hashes, count: int) -> Ints:
    """Indices of the pairs with the `count` smallest hashes of each target, by target and hash."""
    order = np.lexsort((hashes, pair_targets))
    return order[position_in_run(pair_targets[order]) < count]


def _find_targets(token_ids: TokenIds, is_scored: Bools, targets: Ints) -> tuple[Ints, Ints]:
    """Which targets are scored in which rows: row and index into `targets`, each pair once, sorted by row."""
    rows, positions = np.nonzero(np.isin(token_ids, targets) & is_scored)
    pairs = np.unique(rows * len(targets) + np.searchsorted(targets, token_ids[rows, positions]))
    return pairs // len(targets), pairs % len(targets)


def _read_rows(window_numbers: Ints, shards: Iterator[ShardWindows]) -> tuple[TokenIds, Bools]:
    """Token ids of some windows and whether they are scored, [window, position] each, in order."""
    token_ids, is_scored = [], []
    first_window = 0
    for shard in shards:
        rows = rows_in_shard(window_numbers, first_window, shard)
        token_ids.append(shard.token_ids[rows])
        is_scored.append(shard.is_scored[rows])
        first_window += len(shard.token_ids)
    return np.concatenate(token_ids), np.concatenate(is_scored)
