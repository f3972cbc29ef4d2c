"""What the scan keeps for one channel: the top list, the draws and the token sample."""

import numpy as np
import torch
from torch import Tensor

from app.foundation.arrays import Floats32, NamedArrays
from app.harvest.options import HarvestOptions
from app.harvest.scan.batches import Batch
from app.harvest.scan.gathering import gather_windows, strongest_positions
from app.harvest.scan.pilot import PilotStatistics
from app.harvest.scan.priority_store import FiringStore, PriorityStore, StoreEntries, WindowStore
from app.harvest.scan.saved_state import join_states, state_part
from app.harvest.scan.snippet_draws import SnippetDraws
from app.harvest.scan.token_sample import TokenSample


class ChannelStores:
    """The running stores of the neurons of one layer at one site."""

    def __init__(
        self, pilot: PilotStatistics, window_length: int, options: HarvestOptions, channel_number: int
    ) -> None:
        neuron_count = len(pilot.references)
        self.top = WindowStore(neuron_count, options.k, window_length)
        self.draws = SnippetDraws(pilot, window_length, options, channel_number)
        self.sample = TokenSample(options.sample, neuron_count)

    @property
    def window_stores(self) -> dict[str, WindowStore]:
        """The store of windows of each group."""
        return {"top": self.top, **self.draws.stores}

    @property
    def firings(self) -> FiringStore | None:
        """The drawn firings, if firings are drawn."""
        return self.draws.firing_sample.store if self.draws.firing_sample else None

    @property
    def all_stores(self) -> dict[str, PriorityStore]:
        """The stores of windows by group and, as `firing`, the drawn firings."""
        return {**self.window_stores, **({} if self.firings is None else {"firing": self.firings})}

    def offer(self, batch_activations: Tensor, batch: Batch, maxima: Floats32) -> None:
        """Add a batch to the top list, the draws and the sample. Several threads may call it at once.

        `batch_activations` are [window, position, neuron], `maxima` those of scored tokens [window, neuron].
        """
        self._offer_to_top(batch_activations, batch, maxima)
        self.draws.offer(batch_activations, maxima, batch)
        is_sampled = self.sample.would_enter(batch.corpus_position_hashes) & batch.is_scored
        if is_sampled.any():
            activations = batch_activations[torch.from_numpy(is_sampled)].cpu().numpy()  # [token, neuron]
            self.sample.offer(batch.corpus_position_hashes[is_sampled], activations)

    def merge(self, stores: "ChannelStores") -> None:
        """Take in the stores of other windows; the order of merging does not matter."""
        for group, store in self.all_stores.items():
            store.merge(stores.all_stores[group])
        self.sample.merge(stores.sample)

    def state(self) -> NamedArrays:
        """The content of all stores as arrays, which `restore` takes over again."""
        parts = {group: store.state() for group, store in self.all_stores.items()}
        return join_states(parts | {"sample": self.sample.state()})

    def restore(self, state: NamedArrays) -> None:
        """Take over the content that `state` returned."""
        for group, store in self.all_stores.items():
            store.restore(state_part(state, group))
        self.sample.restore(state_part(state, "sample"))

    def _offer_to_top(self, batch_activations: Tensor, batch: Batch, maxima: Floats32) -> None:
        """Offer the windows that beat a neuron's floor, with the activations of the whole window."""
        rows, neurons = np.nonzero(self.top.would_enter(maxima, batch.window_numbers) & np.isfinite(maxima))
        if not len(rows):
            return
        activations = gather_windows(batch_activations, rows, neurons, self.top.activations.shape[2])
        peaks = strongest_positions(activations, batch, rows)
        self.top.offer(
            StoreEntries(
                store_rows=neurons,
                priorities=maxima[rows, neurons],
                entry_numbers=batch.window_numbers[rows],
                payloads=peaks,
                duplicate_keys=batch.duplicate_keys[rows, peaks],
                activations=activations,
            )
        )
