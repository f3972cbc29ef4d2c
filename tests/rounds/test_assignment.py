from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from app.rounds.ordering import count_breaches, evaluator_order
from app.rounds.randomness import SecretRandom

SEEDS = st.integers(0, 2**64).map(lambda number: f"{number:064x}")


def seed_of(number: int) -> str:
    return f"{number:064x}"


@given(st.sets(st.text("abc", min_size=1), max_size=30), SEEDS)
def test_every_item_stands_once_and_the_seed_fixes_the_place(codes: set[str], seed: str) -> None:
    assert sorted(evaluator_order(codes, seed)) == sorted(codes)
    assert evaluator_order(codes, seed) == evaluator_order(sorted(codes, reverse=True), seed)


def test_every_order_is_as_likely_as_every_other() -> None:
    seen = Counter(tuple(evaluator_order("abcd", seed_of(number))) for number in range(4800))
    assert len(seen) == 24
    assert chisquare(list(seen.values())).pvalue > 0.001


@given(SEEDS, st.integers(2, 12))
def test_items_of_one_window_stand_apart_where_there_is_room(seed: str, pairs: int) -> None:
    codes = [f"i{number:03}" for number in range(120)]
    apart: dict[str, dict[str, int]] = {code: {} for code in codes} | {
        codes[at + shift]: {codes[at + 1 - shift]: 10} for at in range(0, 2 * pairs, 2) for shift in (0, 1)
    }
    placed = evaluator_order(codes, seed, apart)
    assert sorted(placed) == codes
    places = {code: place for place, code in enumerate(placed)}
    near = sum(abs(places[codes[at]] - places[codes[at + 1]]) < 10 for at in range(0, 2 * pairs, 2))
    assert count_breaches(placed, apart) == near
    assert near <= 1


def test_breaches_are_counted_where_there_is_no_room() -> None:
    apart = {"a": {"b": 10}, "b": {"a": 10}, "c": {}}
    assert count_breaches(evaluator_order("abc", seed_of(1), apart), apart) == 1


@given(SEEDS, st.text(max_size=5))
def test_the_generator_is_fixed_by_seed_and_purpose(seed: str, purpose: str) -> None:
    first, again = SecretRandom(seed, purpose), SecretRandom(seed, purpose)
    assert [first.getrandbits(k) for k in (1, 600, 53)] == [again.getrandbits(k) for k in (1, 600, 53)]
    assert SecretRandom(seed, purpose + "x").getrandbits(128) != SecretRandom(seed, purpose).getrandbits(128)


def test_the_generator_s_bits_are_even() -> None:
    random = SecretRandom("ab" * 32, "bits")
    counts = Counter(random.randrange(8) for _ in range(8000))
    assert chisquare(list(counts.values())).pvalue > 0.001
    assert all(0 <= random.random() < 1 for _ in range(1000))
