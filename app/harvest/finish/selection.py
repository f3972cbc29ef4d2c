"""The choice of the windows that become snippets, and of their bands, when the whole corpus has been read."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.foundation.arrays import Floats32, Ints, Strings
from app.harvest.finish.snippet_table import SnippetBlock
from app.harvest.options import HarvestOptions
from app.harvest.scan.pilot import QUANTILE_CUTS
from app.harvest.scan.priority_store import NO_ENTRY, WindowStore, positions_in_runs
from app.harvest.scan.snippet_draws import ACTIVATION_BIN_COUNT, BAND_COUNT

FIFTHS = 5
QUANTILE_NAMES = tuple(f"{low:g}-{high:g}" for low, high in zip((0, *QUANTILE_CUTS), (*QUANTILE_CUTS, 1), strict=True))
FIFTH_NAMES = tuple(f"{low / FIFTHS:g}-{(low + 1) / FIFTHS:g}" for low in range(FIFTHS))


@dataclass(frozen=True)
class GroupSnippets:
    """One group's snippets of one layer, [snippet] each, sorted by neuron and rank."""

    group: str
    neuron_indices: Ints
    ranks: Ints
    bands: Strings
    window_numbers: Ints
    peaks: Ints
    row_indices: Ints
    """Each snippet's row in `activations`, which may have rows of other windows."""
    activations: Floats32
    """[row, position]"""

    def neuron_range(self, first: int, end: int) -> SnippetBlock:
        """The snippets of the neurons from `first` up to, not including, `end`."""
        part = slice(*np.searchsorted(self.neuron_indices, (first, end)).tolist())
        return SnippetBlock(
            neuron_indices=self.neuron_indices[part],
            group_names=np.full(part.stop - part.start, self.group),
            ranks=self.ranks[part],
            bands=self.bands[part],
            window_numbers=self.window_numbers[part],
            peaks=self.peaks[part],
            activations=self.activations[self.row_indices[part]],
        )


@dataclass(frozen=True)
class Banding:
    """The bands of the windows in a store."""

    bands: Ints
    """[row, column] the band of each window of a store."""
    names: tuple[str, ...]
    limit: int
    """The largest number of snippets in each band of a neuron."""


def choose_group_snippets(
    stores: Mapping[str, WindowStore], cuts: Floats32, maxima: Floats32, options: HarvestOptions
) -> list[GroupSnippets]:
    """Choose the snippets of every group but contrast from the stores of one channel.

    `cuts` [neuron, cut] are the quantiles of the final sample, `maxima` [neuron] the largest activations.
    """
    neuron_count = len(maxima)
    bandings = {"top": _single_band(stores["top"], options.k)}
    if options.quantile:
        bands = _quantile_bands(stores["quantile"], cuts)
        bandings["quantile"] = Banding(bands, QUANTILE_NAMES, options.quantile)
    if options.value_bin:
        bandings["value_bin"] = Banding(_fifths(stores["value_bin"], maxima), FIFTH_NAMES, options.value_bin)
    if options.random:
        bandings["random"] = _single_band(stores["random"], options.random)
    return [_choose_by_band(group, stores[group], banding, neuron_count) for group, banding in bandings.items()]


def _choose_by_band(group: str, store: WindowStore, banding: Banding, neuron_count: int) -> GroupSnippets:
    """The first windows of each band, strongest bands first; within a band in the order of the store's priorities."""
    rows, columns = np.nonzero(store.window_numbers != NO_ENTRY)
    neurons, bands = rows // (len(store.window_numbers) // neuron_count), banding.bands[rows, columns]
    order = np.lexsort((store.window_numbers[rows, columns], -store.priorities[rows, columns], -bands, neurons))
    order = order[positions_in_runs((neurons * len(banding.names) + bands)[order]) < banding.limit]
    rows, columns, neurons, bands = rows[order], columns[order], neurons[order], bands[order]
    return GroupSnippets(
        group=group,
        neuron_indices=neurons,
        ranks=positions_in_runs(neurons),
        bands=np.array(banding.names)[bands],
        window_numbers=store.window_numbers[rows, columns],
        peaks=store.peaks[rows, columns],
        row_indices=rows * store.k + columns,
        activations=store.activations.reshape(-1, store.activations.shape[2]),
    )


def _single_band(store: WindowStore, limit: int) -> Banding:
    return Banding(np.zeros(store.window_numbers.shape, np.int64), ("",), limit)


def _peak_activations(store: WindowStore) -> Floats32:
    """[row, column] the activation at each window's peak."""
    activations: Floats32 = np.take_along_axis(store.activations, store.peaks[:, :, None], 2)[:, :, 0]
    return activations


def _quantile_bands(store: WindowStore, cuts: Floats32) -> Ints:
    """[row, column] the band of each peak; a value equal to a cut belongs below it, as in `snippet_draws`."""
    cuts_by_row = np.repeat(cuts, BAND_COUNT, axis=0)[:, None]
    bands: Ints = (_peak_activations(store)[:, :, None] > cuts_by_row).sum(axis=2)
    return bands


def _fifths(store: WindowStore, maxima: Floats32) -> Ints:
    """[row, column] the fifth of the range from 0 to the neuron's largest activation in which each peak lies."""
    positive_maxima = np.where(maxima > 0, maxima, 1).astype(np.float64)
    shares = _peak_activations(store) / np.repeat(positive_maxima, ACTIVATION_BIN_COUNT)[:, None]
    fifths: Ints = np.clip(np.ceil(FIFTHS * shares) - 1, 0, FIFTHS - 1).astype(np.int64)
    return fifths
