"""A sample of neurons with their mean verdicts: one arm in one stratum, and what it says of the fraction there.

The neuron is the unit: several judgments of one neuron are repeated measurements of it, never more neurons.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.statistics.proportions import Estimate, effective_sample_size, wilson_interval

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Substratum:
    """Neurons drawn together: a whole cell, or one layer of it if the design draws by layer."""

    mean_verdicts: Floats
    """Mean verdict of each judged neuron, 1 for INTERPRETABLE, shape [neurons]."""
    dead_count: float = 0.0
    """Dead neurons that stand for these: NOT INTERPRETABLE without being shown."""
    weight: float = 1.0
    """Share of the frame that the strip stands for; strips of a sample need not add up to 1."""
    layer: int | None = None
    """The layer, where the draw was by layer."""

    @property
    def neuron_count(self) -> float:
        """Judged and dead neurons."""
        return self.mean_verdicts.size + self.dead_count

    @property
    def fraction(self) -> float:
        """Mean over the neurons, dead ones as 0."""
        return float(self.mean_verdicts.sum()) / self.neuron_count

    @property
    def variance(self) -> float | None:
        """Sample variance s² of the neurons' means, dead ones included; None for a single neuron."""
        if self.neuron_count <= 1:
            return None
        centre = self.fraction
        squares = float(np.square(self.mean_verdicts - centre).sum()) + self.dead_count * centre**2
        return squares / (self.neuron_count - 1)


@dataclass(frozen=True)
class NeuronSample:
    """One arm in one stratum, or part of it."""

    substrata: tuple[Substratum, ...]
    """Only strips with at least one neuron."""
    judgment_count: float
    """Judgments behind the means; each dead neuron counts as one."""
    seed_key: str = ""
    """What random draws about this sample are seeded with: a digest of its item codes, so never of its arm."""

    @property
    def neuron_count(self) -> float:
        """Judged and dead neurons; a whole number if every shown neuron was judged."""
        return sum(strip.neuron_count for strip in self.substrata)

    @property
    def weights(self) -> Floats:
        """Share of each strip, adding up to 1."""
        raw = np.array([strip.weight for strip in self.substrata], dtype=np.float64)
        return np.asarray(raw / raw.sum())

    @property
    def fraction(self) -> float:
        """The fraction INTERPRETABLE, strips weighted back to the frame."""
        return float(self.weights @ np.array([strip.fraction for strip in self.substrata]))

    @property
    def variance(self) -> float:
        """Variance of the fraction: sum of weight² s²/k; a strip of one neuron lends the other strips' mean s²."""
        spreads = [strip.variance for strip in self.substrata]
        known = [one for one in spreads if one is not None]
        stand_in = sum(known) / len(known) if known else 0.0
        parts = [
            weight**2 * (stand_in if spread is None else spread) / strip.neuron_count
            for weight, spread, strip in zip(self.weights, spreads, self.substrata, strict=True)
        ]
        return float(sum(parts))

    @property
    def effective_n(self) -> float:
        """Worth of the sample in independent judgments, between its neurons and its judgments."""
        least = 1 / sum(w**2 / s.neuron_count for w, s in zip(self.weights, self.substrata, strict=True))
        return effective_sample_size(self.fraction, self.variance, float(least), self.judgment_count)

    def estimate_fraction(self) -> Estimate:
        """The fraction with Wilson's interval on the effective n."""
        return Estimate(self.fraction, wilson_interval(self.fraction, self.effective_n))


def merge_samples(samples: tuple[NeuronSample, ...]) -> NeuronSample:
    """Samples of several strata as one, each stratum weighted by its neurons."""
    strips = tuple(
        Substratum(strip.mean_verdicts, strip.dead_count, float(weight) * one.neuron_count, strip.layer)
        for one in samples
        for strip, weight in zip(one.substrata, one.weights, strict=True)
    )
    return NeuronSample(
        strips, sum(one.judgment_count for one in samples), "".join(sorted(one.seed_key for one in samples))
    )
