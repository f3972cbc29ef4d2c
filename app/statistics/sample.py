"""A sample of neurons with their mean verdicts: one arm in one stratum, and what it says of the fraction there.

The neuron is the unit: several judgments of one neuron are repeated measurements of it, never more neurons.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.statistics.proportions import Estimate, effective_n, wilson

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Strip:
    """Neurons drawn together: a whole cell, or one layer of it if the design draws by layer."""

    means: Floats
    """Mean verdict of each judged neuron, 1 for INTERPRETABLE, shape [neurons]."""
    dead: float = 0.0
    """Dead neurons that stand for these: NOT INTERPRETABLE without being shown."""
    weight: float = 1.0
    """Share of the frame that the strip stands for; strips of a sample need not add up to 1."""
    layer: int | None = None
    """The layer, where the draw was by layer."""

    @property
    def neurons(self) -> float:
        """Judged and dead neurons."""
        return self.means.size + self.dead

    @property
    def fraction(self) -> float:
        """Mean over the neurons, dead ones as 0."""
        return float(self.means.sum()) / self.neurons

    @property
    def spread(self) -> float | None:
        """Sample variance s² of the neurons' means, dead ones included; None for a single neuron."""
        if self.neurons <= 1:
            return None
        centre = self.fraction
        squares = float(np.square(self.means - centre).sum()) + self.dead * centre**2
        return squares / (self.neurons - 1)


@dataclass(frozen=True)
class Sample:
    """One arm in one stratum, or part of it."""

    strips: tuple[Strip, ...]
    """Only strips with at least one neuron."""
    judgments: float
    """Judgments behind the means; each dead neuron counts as one."""
    key: str = ""
    """What random draws about this sample are seeded with: a digest of its item codes, so never of its arm."""

    @property
    def neurons(self) -> float:
        """Judged and dead neurons; a whole number if every shown neuron was judged."""
        return sum(strip.neurons for strip in self.strips)

    @property
    def weights(self) -> Floats:
        """Share of each strip, adding up to 1."""
        raw = np.array([strip.weight for strip in self.strips], dtype=np.float64)
        return np.asarray(raw / raw.sum())

    @property
    def fraction(self) -> float:
        """The fraction INTERPRETABLE, strips weighted back to the frame."""
        return float(self.weights @ np.array([strip.fraction for strip in self.strips]))

    @property
    def variance(self) -> float:
        """Variance of the fraction: sum of weight² s²/k; a strip of one neuron lends the other strips' mean s²."""
        spreads = [strip.spread for strip in self.strips]
        known = [one for one in spreads if one is not None]
        stand_in = sum(known) / len(known) if known else 0.0
        parts = [
            weight**2 * (stand_in if spread is None else spread) / strip.neurons
            for weight, spread, strip in zip(self.weights, spreads, self.strips, strict=True)
        ]
        return float(sum(parts))

    @property
    def effective_n(self) -> float:
        """Worth of the sample in independent judgments, between its neurons and its judgments."""
        least = 1 / sum(w**2 / s.neurons for w, s in zip(self.weights, self.strips, strict=True))
        return effective_n(self.fraction, self.variance, float(least), self.judgments)

    def estimate(self) -> Estimate:
        """The fraction with Wilson's interval on the effective n."""
        return Estimate(self.fraction, wilson(self.fraction, self.effective_n))


def merged(samples: tuple[Sample, ...]) -> Sample:
    """Samples of several strata as one, each stratum weighted by its neurons."""
    strips = tuple(
        Strip(strip.means, strip.dead, float(weight) * one.neurons, strip.layer)
        for one in samples
        for strip, weight in zip(one.strips, one.weights, strict=True)
    )
    return Sample(strips, sum(one.judgments for one in samples), "".join(sorted(one.key for one in samples)))
