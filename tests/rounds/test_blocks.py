from collections import Counter
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from app.rounds.blocks import balanced_blocks, blocks_per_replicate

SEED = "5e" * 32


@given(st.integers(2, 80), st.integers(2, 12), st.integers(1, 5))
def test_every_item_is_in_one_block_of_each_replicate(item_count: int, size: int, replicate_count: int) -> None:
    codes = [f"i{number}" for number in range(item_count)]
    blocks = balanced_blocks(codes, size, replicate_count, SEED)
    assert Counter(code for block in blocks for code in block) == dict.fromkeys(codes, replicate_count)
    assert all(len(set(block)) == len(block) <= size for block in blocks)
    block_count = len(blocks) // replicate_count
    for replicate in range(replicate_count):
        of_replicate = blocks[replicate * block_count : (replicate + 1) * block_count]
        assert sorted(code for block in of_replicate for code in block) == sorted(codes)


def test_two_items_meet_at_most_once_where_the_table_allows_it() -> None:
    """120 items in blocks of 10: 13 columns are prime, so three replicates never bring a pair together twice."""
    blocks = balanced_blocks([f"i{number}" for number in range(120)], 10, 3, SEED)
    assert blocks_per_replicate(120, 10, 3) == 13
    meetings = Counter(pair for block in blocks for pair in combinations(sorted(block), 2))
    assert set(meetings.values()) == {1}


def test_the_seed_and_not_the_order_of_the_codes_decides_who_is_in_which_block() -> None:
    codes = [f"i{number}" for number in range(30)]
    assert balanced_blocks(codes, 5, 2, SEED) == balanced_blocks(codes[::-1], 5, 2, SEED)
    assert balanced_blocks(codes, 5, 2, SEED) != balanced_blocks(codes, 5, 2, "6f" * 32)
