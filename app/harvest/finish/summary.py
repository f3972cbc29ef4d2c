"""The statistics of one channel's neurons, computed when its scan is finished."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.archive.neuron import DEAD_FIRING_WINDOWS, DEAD_MAXIMUM, NeuronStatistics
from app.archive.snippet import normalised_word
from app.foundation.arrays import Bools, Floats, Floats32, Ints
from app.harvest.arms.logit_effects import LogitEffects
from app.harvest.checkpoint import ReadExtremes
from app.harvest.finish.exact_statistics import ExactStatistics, exact_statistics
from app.harvest.finish.sampled_statistics import sampled_statistics
from app.harvest.finish.snippet_table import ShownWindows
from app.harvest.scan.channel_stores import ChannelStores
from app.harvest.scan.pilot import QUANTILE_CUTS
from app.harvest.scan.priority_store import NO_ENTRY, FiringStore, WindowStore
from app.harvest.scan.quantiles import sample_quantiles, sort_by_neuron


@dataclass(frozen=True)
class ChannelSummary:
    """What the scan of one channel found out about its neurons: [neuron] where nothing else is said."""

    exact: ExactStatistics
    sampled_activations: Floats32
    """[neuron, token] sampled activations, each neuron's in ascending order."""
    cuts: Floats32
    """[neuron, cut] the sampled activations at QUANTILE_CUTS."""
    favourite_tokens: Ints
    """The commonest peak token of each top list; -1 if the list is empty."""
    same_word_shares: Floats
    """The largest share of the top list whose peaks are the same word."""
    is_dead: Bools


def summarise_channel(
    stores: ChannelStores,
    read_extremes: ReadExtremes,
    token_count: int,
    shown_windows: ShownWindows,
    pieces: list[bytes],
) -> ChannelSummary:
    """Compute the summary of a channel from its stores, its shards' extremes and the windows of the top lists."""
    exact = exact_statistics(read_extremes, stores.top, token_count)
    sampled_activations = sort_by_neuron(stores.sample.activations)
    neurons, columns = np.nonzero(stores.top.window_numbers != NO_ENTRY)
    window_numbers, peaks = stores.top.window_numbers[neurons, columns], stores.top.peaks[neurons, columns]
    peak_tokens = shown_windows.token_ids(window_numbers)[np.arange(len(neurons)), peaks].astype(np.int64)
    return ChannelSummary(
        exact=exact,
        sampled_activations=sampled_activations,
        cuts=sample_quantiles(sampled_activations, QUANTILE_CUTS),
        favourite_tokens=_favourite_tokens(stores.top, neurons, columns, peak_tokens),
        same_word_shares=_same_word_shares(len(stores.top.priorities), neurons, peak_tokens, pieces),
        is_dead=find_dead_neurons(exact.maxima, exact.firing_window_counts),
    )


def find_dead_neurons(maxima: Floats32, firing_window_counts: Ints) -> Bools:
    """[neuron] whether each neuron of a layer is dead.

    It is if its maximum is under 0.1 % of the layer's median maximum, or if it fires in fewer than 5 windows.
    """
    return (maxima < DEAD_MAXIMUM * np.median(maxima)) | (firing_window_counts < DEAD_FIRING_WINDOWS)


def neuron_statistics(
    layer: int,
    summary: ChannelSummary,
    firings: FiringStore | None,
    effects: Iterator[LogitEffects],
    pieces: list[bytes],
) -> Iterator[NeuronStatistics]:
    """The statistics of each neuron of a layer, in order; neurons beyond the end of `effects` get no logit effects."""
    exact = summary.exact
    for index, sampled in enumerate(sampled_statistics(summary.sampled_activations, firings, exact, pieces)):
        promoted_tokens, demoted_tokens = next(effects, ((), ()))
        yield NeuronStatistics(
            layer=layer,
            index=index,
            maximum=float(exact.maxima[index]),
            minimum=float(exact.minima[index]),
            mean=float(exact.means[index]),
            density=sampled.density,
            contexts=int(exact.firing_window_counts[index]),
            dead=bool(summary.is_dead[index]),
            same_token_share=float(summary.same_word_shares[index]),
            suppressed=int(exact.near_duplicate_counts[index]),
            histogram=sampled.histogram,
            edges=sampled.edges,
            quantiles=sampled.quantiles,
            tokens=sampled.tokens,
            promoted=promoted_tokens,
            suppressed_tokens=demoted_tokens,
        )


def _favourite_tokens(top: WindowStore, neuron_indices: Ints, columns: Ints, peak_tokens: Ints) -> Ints:
    """[neuron] the commonest peak token of each top list; of equally common ones the token with the stronger peak.

    `neuron_indices`, `columns` and `peak_tokens` are [snippet].
    """
    favourites = np.full(len(top.priorities), -1)
    if not len(peak_tokens):
        return favourites
    token_count = int(peak_tokens.max()) + 1
    # [pair] of a neuron and a token, each once
    pairs, indices, counts = np.unique(
        neuron_indices * token_count + peak_tokens, return_inverse=True, return_counts=True
    )
    strongest = np.full(len(pairs), -np.inf)
    np.maximum.at(strongest, indices, top.priorities[neuron_indices, columns])
    order = np.lexsort((pairs, -strongest, -counts, pairs // token_count))
    owners, first = np.unique((pairs // token_count)[order], return_index=True)
    favourites[owners] = (pairs % token_count)[order][first]
    return favourites


def _same_word_shares(neuron_count: int, neuron_indices: Ints, peak_tokens: Ints, pieces: list[bytes]) -> Floats:
    """[neuron] the largest share of peaks that are the same word; `neuron_indices`, `peak_tokens` are [snippet]."""
    words = [normalised_word(piece) for piece in pieces]
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    word_numbers = np.array([numbers[word] for word in words])
    largest = np.zeros(neuron_count)
    pairs, counts = np.unique(neuron_indices * len(numbers) + word_numbers[peak_tokens], return_counts=True)
    np.maximum.at(largest, pairs // len(numbers), counts)
    return largest / np.maximum(1, np.bincount(neuron_indices, minlength=neuron_count))
