from collections import Counter
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from app.rounds.blocks import balanced_blocks, blocks_per_replicate

SEED = "5e" * 32


@given(st.integers(2, 80), st.integers(2, 12), st.integers(1, 5))
def test_every_item_is_in_as_many_blocks_as_there_are_replicates(items: int, size: int, replicates: int) -> None:
    codes = [f"i{number}" for number in range(items)]
    laid = balanced_blocks(codes, size, replicates, SEED)
    assert Counter(code for block in laid for code in block) == dict.fromkeys(codes, replicates)
    assert all(len(set(block)) == len(block) <= size for block in laid)
    columns = len(laid) // replicates
    for turn in range(replicates):
        of_turn = laid[turn * columns : (turn + 1) * columns]
        assert sorted(code for block in of_turn for code in block) == sorted(codes)


def test_two_items_meet_at_most_once_where_the_table_allows_it() -> None:
    """120 items in blocks of 10: 13 columns are prime, so three replicates never bring a pair together twice."""
    codes = [f"i{number}" for number in range(120)]
    laid = balanced_blocks(codes, 10, 3, SEED)
    assert blocks_per_replicate(120, 10, 3) == 13
    pairs = Counter(pair for block in laid for pair in combinations(sorted(block), 2))
    assert set(pairs.values()) == {1}


def test_the_seed_deals_the_items() -> None:
    codes = [f"i{number}" for number in range(30)]
    assert balanced_blocks(codes, 5, 2, SEED) == balanced_blocks(codes[::-1], 5, 2, SEED)
    assert balanced_blocks(codes, 5, 2, SEED) != balanced_blocks(codes, 5, 2, "6f" * 32)
