"""A sample of neurons with their mean verdicts, and the fraction that it estimates.

The neuron is the unit of the statistics: several judgments of one neuron are repeated measurements of it, never more
neurons. If a design draws by layer, each layer is a substratum h of the sample, and the fraction is the stratified mean
(Cochran 1977, Sampling Techniques, chapter 5, without the correction for a finite population):

    fraction = Σ W_h m_h          variance = Σ W_h² s_h² / n_h

with the substratum's share of the frame W_h, and the mean m_h, the sample variance s_h² and the number n_h of its
neurons' mean verdicts. A design that draws from all layers at once has a single substratum with W = 1.
"""

from dataclasses import dataclass

import numpy as np

from app.foundation.arrays import Floats
from app.statistics.intervals import Estimate
from app.statistics.proportions import effective_sample_size, wilson_interval


@dataclass(frozen=True)
class Substratum:
    """Neurons drawn together: all of a cell, or one layer of it if the design draws by layer."""

    mean_verdicts: Floats
    """Mean verdict of each judged neuron, between 0 and 1: [neuron]."""
    dead_count: float = 0.0
    """Dead neurons among these: they count as 0 without being shown."""
    weight: float = 1.0
    """Share of the frame that the substratum stands for; the shares of a sample need not add up to 1."""
    layer: int | None = None
    """The layer, if the design draws by layer."""

    @property
    def neuron_count(self) -> float:
        """Judged and dead neurons."""
        return self.mean_verdicts.size + self.dead_count

    @property
    def fraction(self) -> float:
        """The mean over the neurons, with 0 for a dead one."""
        return float(self.mean_verdicts.sum()) / self.neuron_count

    @property
    def variance(self) -> float | None:
        """The sample variance s² of the neurons' mean verdicts, dead ones included; None for a single neuron."""
        if self.neuron_count <= 1:
            return None
        mean = self.fraction
        squares = float(np.square(self.mean_verdicts - mean).sum()) + self.dead_count * mean**2
        return squares / (self.neuron_count - 1)


@dataclass(frozen=True)
class NeuronSample:
    """The neurons of one arm in one stratum, or of a part of it."""

    substrata: tuple[Substratum, ...]
    """Each has at least one neuron."""
    judgment_count: float
    """Judgments behind the mean verdicts; each dead neuron counts as one."""
    item_codes_digest: str = ""
    """Random draws about this sample are seeded with this digest, which does not depend on the name of its arm."""

    @property
    def neuron_count(self) -> float:
        """Judged and dead neurons; a whole number if every neuron that was shown has been judged."""
        return sum(substratum.neuron_count for substratum in self.substrata)

    @property
    def weights(self) -> Floats:
        """Share of each substratum, adding up to 1: [substratum]."""
        weights = np.array([substratum.weight for substratum in self.substrata], dtype=np.float64)
        return np.asarray(weights / weights.sum())

    @property
    def fraction(self) -> float:
        """The fraction of neurons that count, substrata weighted by their share of the frame."""
        return float(self.weights @ np.array([substratum.fraction for substratum in self.substrata]))

    @property
    def variance(self) -> float:
        """The variance of the fraction; a substratum of one neuron takes the mean s² of the other substrata."""
        variances = [substratum.variance for substratum in self.substrata]
        defined = [variance for variance in variances if variance is not None]
        borrowed = sum(defined) / len(defined) if defined else 0.0
        terms = [
            weight**2 * (borrowed if variance is None else variance) / substratum.neuron_count
            for weight, variance, substratum in zip(self.weights, variances, self.substrata, strict=True)
        ]
        return float(sum(terms))

    @property
    def effective_n(self) -> float:
        """How many independent judgments the sample is worth, between its neurons and its judgments."""
        shares = zip(self.weights, self.substrata, strict=True)
        smallest = 1 / sum(weight**2 / substratum.neuron_count for weight, substratum in shares)
        return effective_sample_size(self.fraction, self.variance, float(smallest), self.judgment_count)

    def estimate_fraction(self) -> Estimate:
        """The fraction with Wilson's interval for the effective sample size."""
        return Estimate(self.fraction, wilson_interval(self.fraction, self.effective_n))


def merge_samples(samples: tuple[NeuronSample, ...]) -> NeuronSample:
    """The samples of several strata as one sample, in which each stratum weighs as much as it has neurons."""
    substrata = tuple(
        Substratum(
            substratum.mean_verdicts, substratum.dead_count, float(weight) * sample.neuron_count, substratum.layer
        )
        for sample in samples
        for substratum, weight in zip(sample.substrata, sample.weights, strict=True)
    )
    item_codes_digest = "".join(sorted(sample.item_codes_digest for sample in samples))
    return NeuronSample(substrata, sum(sample.judgment_count for sample in samples), item_codes_digest)
