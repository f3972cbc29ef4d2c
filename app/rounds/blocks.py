"""Balanced incomplete blocks: each evaluator gets some of the items, each item is judged equally often. Pure.

A generalised cyclic design (Patterson and Williams 1976): the items fill a table of `size` rows; in replicate r,
row i is rotated by i x r columns, and each column is a block. Every replicate holds every item once. No two items share
more than one block if no product of two numbers, one below the rows and one below the replicates, is a multiple of
the number of columns.
"""

from collections.abc import Collection

from app.rounds.randomness import SecretRandom


def balanced_blocks(codes: Collection[str], size: int, replicate_count: int, seed: str) -> list[tuple[str, ...]]:
    """All blocks of at most `size` items, one replicate after another; `seed` shuffles the items into the table."""
    shuffled = SecretRandom(seed, "blocks").sample(sorted(codes), len(codes))
    column_count = blocks_per_replicate(len(shuffled), size, replicate_count)
    rows = [shuffled[start : start + column_count] for start in range(0, len(shuffled), column_count)]
    return [
        tuple(
            row[(column + replicate * index) % column_count]
            for index, row in enumerate(rows)
            if (column + replicate * index) % column_count < len(row)
        )
        for replicate in range(replicate_count)
        for column in range(column_count)
    ]


def blocks_per_replicate(item_count: int, size: int, replicate_count: int) -> int:
    """How many blocks hold all items: the fewest, or up to two more if that lets no two items share two blocks."""
    fewest = -(-item_count // size)
    row_count = min(size, item_count)
    candidates = range(fewest, fewest + 3)
    return next((count for count in candidates if _keeps_pairs_apart(count, row_count, replicate_count)), fewest)


def _keeps_pairs_apart(column_count: int, row_count: int, replicate_count: int) -> bool:
    """Whether no two items share two blocks.

    Items of rows i and j share blocks in replicates r and s only if (i - j)(r - s) is a multiple of the columns.
    """
    return all(rows * turns % column_count for rows in range(1, row_count) for turns in range(1, replicate_count))
