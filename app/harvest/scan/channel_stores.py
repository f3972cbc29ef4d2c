"""What the scan keeps of one channel: the top list, the draws and the token sample."""

import numpy as np
import torch
from torch import Tensor

from app.foundation.arrays import Floats32, NamedArrays
from app.harvest.options import HarvestOptions
from app.harvest.scan.batches import Batch
from app.harvest.scan.gathering import gather_windows, strongest_positions
from app.harvest.scan.pilot import PilotStatistics
from app.harvest.scan.saved_state import join_states, state_part
from app.harvest.scan.snippet_draws import SnippetDraws
from app.harvest.scan.token_sample import TokenSample
from app.harvest.scan.top_store import TopEntries, TopStore


class ChannelStores:
    """The running stores of the neurons of one layer at one site."""

    def __init__(
        self, pilot: PilotStatistics, window_length: int, options: HarvestOptions, channel_number: int
    ) -> None:
        neuron_count = len(pilot.references)
        self.top = TopStore(neuron_count, options.k, window_length)
        self.draws = SnippetDraws(pilot, window_length, options, channel_number)
        self.sample = TokenSample(options.sample, neuron_count)

    @property
    def by_group(self) -> dict[str, TopStore]:
        """Every store of windows by its group's name."""
        return {"top": self.top, **self.draws.stores}

    def offer(self, reading: Tensor, batch: Batch, maxima: Floats32) -> None:
        """Keep what a batch improves: activations [window, position, neuron], scored maxima [window, neuron].

        Several threads may call it at once.
        """
        self._offer_to_top(reading, batch, maxima)
        self.draws.offer(reading, maxima, batch)
        is_sampled = self.sample.would_enter(batch.token_hashes) & batch.is_scored
        if is_sampled.any():
            activations = reading[torch.from_numpy(is_sampled)].cpu().numpy()  # [token, neuron]
            self.sample.offer(batch.token_hashes[is_sampled], activations)

    def merge(self, stores: "ChannelStores") -> None:
        """Take in the stores of other windows; the order of merging does not matter."""
        for group, store in self.by_group.items():
            store.merge(stores.by_group[group])
        self.sample.merge(stores.sample)

    def state(self) -> NamedArrays:
        """The arrays that `restore` takes."""
        parts = {group: store.state() for group, store in self.by_group.items()}
        return join_states(parts | {"sample": self.sample.state()})

    def restore(self, state: NamedArrays) -> None:
        """Go on from a state that `state` gave."""
        for group, store in self.by_group.items():
            store.restore(state_part(state, group))
        self.sample.restore(state_part(state, "sample"))

    def _offer_to_top(self, reading: Tensor, batch: Batch, maxima: Floats32) -> None:
        """Offer the windows that beat a neuron's floor, with the activations of the whole window."""
        rows, neurons = np.nonzero(self.top.would_enter(maxima, batch.window_numbers) & np.isfinite(maxima))
        if not len(rows):
            return
        activations = gather_windows(reading, rows, neurons, self.top.activations.shape[2])
        peaks = strongest_positions(activations, batch, rows)
        self.top.offer(
            TopEntries(
                store_rows=neurons,
                priorities=maxima[rows, neurons],
                window_numbers=batch.window_numbers[rows],
                peaks=peaks,
                duplicate_keys=batch.duplicate_keys[rows, peaks],
                activations=activations,
            )
        )
