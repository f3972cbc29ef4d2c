"""Permutation and bootstrap over neurons, exact in distribution and cheap.

A neuron's mean verdict takes few values, so drawing neurons is drawing how many of each value: shuffling arms is a
multivariate hypergeometric draw, resampling neurons a multinomial one. The cost does not grow with the neurons.
Each draw is seeded by the round's seed and the items concerned, never by an arm's name: swapped arms mirror.
"""

import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from app.statistics.mantel_haenszel import StratumComparison
from app.statistics.neuron_sample import Floats, NeuronSample, Substratum
from app.statistics.proportions import CONFIDENCE_LEVEL, Interval

PERMUTATIONS = 19_999
BOOTSTRAP_DRAWS = 10_000
TIE_TOLERANCE = 1e-9
"""Two sums of the same means in another order are the same."""


def seeded_generator(seed: str, purpose: str, key: str) -> np.random.Generator:
    """A generator for one purpose about one sample; the same three words give the same draws for ever."""
    digest = hashlib.sha256("\0".join((seed, purpose, key)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def permutation_p_value(strata: list[StratumComparison], seed: str, shuffles: int = PERMUTATIONS) -> float:
    """Two-sided p of the pooled difference when arms are dealt anew within stratum, and within layer if so drawn.

    p = (1 + number of shuffles at least as far from zero) / (shuffles + 1), each neuron keeping its judgments.
    """
    total = sum(one.weight for one in strata)
    observed = sum(one.weight * one.difference for one in strata) / total
    dealt = np.zeros(shuffles)
    for one in strata:
        dealt += one.weight / total * _dealt_differences(one, seed, shuffles)
    beyond = int((np.abs(dealt) >= abs(observed) - TIE_TOLERANCE).sum())
    return (1 + beyond) / (shuffles + 1)


def bootstrap_fractions(sample: NeuronSample, seed: str, draws: int = BOOTSTRAP_DRAWS) -> Floats:
    """Fractions of `draws` bootstrap samples: neurons resampled within each strip, all judgments together."""
    source = seeded_generator(seed, "bootstrap", sample.seed_key)
    fractions = np.zeros(draws)
    for weight, strip in zip(sample.weights, sample.substrata, strict=True):
        values, counts = _patterns(strip)
        neurons = int(counts.sum())
        fractions += weight * (source.multinomial(neurons, counts / neurons, size=draws) @ values) / neurons
    return fractions


def percentile_interval(draws: Floats, level: float = CONFIDENCE_LEVEL) -> Interval | None:
    """The middle `level` of the draws; None without draws or if a limit is not a number.

    The limits are draws, never a value between two: so the interval of 1 / x is the inverse of that of x.
    """
    if not draws.size:
        return None
    lower = np.quantile(draws, (1 - level) / 2, method="lower")
    upper = np.quantile(draws, (1 + level) / 2, method="higher")
    return Interval(float(lower), float(upper)) if np.isfinite([lower, upper]).all() else None


def bootstrap_interval(
    counts: NDArray[np.int64],
    statistic: Callable[[Floats], Floats],
    source: np.random.Generator,
    draws: int = BOOTSTRAP_DRAWS,
) -> Interval | None:
    """Percentile interval of a statistic of pattern counts, shape [patterns] -> statistic of [draws, patterns]."""
    units = int(counts.sum())
    if units < 2:
        return None
    resampled = source.multinomial(units, counts / units, size=draws).astype(np.float64)
    values = statistic(resampled)
    defined = values[np.isfinite(values)]
    return percentile_interval(defined) if defined.size > draws * CONFIDENCE_LEVEL else None


def _patterns(strip: Substratum) -> tuple[Floats, NDArray[np.int64]]:
    """The strip's distinct mean verdicts and how many neurons have each, dead ones among the zeros."""
    everyone = np.concatenate([np.round(strip.mean_verdicts, 9), np.zeros(round(strip.dead_count))])
    values, counts = np.unique(everyone, return_counts=True)
    return values, counts.astype(np.int64)


def _dealt_differences(stratum: StratumComparison, seed: str, shuffles: int) -> Floats:
    """Differences of one stratum under shuffling. The arm whose key sorts first is the one dealt."""
    flipped = stratum.reference.seed_key < stratum.treatment.seed_key
    one, other = (stratum.reference, stratum.treatment) if flipped else (stratum.treatment, stratum.reference)
    source = seeded_generator(seed, "permutation", one.seed_key + other.seed_key)
    if [strip.layer for strip in one.substrata] != [strip.layer for strip in other.substrata]:
        one, other = _as_one_strip(one), _as_one_strip(other)
    fractions = np.zeros((2, shuffles))
    for place, (mine, theirs) in enumerate(zip(one.substrata, other.substrata, strict=True)):
        sums, everyone, dealt = _deal(mine, theirs, source, shuffles)
        fractions[0] += one.weights[place] * sums / max(dealt[0], 1)
        fractions[1] += other.weights[place] * (everyone - sums) / max(dealt[1], 1)
    difference = fractions[0] - fractions[1]
    return np.asarray(-difference if flipped else difference)


def _deal(
    mine: Substratum, theirs: Substratum, source: np.random.Generator, shuffles: int
) -> tuple[Floats, float, tuple[int, int]]:
    """Sums of the verdicts dealt to the first of two strips, the sum of all, and how many neurons each gets."""
    together = Substratum(
        np.concatenate([mine.mean_verdicts, theirs.mean_verdicts]), round(mine.dead_count) + round(theirs.dead_count)
    )
    values, counts = _patterns(together)
    size = mine.mean_verdicts.size + round(mine.dead_count)
    dealt = source.multivariate_hypergeometric(counts, size, size=shuffles, method="marginals")
    return dealt @ values, float(counts @ values), (size, int(counts.sum()) - size)


def _as_one_strip(sample: NeuronSample) -> NeuronSample:
    means = np.concatenate([strip.mean_verdicts for strip in sample.substrata])
    strip = Substratum(means, sum(one.dead_count for one in sample.substrata))
    return NeuronSample((strip,), sample.judgment_count, sample.seed_key)
