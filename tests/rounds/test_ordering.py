from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from app.rounds.ordering import count_breaches, evaluator_order

SEEDS = st.integers(0, 2**64).map(lambda number: f"{number:064x}")


def numbered_seed(number: int) -> str:
    return f"{number:064x}"


@given(st.sets(st.text("abc", min_size=1), max_size=30), SEEDS)
def test_every_item_stands_once_and_the_seed_fixes_its_position(codes: set[str], seed: str) -> None:
    assert sorted(evaluator_order(codes, seed)) == sorted(codes)
    assert evaluator_order(codes, seed) == evaluator_order(sorted(codes, reverse=True), seed)


def test_every_order_is_as_likely_as_every_other() -> None:
    orders = Counter(tuple(evaluator_order("abcd", numbered_seed(number))) for number in range(4800))
    assert len(orders) == 24
    assert chisquare(list(orders.values())).pvalue > 0.001


@given(SEEDS, st.integers(2, 12))
def test_items_of_one_window_stand_apart_where_there_is_room(seed: str, pair_count: int) -> None:
    codes = [f"i{number:03}" for number in range(120)]
    pairs = [(codes[index], codes[index + 1]) for index in range(0, 2 * pair_count, 2)]
    distances: dict[str, dict[str, int]] = {code: {} for code in codes}
    for first, second in pairs:
        distances[first], distances[second] = {second: 10}, {first: 10}
    ordered = evaluator_order(codes, seed, distances)
    assert sorted(ordered) == codes
    positions = {code: position for position, code in enumerate(ordered)}
    too_near = sum(abs(positions[first] - positions[second]) < 10 for first, second in pairs)
    assert count_breaches(ordered, distances) == too_near
    assert too_near <= 1


def test_breaches_are_counted_where_there_is_no_room() -> None:
    distances = {"a": {"b": 10}, "b": {"a": 10}, "c": {}}
    assert count_breaches(evaluator_order("abc", numbered_seed(1), distances), distances) == 1
