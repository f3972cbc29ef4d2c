"""Draws from a frame: a secret seed fixes which of its neurons enter the round. Pure.

The frame is every neuron of the design's layers, dead neurons included. Neurons are drawn in a random order; a live
neuron that the design cannot show (too few snippets, or too few marks) is passed over and counted, by the same rule in
every arm. So the draw is a simple random sample of the eligible neurons. Only snippets of examined neurons are read.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from app.archive.neuron import NeuronKey, NeuronStatistics

FindShowable = Callable[[Sequence[NeuronKey]], set[NeuronKey]]
"""A function that returns those of some neurons that the design can show."""


@dataclass(frozen=True)
class FrameDraw:
    """The neurons in the order in which they were drawn, and how many were passed over."""

    neurons: tuple[NeuronStatistics, ...]
    excluded: int
    """Live neurons passed over because the design cannot show them."""
    examined: int
    """Neurons looked at: drawn or passed over."""


def draw_neurons(
    frame_neurons: Sequence[NeuronStatistics], neuron_count: int, find_showable: FindShowable, generator: Random
) -> FrameDraw:
    """Draw `neuron_count` eligible neurons of the frame, or all eligible ones if there are fewer."""
    shuffled = generator.sample(list(frame_neurons), len(frame_neurons))
    drawn: list[NeuronStatistics] = []
    examined = 0
    while len(drawn) < neuron_count and examined < len(shuffled):
        batch = shuffled[examined : examined + neuron_count - len(drawn)]
        showable = find_showable([neuron_key(neuron) for neuron in batch if not neuron.dead])
        drawn += [neuron for neuron in batch if neuron.dead or neuron_key(neuron) in showable]
        examined += len(batch)
    return FrameDraw(tuple(drawn), examined - len(drawn), examined)


def quotas_by_layer(layer_sizes: Mapping[int, int], neuron_count: int) -> dict[int, int]:
    """{layer: how many neurons to draw}, in proportion to size, by largest remainder (ties: the lower layer)."""
    frame_size = sum(layer_sizes.values())
    exact = {layer: neuron_count * size / frame_size for layer, size in layer_sizes.items()}
    quotas = {layer: int(value) for layer, value in exact.items()}
    by_remainder = sorted(exact, key=lambda layer: (quotas[layer] - exact[layer], layer))
    for layer in by_remainder[: neuron_count - sum(quotas.values())]:
        quotas[layer] += 1
    return quotas


def neurons_of_layers(neurons: Iterable[NeuronStatistics], layers: Sequence[int] | None) -> list[NeuronStatistics]:
    """The neurons of these layers (of all layers if None), in order of (layer, index)."""
    return sorted((neuron for neuron in neurons if layers is None or neuron.layer in layers), key=neuron_key)


def neuron_key(neuron: NeuronStatistics) -> NeuronKey:
    """The neuron as (layer, index)."""
    return neuron.layer, neuron.index
