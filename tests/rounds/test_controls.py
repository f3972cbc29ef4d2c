from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.archive.archive import Archive
from app.archive.snippet import Snippet, normalised_word
from app.foundation.errors import DesignError
from app.rounds.allocation import AllocatedItem
from app.rounds.controls import mix_snippets, plant_word, scatter_words, word_occurrences
from app.rounds.design import Design
from app.rounds.item import Item
from app.rounds.preparation import PreparedRound, prepare_round
from tests.rounds.making import make_snippet

SEED = "5e" * 32


def pool(seed: int = 0, count: int = 60) -> list[Snippet]:
    random = Random(seed)
    return [make_snippet(random, rank, 10.0, window=f"w{rank}") for rank in range(count)]


def with_controls(design: Design, **changes: Any) -> Design:
    controls = {"planted": 2, "ladder": [0.6, 0.9], "per_step": 1}
    settings = {"neurons": 4, "controls": controls, "repeats": 2, "repeat_distance": 3, "training": 2}
    return design.with_changes(**settings | changes)


def of_kind(prepared: PreparedRound, kind: str) -> dict[str, AllocatedItem]:
    return {allocated.item: allocated for allocated in prepared.allocation.items if allocated.kind == kind}


def peak_text(item: Item) -> set[str]:
    return {one.texts[one.peak].strip().lower() for one in item.passages}


@given(st.integers(0, 50))
def test_a_planted_item_has_one_word_at_every_peak_and_a_real_neuron_s_strengths(seed: int) -> None:
    profile = pool(seed + 1000, 20)
    made = plant_word(word_occurrences(pool(seed))["import"], profile, Random(seed))
    assert {normalised_word(one.pieces[one.peak]) for one in made} == {"import"}
    assert [one.peak_activation for one in made] == [one.peak_activation for one in profile]
    assert len({one.window for one in made}) == 20
    assert set(made[0].activations) <= {*profile[0].activations, 0.0}


def test_noise_has_another_word_at_every_peak() -> None:
    made = scatter_words(word_occurrences(pool()), pool(7, 4), Random(1))
    assert len({normalised_word(one.pieces[one.peak]) for one in made}) == 4


@given(st.sampled_from([0.55, 0.6, 0.75, 0.9, 0.95]), st.integers(0, 50))
def test_a_mixture_has_its_share_and_the_main_neuron_s_strengths(share: float, seed: int) -> None:
    main, other = pool(seed, 20), pool(seed + 100, 20)
    mixed = mix_snippets(main, other, share, Random(seed))
    own = sum(one in main for one in mixed.snippets)
    assert own == round(20 * share)
    assert mixed.purity == pytest.approx(own / 20)
    assert [one.peak_activation for one in mixed.snippets] == pytest.approx([one.peak_activation for one in main])


def test_words_are_whole_and_found_once_a_window() -> None:
    snippet = make_snippet(Random(0), 0, 1.0, window="w")
    twice = type(snippet)(
        **(vars(snippet) | {"pieces": (b"import", b" Import", b"(", b"of"), "activations": (0.0,) * 4})
    )
    assert {word: [index for _, index in places] for word, places in word_occurrences([twice]).items()} == {
        "import": [0]
    }


def test_a_round_holds_the_controls_that_its_design_asks_for(design: Design, archives: dict[str, Archive]) -> None:
    prepared = prepare_round(with_controls(design), archives, SEED)
    items = {item.code: item for item in prepared.items}
    for code, line in of_kind(prepared, "planted").items():
        assert line.rule == f"the word “{peak_text(items[code]).pop()}”"
        assert len(peak_text(items[code])) == 1
    assert len(of_kind(prepared, "planted")) == 2
    steps = sorted((line.arm, line.purity) for line in of_kind(prepared, "purity").values())
    assert steps == [("axolotl", 0.6), ("axolotl", 0.9), ("quokka", 0.6), ("quokka", 0.9)]


def test_controls_are_made_of_neurons_that_were_not_drawn(design: Design, archives: dict[str, Archive]) -> None:
    prepared = prepare_round(with_controls(design), archives, SEED)
    drawn = {(line.arm, line.neuron) for line in of_kind(prepared, "neuron").values()}
    others = [
        (line.arm, line.neuron)
        for kind in ("planted", "purity", "training")
        for line in of_kind(prepared, kind).values()
    ]
    assert drawn.isdisjoint(others)
    assert len(set(others)) == len(others)


def test_a_repeat_shows_the_same_passages_in_another_order_and_stands_apart(
    design: Design, archives: dict[str, Archive]
) -> None:
    prepared = prepare_round(with_controls(design), archives, SEED)
    items = {item.code: item for item in prepared.items}
    repeats = of_kind(prepared, "repeat")
    assert len(repeats) == 2
    for code, line in repeats.items():
        first, again = items[str(line.repeats)], items[code]
        assert sorted(map(repr, first.passages)) == sorted(map(repr, again.passages))
        assert first.passages != again.passages
        assert prepared.distances[code][first.code] == prepared.distances[first.code][code] == 10


def test_training_items_say_what_is_right_and_half_of_them_have_no_rule(
    design: Design, archives: dict[str, Archive]
) -> None:
    prepared = prepare_round(with_controls(design), archives, SEED)
    assert set(prepared.training_answers) == set(of_kind(prepared, "training"))
    assert sorted(one["verdict"] for one in prepared.training_answers.values()) == [
        "interpretable",
        "not_interpretable",
    ]
    for answer in prepared.training_answers.values():
        assert (answer["verdict"] == "interpretable") == answer["rule"].startswith("the word")


def test_swapping_the_arms_changes_no_byte_of_the_controls_either(design: Design, archives: dict[str, Archive]) -> None:
    here = with_controls(design)
    other = {"quokka": "axolotl", "axolotl": "quokka"}
    there = here.with_changes(arms=[one.model_copy(update={"arm": other[one.arm]}) for one in here.arms])
    assert [one.content() for one in prepare_round(here, archives, SEED).items] == [
        one.content() for one in prepare_round(there, archives, SEED).items
    ]


@pytest.mark.parametrize("controls", [{"ladder": [0.6], "per_step": 15}, {"planted": 40}])
def test_controls_that_the_archives_cannot_give_are_refused(
    design: Design, archives: dict[str, Archive], controls: dict[str, Any]
) -> None:
    with pytest.raises(DesignError, match="Too few neurons are left for the controls"):
        prepare_round(with_controls(design, controls=controls), archives, SEED)


def test_a_rule_needs_a_word_that_stands_in_enough_windows(design: Design, archives: dict[str, Archive]) -> None:
    rare = with_controls(design, training=0, groups={"top": 20}, controls={"planted": 1})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.rounds.controls.SHORTEST_WORD", 99)
        with pytest.raises(DesignError, match="too little text for planted items"):
            prepare_round(rare, archives, SEED)
