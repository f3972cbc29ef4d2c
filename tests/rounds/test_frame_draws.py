from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from app.archive.archive import Archive
from app.archive.neuron import NeuronKey
from app.rounds.frame_draws import draw_neurons, quotas_by_layer
from app.rounds.randomness import SecretRandom

UNSUITABLE = 4


def all_showable(neuron_keys: Sequence[NeuronKey]) -> set[NeuronKey]:
    return set(neuron_keys)


def all_showable_but_one(neuron_keys: Sequence[NeuronKey]) -> set[NeuronKey]:
    return {(layer, index) for layer, index in neuron_keys if index != UNSUITABLE}


def test_the_draw_is_uniform_over_ten_thousand_small_rounds(plum_archive: Archive) -> None:
    frame_neurons = plum_archive.neurons()[:6]
    pairs: Counter[tuple[int, ...]] = Counter()
    for number in range(10_000):
        draw = draw_neurons(frame_neurons, 2, all_showable, SecretRandom(f"{number:064x}", "draw"))
        pairs[tuple(sorted(neuron.index for neuron in draw.neurons))] += 1
    assert len(pairs) == 15
    assert chisquare(list(pairs.values())).pvalue > 0.001


def test_passing_over_unsuitable_neurons_leaves_the_draw_of_all_others_uniform(plum_archive: Archive) -> None:
    frame_neurons = plum_archive.neurons()[2:8]
    drawn: Counter[int] = Counter()
    for number in range(3000):
        draw = draw_neurons(frame_neurons, 1, all_showable_but_one, SecretRandom(f"{number:064x}", "d"))
        assert draw.examined == len(draw.neurons) + draw.excluded
        drawn[draw.neurons[0].index] += 1
    assert UNSUITABLE not in drawn
    assert chisquare([drawn[index] for index in (2, 3, 5, 6, 7)]).pvalue > 0.001


@given(st.dictionaries(st.integers(0, 9), st.integers(1, 500), min_size=1), st.integers(1, 200))
def test_quotas_add_up_and_are_within_one_of_proportional(layer_sizes: dict[int, int], neuron_count: int) -> None:
    quotas = quotas_by_layer(layer_sizes, neuron_count)
    assert sum(quotas.values()) == neuron_count
    frame_size = sum(layer_sizes.values())
    assert all(abs(quotas[layer] - neuron_count * size / frame_size) < 1 for layer, size in layer_sizes.items())
