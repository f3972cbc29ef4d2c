"""Aids agree with what the item shows, name no unit and no arm, and are there only where the design wants them."""

from dataclasses import replace
from random import Random

import pytest

from app.archive.archive import Archive
from app.archive.neuron import LogitEffect, NeuronStatistics
from app.archive.snippet import Snippet
from app.rounds.aids import Aids, build_aids
from app.rounds.design import Design, FieldValue
from app.rounds.preparation import prepare_round
from tests.rounds.small_archives import make_snippet

SEED = "5e" * 32


@pytest.fixture
def neuron(archives: dict[str, Archive]) -> NeuronStatistics:
    live = next(neuron for archive in archives.values() for neuron in archive.neurons() if not neuron.dead)
    return replace(
        live,
        minimum=-0.17,
        maximum=10.0,
        histogram=(9, 3, 1),
        promoted=(LogitEffect(b" a", 0.5),),
        suppressed_tokens=(LogitEffect(b" b", -0.8),),
    )


def snippet(*firings: tuple[str, float]) -> Snippet:
    pieces, activations = zip(*((text.encode(), activation) for text, activation in firings), strict=True)
    return Snippet(pieces, activations, activations.index(max(activations)), "top", 0, "file.py:0")


def test_a_design_without_aids_keeps_none(design: Design, archives: dict[str, Archive]) -> None:
    assert prepare_round(design, archives, SEED).aids == {}


def test_aids_change_neither_items_nor_allocation(design: Design, archives: dict[str, Archive]) -> None:
    without_aids = prepare_round(design, archives, SEED)
    with_aids = prepare_round(design.with_changes(aids=True), archives, SEED)
    assert with_aids.items == without_aids.items
    assert with_aids.allocation == without_aids.allocation


@pytest.mark.parametrize(
    "changes",
    [{}, {"training": 4, "controls": {"planted": 2, "ladder": (0.75,), "per_step": 1}}],
    ids=["neurons alone", "controls too"],
)
def test_a_level_is_a_fifth_of_the_strength_beside_it(
    design: Design, archives: dict[str, Archive], changes: dict[str, FieldValue]
) -> None:
    prepared = prepare_round(design.with_changes(aids=True, **changes), archives, SEED)
    assert prepared.aids.keys() == {item.code for item in prepared.items}
    for item in prepared.items:
        for passage, strengths in zip(item.passages, prepared.aids[item.code].strengths, strict=True):
            for level, percent in zip(passage.levels, strengths, strict=True):
                lowest, highest = (20 * (level - 1), 20 * level) if level else (0, 10)
                assert lowest - 0.5 <= percent <= highest + 0.5
            assert strengths[passage.peak] == max(strengths)


def test_strengths_are_shares_of_the_neuron_s_largest_activation(neuron: NeuronStatistics) -> None:
    aids = build_aids([snippet((" the", 2.0), (" cat", 10.0), (" sat", -0.1))], neuron)
    assert aids.strengths == ((20, 100, 0),)
    assert aids.lowest == -1.7


def test_part_of_a_character_counts_where_the_character_is_shown(neuron: NeuronStatistics) -> None:
    halves = Snippet((b"caf", b"\xc3", b"\xa9"), (1.0, 9.0, 4.0), 1, "top", 0, "file.py:0")
    assert build_aids([halves], neuron).strengths == ((10, 0, 90),)


def test_the_strongest_tokens_carry_most_of_the_firing_and_say_how_often(neuron: NeuronStatistics) -> None:
    shown = [snippet((" cat", 6.0), (" dog", 10.0)), snippet((" cat", 7.0), (" the", 0.9))]
    tokens = [(token.text, token.count, token.percent) for token in build_aids(shown, neuron).tokens]
    assert tokens == [(" cat", 2, 65), (" dog", 1, 100)]


def test_effects_are_shares_of_the_neuron_s_largest(neuron: NeuronStatistics) -> None:
    aids = build_aids([make_snippet(Random(0), 0, 8.0)], neuron)
    effects = [(effect.text, effect.percent) for effect in (*aids.promoted, *aids.suppressed)]
    assert effects == [(" a", 62), (" b", -100)]


def test_a_neuron_without_any_effect_lists_none(neuron: NeuronStatistics) -> None:
    silent = replace(neuron, promoted=(LogitEffect(b" a", 0.0),), suppressed_tokens=())
    assert build_aids([make_snippet(Random(0), 0, 8.0)], silent).promoted == ()


def test_aids_are_the_same_in_whatever_unit_the_model_counts(neuron: NeuronStatistics) -> None:
    snippets = [make_snippet(Random(seed), 0, 8.0) for seed in range(5)]

    def scaled_aids(factor: float) -> Aids:
        def scaled(effects: tuple[LogitEffect, ...]) -> tuple[LogitEffect, ...]:
            return tuple(replace(effect, effect=effect.effect / factor) for effect in effects)

        return build_aids(
            [replace(part, activations=tuple(factor * value for value in part.activations)) for part in snippets],
            replace(
                neuron,
                maximum=factor * neuron.maximum,
                minimum=factor * neuron.minimum,
                promoted=scaled(neuron.promoted),
                suppressed_tokens=scaled(neuron.suppressed_tokens),
            ),
        )

    assert scaled_aids(4.0) == scaled_aids(1.0)


def test_aids_come_back_from_what_the_database_keeps(neuron: NeuronStatistics) -> None:
    aids = build_aids([make_snippet(Random(0), 0, 8.0)], neuron)
    assert Aids.model_validate_json(aids.model_dump_json()) == aids
