"""Which of the kept windows become snippets, and in which band: decided when the whole corpus has been read."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.harvest.finish.tables import SnippetBlock
from app.harvest.options import HarvestOptions
from app.harvest.scan.random_snippets import BANDS, CUTS, STEPS
from app.harvest.scan.topk import NEVER, Floats, Ints, TopStore, place_in_run

FIFTHS = 5
QUANTILE_NAMES = tuple(f"{low:g}-{high:g}" for low, high in zip((0, *CUTS), (*CUTS, 1), strict=True))
FIFTH_NAMES = tuple(f"{low / FIFTHS:g}-{(low + 1) / FIFTHS:g}" for low in range(FIFTHS))


@dataclass(frozen=True)
class Chosen:
    """One group's snippets of one layer, [snippet] each, sorted by neuron and rank."""

    group: str
    neurons: Ints
    ranks: Ints
    bands: npt.NDArray[np.str_]
    windows: Ints
    peaks: Ints
    rows: Ints
    """Where in `kept` the activations are."""
    kept: Floats
    """[place, position]"""

    def between(self, first: int, last: int) -> SnippetBlock:
        """The snippets of neurons `first` to `last` - 1."""
        begin, end = np.searchsorted(self.neurons, (first, last))
        part = slice(int(begin), int(end))
        return SnippetBlock(
            neurons=self.neurons[part],
            groups=np.full(part.stop - part.start, self.group),
            ranks=self.ranks[part],
            bands=self.bands[part],
            windows=self.windows[part],
            peaks=self.peaks[part],
            activations=self.kept[self.rows[part]],
        )


@dataclass(frozen=True)
class Banding:
    """A band number for each place of a store, its name, and how many snippets each band of a neuron gets."""

    numbers: Ints
    """[row, slot]"""
    names: tuple[str, ...]
    limit: int


def select(stores: Mapping[str, TopStore], cuts: Floats, maximum: Floats, options: HarvestOptions) -> list[Chosen]:
    """Every group but contrast, from the stores of one layer.

    `cuts` [neuron, cut] are the final quantiles, `maximum` [neuron] the largest activations.
    """
    neurons = len(maximum)
    chosen = [_chosen("top", stores["top"], _one_band(stores["top"], options.k), neurons)]
    if options.quantile:
        store = stores["quantile"]
        banding = Banding(_quantile_bands(store, cuts), QUANTILE_NAMES, options.quantile)
        chosen.append(_chosen("quantile", store, banding, neurons))
    if options.value_bin:
        store = stores["value_bin"]
        banding = Banding(_fifths(store, maximum), FIFTH_NAMES, options.value_bin)
        chosen.append(_chosen("value_bin", store, banding, neurons))
    if options.random:
        chosen.append(_chosen("random", stores["random"], _one_band(stores["random"], options.random), neurons))
    return chosen


def _chosen(group: str, store: TopStore, banding: Banding, neurons: int) -> Chosen:
    """Strongest bands first; within a band the store's own order: by value, or that of the draw."""
    rows, slots = np.nonzero(store.windows != NEVER)
    owner, band = rows // (len(store.windows) // neurons), banding.numbers[rows, slots]
    order = np.lexsort((store.windows[rows, slots], -store.values[rows, slots], -band, owner))
    order = order[place_in_run((owner * len(banding.names) + band)[order]) < banding.limit]
    rows, slots, owner, band = rows[order], slots[order], owner[order], band[order]
    return Chosen(
        group=group,
        neurons=owner,
        ranks=place_in_run(owner),
        bands=np.array(banding.names)[band],
        windows=store.windows[rows, slots],
        peaks=store.peaks[rows, slots],
        rows=rows * store.k + slots,
        kept=store.activations.reshape(-1, store.activations.shape[2]),
    )


def _one_band(store: TopStore, limit: int) -> Banding:
    return Banding(np.zeros(store.windows.shape, np.int64), ("",), limit)


def _peak_activations(store: TopStore) -> Floats:
    """The activation at each place's peak, [row, slot]."""
    values: Floats = np.take_along_axis(store.activations, store.peaks[:, :, None], 2)[:, :, 0]
    return values


def _quantile_bands(store: TopStore, cuts: Floats) -> Ints:
    """The band of each peak, [row, slot]; a value equal to a cut belongs below it, as in `draws`."""
    bands: Ints = (_peak_activations(store)[:, :, None] > np.repeat(cuts, BANDS, axis=0)[:, None]).sum(axis=2)
    return bands


def _fifths(store: TopStore, maximum: Floats) -> Ints:
    """Which fifth of the way from 0 to the neuron's largest activation, upper end included."""
    largest = np.where(maximum > 0, maximum, 1).astype(np.float64)
    share = _peak_activations(store) / np.repeat(largest, STEPS)[:, None]
    fifths: Ints = np.clip(np.ceil(FIFTHS * share) - 1, 0, FIFTHS - 1).astype(np.int64)
    return fifths
