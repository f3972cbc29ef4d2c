"""Balanced incomplete blocks: each evaluator gets some of the items, each item is judged equally often. Pure.

A generalised cyclic design (Patterson and Williams 1976): the items stand in a table of `size` rows; in replicate r,
row i is turned by i x r, and each column is a block. Every replicate holds every item once. Two items meet in one
block at most once if the number of columns has no divisor under both the rows and the replicates.
"""

from collections.abc import Collection

from app.rounds.randomness import SecretRandom


def balanced_blocks(codes: Collection[str], size: int, replicates: int, seed: str) -> list[tuple[str, ...]]:
    """All blocks, replicate after replicate, of at most `size` items; `seed` deals the items to the table."""
    dealt = SecretRandom(seed, "blocks").sample(sorted(codes), len(codes))
    columns = blocks_per_replicate(len(dealt), size, replicates)
    rows = [dealt[start : start + columns] for start in range(0, len(dealt), columns)]
    return [
        tuple(
            row[(column + turn * index) % columns]
            for index, row in enumerate(rows)
            if (column + turn * index) % columns < len(row)
        )
        for turn in range(replicates)
        for column in range(columns)
    ]


def blocks_per_replicate(items: int, size: int, replicates: int) -> int:
    """Blocks per replicate: the fewest that hold all items and, if it takes at most two more, keep pairs apart."""
    least = -(-items // size)
    good = (count for count in range(least, least + 3) if _keeps_pairs_apart(count, min(size, items), replicates))
    return next(good, least)


def _keeps_pairs_apart(columns: int, rows: int, replicates: int) -> bool:
    """Rows i and j meet again in replicates r and s only if (i - j)(r - s) is a multiple of the columns."""
    return all(apart * turns % columns for apart in range(1, rows) for turns in range(1, replicates))
