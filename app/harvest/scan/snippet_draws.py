"""Snippets from the whole range of a neuron's activation, drawn while the corpus streams by.

Every candidate gets a seeded hash, and those with the largest hashes stay: a uniform draw without replacement that
does not depend on the order of reading, on batches or on machines.

- random: one token of each window, drawn uniformly, is a candidate.
- quantile: likewise one token of each window, in bands of the neuron's own distribution.
- value_bin: each window's peak is a candidate, in activation bins, each 1.3 times as high as the one below.
- firing: single tokens on which the neuron fires (module `firing_sample`).

The limits of bands and bins come from the pilot, which must be complete before anything is drawn.

A value equal to a cut belongs below it, so one that lies at several cuts, as the zeros of a sparse unit do, belongs to
the lowest of their bands, and the bands between hold nothing.
"""

import numpy as np
import torch
from torch import Tensor

from app.foundation.arrays import Bools, Floats32, Ints
from app.harvest.options import HarvestOptions
from app.harvest.scan.batches import Batch
from app.harvest.scan.firing_sample import FiringSample
from app.harvest.scan.gathering import gather_windows, strongest_positions
from app.harvest.scan.hashing import hash_numbers, uniform_from_hashes
from app.harvest.scan.pilot import QUANTILE_CUTS, SMALLEST_POSITIVE, PilotStatistics
from app.harvest.scan.priority_store import StoreEntries, WindowStore

BAND_COUNT = len(QUANTILE_CUTS) + 1
ACTIVATION_BIN_COUNT, BINS_BELOW_REFERENCE, BIN_RATIO = 12, 7, 1.3
"""Activation bins: each is 1.3 times as high as the one below; seven of the twelve lie below the reference."""
MOST_NEURONS = 1 << 24
"""Window numbers are multiplied by this to number every pair of a window and a neuron."""


class SnippetDraws:
    """The running draws of one layer's neurons at one site."""

    def __init__(
        self, pilot: PilotStatistics, window_length: int, options: HarvestOptions, channel_number: int
    ) -> None:
        neuron_count = len(pilot.references)
        self.pilot, self.window_length, self.neuron_count = pilot, window_length, neuron_count
        self.seed = (options.seed + 1) * (1 << 24) + 10 * channel_number  # no channel has the draws of another seed
        self.stores = {
            group: WindowStore(row_count, size, window_length)
            for group, row_count, size in (
                ("random", neuron_count, options.random),
                ("quantile", neuron_count * BAND_COUNT, options.quantile),
                ("value_bin", neuron_count * ACTIVATION_BIN_COUNT, options.value_bin),
            )
            if size
        }
        self.firing_sample = FiringSample(pilot.maxima, options.firing, self.seed + 5) if options.firing else None

    def offer(self, batch_activations: Tensor, maxima: Floats32, batch: Batch) -> None:
        """Draw from a batch: activations [window, position, neuron] and their scored maxima [window, neuron]."""
        if "random" in self.stores:
            peaks, is_scored = self._draw_positions(batch, 0)
            self._offer_windows("random", batch_activations, batch, np.arange(self.neuron_count), is_scored, peaks, 1)
        if "quantile" in self.stores:
            peaks, is_scored = self._draw_positions(batch, 2)
            rows = np.arange(self.neuron_count) * BAND_COUNT + self._bands(batch_activations, peaks)
            self._offer_windows("quantile", batch_activations, batch, rows, is_scored, peaks, 3)
        if "value_bin" in self.stores:
            rows = np.arange(self.neuron_count) * ACTIVATION_BIN_COUNT + self._activation_bins(maxima)
            self._offer_windows("value_bin", batch_activations, batch, rows, maxima > 0, None, 4)
        if self.firing_sample:
            self.firing_sample.collect(batch_activations, batch)

    def offer_collected_firings(self) -> None:
        """Offer the firings that the shard's batches collected to their store."""
        if self.firing_sample:
            self.firing_sample.offer_collected()

    def _draw_positions(self, batch: Batch, salt: int) -> tuple[Ints, Bools]:
        """[window, neuron] a position drawn from all positions, and whether it is scored: uniform over tokens."""
        width = batch.token_ids.shape[1]
        positions = (self._random_numbers(batch, salt) * self.window_length).astype(np.int64)
        in_batch = np.minimum(positions, width - 1)
        return in_batch, (positions < width) & np.take_along_axis(batch.is_scored, in_batch, 1)

    def _bands(self, batch_activations: Tensor, positions: Ints) -> Ints:
        """[window, neuron] the band of quantiles of the activation at a position [window, neuron]."""
        indices = torch.from_numpy(positions).to(batch_activations.device)[:, None]
        activations = torch.gather(batch_activations, 1, indices)[:, 0].cpu().numpy()
        bands: Ints = (activations[:, :, None] > self.pilot.cuts).sum(axis=2)
        return bands

    def _activation_bins(self, maxima: Floats32) -> Ints:
        """[window, neuron] the activation bin of each window's largest activation."""
        shares = np.maximum(maxima, SMALLEST_POSITIVE) / self.pilot.references
        bins = np.floor(np.log(shares) / np.log(BIN_RATIO)) + BINS_BELOW_REFERENCE
        clipped: Ints = np.clip(bins, 0, ACTIVATION_BIN_COUNT - 1).astype(np.int64)
        return clipped

    def _offer_windows(
        self,
        group: str,
        batch_activations: Tensor,
        batch: Batch,
        store_rows: Ints,
        is_eligible: Bools,
        peaks: Ints | None,
        salt: int,
    ) -> None:
        """Offer windows to the store of a group.

        `store_rows` are rows of that store, [window, neuron] or [neuron]; `is_eligible` and `peaks` are [window,
        neuron]. Without `peaks` the peak is each window's strongest position.
        """
        store = self.stores[group]
        store_rows = np.broadcast_to(store_rows, is_eligible.shape)
        priorities = self._random_numbers(batch, salt)
        windows, neurons = np.nonzero(is_eligible & (priorities >= store.floor[store_rows]))
        if not len(windows):
            return
        activations = gather_windows(batch_activations, windows, neurons, self.window_length)
        positions = peaks[windows, neurons] if peaks is not None else strongest_positions(activations, batch, windows)
        store.offer(
            StoreEntries(
                store_rows=store_rows[windows, neurons],
                priorities=priorities[windows, neurons],
                entry_numbers=batch.window_numbers[windows],
                payloads=positions,
                duplicate_keys=batch.duplicate_keys[windows, positions],
                activations=activations,
            )
        )

    def _random_numbers(self, batch: Batch, salt: int) -> Floats32:
        """[window, neuron] uniform in [0, 1): another number for each pair, and the same one in every call."""
        pairs = batch.window_numbers[:, None] * MOST_NEURONS + np.arange(self.neuron_count)
        return uniform_from_hashes(hash_numbers(pairs, self.seed + salt))
