from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.archive.levels import RANKED_TOKEN_COUNT, proportional_levels
from app.archive.snippet import Snippet
from app.rounds.concealment import (
    build_passage,
    draw_codes,
    passages_of,
    select_shown_snippets,
)
from app.rounds.design import Design
from app.rounds.randomness import SecretRandom
from app.tasks.item import Item, Passage
from tests.rounds.small_archives import make_snippet

SEEDS = st.integers(0, 2**64).map(lambda number: f"{number:064x}")


def make_snippets(seed: int, maximum: float = 10.0) -> list[Snippet]:
    random = Random(seed)
    return [make_snippet(random, rank, maximum * (1 - rank / 50)) for rank in range(20)]


def test_an_item_has_fields_for_words_and_levels_and_nothing_else() -> None:
    assert set(Item.__dataclass_fields__) == {"code", "passages"}
    assert set(Passage.__dataclass_fields__) == {"texts", "levels", "peak", "group"}


@given(st.integers(0, 1000), st.floats(0.001, 1000))
def test_the_scale_of_the_activations_does_not_show(seed: int, scale: float) -> None:
    """SoLU's activations and GELU's live on different scales: an item is the same whatever the unit."""
    snippets = make_snippets(seed)
    scaled = [
        replace(snippet, activations=tuple(scale * value for value in snippet.activations)) for snippet in snippets
    ]
    passages = passages_of(snippets, 10.0, "rank", Random(1))
    scaled_passages = passages_of(scaled, 10.0 * scale, "rank", Random(1))
    assert scaled_passages == passages


def test_the_passages_are_the_snippets_in_another_order() -> None:
    snippets = make_snippets(3)
    passages = passages_of(snippets, 10.0, "proportional", SecretRandom("0" * 64, "x"))
    in_order = [build_passage(snippet, proportional_levels(snippet.activations, 10.0)) for snippet in snippets]
    assert set(passages) == set(in_order)
    assert passages != in_order


def test_every_peak_of_the_top_is_marked() -> None:
    passages = passages_of(make_snippets(4), 10.0, "proportional", Random(0))
    assert all(passage.levels[passage.peak] >= 4 for passage in passages)
    assert all(passage.texts[passage.peak] for passage in passages)


def test_rank_marks_are_as_many_for_every_item_whose_characters_are_whole() -> None:
    whole_characters = [replace(snippet, pieces=(b"x",) * len(snippet.pieces)) for snippet in make_snippets(5)]
    passages = passages_of(whole_characters, 10.0, "rank", Random(0))
    assert sum(level > 0 for passage in passages for level in passage.levels) == RANKED_TOKEN_COUNT


def test_a_mark_on_half_a_character_is_shown_where_the_character_is() -> None:
    halved = replace(make_snippet(Random(1), 0, 10.0), peak=3)
    levels = [0] * len(halved.pieces)
    levels[3] = 5
    passage = build_passage(halved, levels)
    assert (passage.peak, passage.texts[4], passage.levels[3], passage.levels[4]) == (4, "é", 0, 5)


def test_a_neuron_without_enough_snippets_is_left_out(design: Design) -> None:
    assert select_shown_snippets(design, make_snippets(6)[:19]) is None


def test_a_neuron_without_enough_positive_tokens_is_left_out_where_marks_are_ranks(design: Design) -> None:
    faint = [make_snippet(Random(rank), rank, 5.0, positive=6) for rank in range(20)]
    assert len(select_shown_snippets(design, faint) or []) == 20
    negative = [replace(snippet, activations=tuple(-1.0 for _ in snippet.activations)) for snippet in faint]
    assert select_shown_snippets(design.model_copy(update={"marks": "rank"}), negative) is None


@given(SEEDS)
def test_codes_differ_and_have_one_length(seed: str) -> None:
    codes = draw_codes(50, SecretRandom(seed, "codes"))
    assert len(set(codes)) == 50
    assert {len(code) for code in codes} == {10}


def test_drawing_a_neuron_that_cannot_be_marked_is_a_fault_of_the_caller() -> None:
    few = [make_snippet(Random(1), 0, 5.0, positive=6)]
    with pytest.raises(AssertionError, match="too few marked tokens"):
        passages_of(few, 5.0, "rank", Random(0))
