"""Drawing neurons: which of a frame enter the round, by a secret seed. Pure.

The frame is every neuron of the layers named, dead ones included. Neurons are taken in a random order; a live one
that the design cannot show (too few snippets, or too few marks) is passed over and counted, by the same rule in every
arm. So the result is a simple random sample of the eligible neurons, and only those looked at are read.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from app.archive.neuron import NeuronStatistics

NeuronKey = tuple[int, int]
"""(layer, index) of a neuron."""
ShowableOnes = Callable[[Sequence[NeuronKey]], set[NeuronKey]]
"""Of some neurons, those that the design can show."""


@dataclass(frozen=True)
class FrameDraw:
    """Neurons in the order drawn, and what was passed over on the way."""

    neurons: tuple[NeuronStatistics, ...]
    excluded: int
    """Live neurons passed over because the design cannot show them."""
    examined: int


def draw_neurons(frame: Sequence[NeuronStatistics], wanted: int, fits: ShowableOnes, random: Random) -> FrameDraw:
    """Draw `wanted` eligible neurons of `frame`, or all there are if they are fewer."""
    shuffled = random.sample(list(frame), len(frame))
    drawn: list[NeuronStatistics] = []
    examined = 0
    while len(drawn) < wanted and examined < len(shuffled):
        batch = shuffled[examined : examined + wanted - len(drawn)]
        good = fits([neuron_key(one) for one in batch if not one.dead])
        drawn += [one for one in batch if one.dead or neuron_key(one) in good]
        examined += len(batch)
    return FrameDraw(tuple(drawn), examined - len(drawn), examined)


def quotas_by_layer(sizes: Mapping[int, int], wanted: int) -> dict[int, int]:
    """Neurons per layer in proportion to its size, by largest remainder (ties to the lower layer)."""
    total = sum(sizes.values())
    exact = {layer: wanted * size / total for layer, size in sizes.items()}
    shares = {layer: int(value) for layer, value in exact.items()}
    for layer in sorted(exact, key=lambda one: (shares[one] - exact[one], one))[: wanted - sum(shares.values())]:
        shares[layer] += 1
    return shares


def neurons_of_layers(neurons: Iterable[NeuronStatistics], layers: Sequence[int] | None) -> list[NeuronStatistics]:
    """The frame: the neurons of the layers named, all for None, in order of (layer, index)."""
    return sorted((one for one in neurons if layers is None or one.layer in layers), key=neuron_key)


def neuron_key(neuron: NeuronStatistics) -> NeuronKey:
    """(layer, index)."""
    return neuron.layer, neuron.index
