from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.archive.snippet import Snippet, normalised_word
from app.rounds.controls import mix_snippets, plant_word, scatter_words, word_occurrences
from tests.rounds.small_archives import make_snippet


def make_pool(seed: int = 0, count: int = 60) -> list[Snippet]:
    random = Random(seed)
    return [make_snippet(random, rank, 10.0, window=f"w{rank}") for rank in range(count)]


def peak_words(snippets: tuple[Snippet, ...]) -> set[str]:
    return {normalised_word(snippet.pieces[snippet.peak]) for snippet in snippets}


@given(st.integers(0, 50))
def test_a_planted_item_has_one_word_at_every_peak_and_a_real_neuron_s_strengths(seed: int) -> None:
    profile = make_pool(seed + 1000, 20)
    planted = plant_word(word_occurrences(make_pool(seed))["import"], profile, Random(seed))
    assert peak_words(planted) == {"import"}
    assert [snippet.peak_activation for snippet in planted] == [snippet.peak_activation for snippet in profile]
    assert len({snippet.window for snippet in planted}) == 20
    assert set(planted[0].activations) <= {*profile[0].activations, 0.0}


def test_snippets_without_a_rule_have_another_word_at_every_peak() -> None:
    scattered = scatter_words(word_occurrences(make_pool()), make_pool(7, 4), Random(1))
    assert len(peak_words(scattered)) == 4


@given(st.sampled_from([0.55, 0.6, 0.75, 0.9, 0.95]), st.integers(0, 50))
def test_a_mixture_has_its_share_and_the_main_neuron_s_strengths(share: float, seed: int) -> None:
    main, foreign = make_pool(seed, 20), make_pool(seed + 100, 20)
    mixture = mix_snippets(main, foreign, share, Random(seed))
    own_count = sum(snippet in main for snippet in mixture.snippets)
    assert own_count == round(20 * share)
    assert mixture.purity == pytest.approx(own_count / 20)
    strengths = [snippet.peak_activation for snippet in mixture.snippets]
    assert strengths == pytest.approx([snippet.peak_activation for snippet in main])


def test_a_word_is_a_whole_token_and_occurs_once_a_window() -> None:
    pieces = (b"import", b" Import", b"(", b"of")
    twice = replace(make_snippet(Random(0), 0, 1.0, window="w"), pieces=pieces, activations=(0.0,) * 4)
    occurrences = word_occurrences([twice])
    assert {word: [index for _, index in places] for word, places in occurrences.items()} == {"import": [0]}
