"""Permutation test and bootstrap over neurons, exact in distribution and cheap.

A neuron's mean verdict takes few distinct values, so drawing neurons means drawing how many neurons of each value. To
shuffle arms is a multivariate hypergeometric draw, to resample neurons a multinomial one (Efron & Tibshirani 1993, An
Introduction to the Bootstrap, chapters 13 and 15): the cost does not grow with the number of neurons.

Each draw is seeded by the round's seed and by the items concerned, never by an arm's name: if the arms of a round are
swapped, its draws mirror.
"""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from app.foundation.arrays import Floats, Ints
from app.rounds.planned_numbers import CONSTANTS, STANDARD_NUMBERS
from app.statistics.intervals import CONFIDENCE_LEVEL, Interval
from app.statistics.mantel_haenszel import StratumComparison
from app.statistics.neuron_sample import NeuronSample, Substratum

PERMUTATIONS = STANDARD_NUMBERS.shuffles
BOOTSTRAP_RESAMPLES = STANDARD_NUMBERS.bootstrap_draws


def seeded_generator(round_seed: str, purpose: str, subject: str) -> np.random.Generator:
    """A random generator for one purpose and what it is about; the same three strings always give the same draws."""
    digest = hashlib.sha256("\0".join((round_seed, purpose, subject)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def permutation_p_value(
    comparisons: Sequence[StratumComparison], round_seed: str, permutation_count: int = PERMUTATIONS
) -> float:
    """Two-sided p of the pooled difference, from shuffling the arms among the neurons of each stratum.

    p = (1 + b) / (1 + permutations), b being the permutations whose difference is at least as far from zero as the
    observed one (Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9:39). A neuron keeps all its judgments. If the neurons
    were drawn by layer, arms are shuffled within layers.
    """
    total = sum(comparison.weight for comparison in comparisons)
    observed = sum(comparison.weight * comparison.difference for comparison in comparisons) / total
    permuted = np.zeros(permutation_count)
    for comparison in comparisons:
        permuted += comparison.weight / total * _permuted_differences(comparison, round_seed, permutation_count)
    # the order in which means are added up can change their last digits, so close differences count as equal
    b = int((np.abs(permuted) >= abs(observed) - CONSTANTS.tie_tolerance).sum())
    return (1 + b) / (permutation_count + 1)


def bootstrap_fractions(sample: NeuronSample, round_seed: str, resample_count: int = BOOTSTRAP_RESAMPLES) -> Floats:
    """The fractions of bootstrap samples [draw]: neurons resampled within each substratum, with all their judgments."""
    generator = seeded_generator(round_seed, "bootstrap", sample.item_codes_digest)
    fractions = np.zeros(resample_count)
    for weight, substratum in zip(sample.weights, sample.substrata, strict=True):
        distinct_means, neuron_counts = _count_neurons_by_mean(substratum)
        neuron_count = int(neuron_counts.sum())
        resampled = generator.multinomial(neuron_count, neuron_counts / neuron_count, size=resample_count)
        fractions += weight * (resampled @ distinct_means) / neuron_count
    return fractions


def percentile_interval(draws: Floats, confidence: float = CONFIDENCE_LEVEL) -> Interval | None:
    """The middle `confidence` of draws [draw]; None if there are no draws or a limit is not finite.

    The limits are draws themselves, never values between two draws, so the interval of 1/x is the inverse of that of x.
    """
    if not draws.size:
        return None
    lower = np.quantile(draws, (1 - confidence) / 2, method="lower")
    upper = np.quantile(draws, (1 + confidence) / 2, method="higher")
    return Interval(float(lower), float(upper)) if np.isfinite([lower, upper]).all() else None


def bootstrap_interval(
    pattern_counts: Ints,
    statistic: Callable[[Floats], Floats],
    generator: np.random.Generator,
    resample_count: int = BOOTSTRAP_RESAMPLES,
) -> Interval | None:
    """Percentile interval of a statistic of how many units show each pattern.

    Args:
        pattern_counts: units with each pattern: [pattern].
        statistic: resampled counts [draw, pattern] -> values [draw], NaN where it is not defined.
        generator: the source of the draws.
        resample_count: how often the units are resampled.

    Returns:
        None for fewer than two units, or if the statistic is not defined in 5 % of the draws or more.
    """
    unit_count = int(pattern_counts.sum())
    if unit_count < CONSTANTS.fewest_for_bootstrap:
        return None
    resampled = generator.multinomial(unit_count, pattern_counts / unit_count, size=resample_count).astype(np.float64)
    values = statistic(resampled)
    defined = values[np.isfinite(values)]
    return percentile_interval(defined) if defined.size > resample_count * CONSTANTS.defined_share else None


def _count_neurons_by_mean(substratum: Substratum) -> tuple[Floats, Ints]:
    """The distinct mean verdicts [mean] and how many neurons have each [mean]; a dead neuron's mean is 0."""
    dead_means = np.zeros(round(substratum.dead_count))
    means = np.concatenate([np.round(substratum.mean_verdicts, CONSTANTS.mean_decimals), dead_means])
    distinct_means, neuron_counts = np.unique(means, return_counts=True)
    return distinct_means, neuron_counts.astype(np.int64)


def _permuted_differences(comparison: StratumComparison, round_seed: str, permutation_count: int) -> Floats:
    """Treatment minus reference in one stratum, for each permutation of the arms: [permutation].

    Neurons are drawn for the sample whose digest sorts first and the remaining ones go to the second, whichever of the
    two is the treatment: if the arms of a round are swapped, the differences mirror.
    """
    treatment, reference = comparison.treatment_sample, comparison.reference_sample
    reference_is_first = reference.item_codes_digest < treatment.item_codes_digest
    first, second = (reference, treatment) if reference_is_first else (treatment, reference)
    generator = seeded_generator(round_seed, "permutation", first.item_codes_digest + second.item_codes_digest)
    if [substratum.layer for substratum in first.substrata] != [substratum.layer for substratum in second.substrata]:
        first, second = _merge_layers(first), _merge_layers(second)

    first_fractions, second_fractions = np.zeros(permutation_count), np.zeros(permutation_count)
    substrata = zip(first.substrata, second.substrata, first.weights, second.weights, strict=True)
    for first_substratum, second_substratum, first_weight, second_weight in substrata:
        distinct_means, neuron_counts = _count_neurons_by_mean(_merge_substrata(first_substratum, second_substratum))
        first_size = first_substratum.mean_verdicts.size + round(first_substratum.dead_count)
        second_size = int(neuron_counts.sum()) - first_size
        drawn_counts = generator.multivariate_hypergeometric(  # [permutation, mean]
            neuron_counts, first_size, size=permutation_count, method="marginals"
        )
        first_sums, total = drawn_counts @ distinct_means, float(neuron_counts @ distinct_means)
        first_fractions += first_weight * first_sums / max(first_size, 1)
        second_fractions += second_weight * (total - first_sums) / max(second_size, 1)
    difference = first_fractions - second_fractions
    return np.asarray(-difference if reference_is_first else difference)


def _merge_substrata(*substrata: Substratum) -> Substratum:
    """The neurons of several substrata in one."""
    dead_count = sum(round(substratum.dead_count) for substratum in substrata)
    return Substratum(np.concatenate([substratum.mean_verdicts for substratum in substrata]), dead_count)


def _merge_layers(sample: NeuronSample) -> NeuronSample:
    """The sample with all its neurons in a single substratum."""
    mean_verdicts = np.concatenate([substratum.mean_verdicts for substratum in sample.substrata])
    dead_count = sum(substratum.dead_count for substratum in sample.substrata)
    return NeuronSample((Substratum(mean_verdicts, dead_count),), sample.judgment_count, sample.item_codes_digest)
