from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from app.rounds.randomness import SecretRandom

SEEDS = st.integers(0, 2**64).map(lambda number: f"{number:064x}")


@given(SEEDS, st.text(max_size=5))
def test_the_generator_is_fixed_by_seed_and_purpose(seed: str, purpose: str) -> None:
    generator, twin = SecretRandom(seed, purpose), SecretRandom(seed, purpose)
    assert [generator.getrandbits(bits) for bits in (1, 600, 53)] == [twin.getrandbits(bits) for bits in (1, 600, 53)]
    assert SecretRandom(seed, purpose + "x").getrandbits(128) != SecretRandom(seed, purpose).getrandbits(128)


def test_the_generator_s_bits_are_even() -> None:
    random = SecretRandom("ab" * 32, "bits")
    counts = Counter(random.randrange(8) for _ in range(8000))
    assert chisquare(list(counts.values())).pvalue > 0.001
    assert all(0 <= random.random() < 1 for _ in range(1000))
