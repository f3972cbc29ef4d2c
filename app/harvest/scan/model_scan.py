"""The scan of a model: every shard goes through it once; each neuron's snippets, extremes and sample are kept.

Per batch there is one reduction over tokens each for maximum, minimum and sum; everything else touches only the
neurons and tokens that a threshold lets through. Batches run at the same time; what is kept does not depend on their
order.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from app.foundation.arrays import Ints, NamedArrays
from app.harvest.options import HarvestOptions
from app.harvest.scan.batches import Batch, split_into_batches
from app.harvest.scan.channel import Channel, ReadChannels, channel_name, channel_number
from app.harvest.scan.channel_stores import ChannelStores
from app.harvest.scan.device import resolve_device
from app.harvest.scan.extremes import ShardExtremes, empty_extremes, find_extremes
from app.harvest.scan.pilot import PILOT_WINDOWS, PilotStatistics, scored_activations
from app.harvest.scan.saved_state import join_states, state_part
from app.harvest.scan.worker_threads import worker_threads_for_device
from app.harvest.text.windows import Shard


@dataclass(frozen=True)
class ScannedBatch:
    """The extremes of one batch, which is some rows of a shard, and the seconds it took."""

    row_indices: Ints
    """[window] the row of each window in the shard."""
    extremes: ShardExtremes
    model_seconds: float
    reduction_seconds: float


@dataclass
class ScanClock:
    """Seconds spent in each part of the work; the seconds of n batches at the same time are divided by n."""

    model_seconds: float = 0.0
    reduction_seconds: float = 0.0


class ModelScan:
    """The running state of one model's scan over its channels."""

    def __init__(
        self,
        read: ReadChannels,
        channels: Mapping[Channel, int],
        window_length: int,
        options: HarvestOptions,
        *,
        is_thread_safe: bool = False,
    ) -> None:
        """`channels` has the number of neurons of each; several threads call `read` at once if `is_thread_safe`."""
        self.read, self.channels, self.window_length, self.options = read, channels, window_length, options
        self.device = resolve_device(options.device)
        self.threads = worker_threads_for_device(self.device, is_thread_safe=is_thread_safe)
        self.stores: dict[Channel, ChannelStores] = {}
        self.clock = ScanClock()
        self._pilots: dict[Channel, PilotStatistics] = {}

    def prepare(self, shard: Shard) -> None:
        """Compute the pilot from the first windows that are scored; must be called before `scan` and `restore`."""
        began = time.perf_counter()
        batches = [batch for _, batch in split_into_batches(shard.first_scored_windows(PILOT_WINDOWS), self.options)]
        outputs = list(self.threads.map(self.forward, batches))
        for channel in self.channels:
            activations_by_batch = [activations_by_channel[channel] for activations_by_channel in outputs]
            sample = scored_activations(zip(activations_by_batch, batches, strict=True))
            self._pilots[channel] = PilotStatistics.from_sample(sample)
        self._make_stores()
        self.clock.model_seconds += time.perf_counter() - began

    def empty_copy(self) -> "ModelScan":
        """A scan with the same pilot that has kept nothing yet."""
        scan = ModelScan(self.read, self.channels, self.window_length, self.options)
        scan.threads, scan._pilots = self.threads, self._pilots
        scan._make_stores()
        return scan

    def _make_stores(self) -> None:
        for channel in self.channels:
            self.stores[channel] = ChannelStores(
                self._pilots[channel], self.window_length, self.options, channel_number(channel)
            )

    def scan(self, shard: Shard) -> ShardExtremes:
        """Run one shard through the model, keep its snippets and samples, and return its extremes."""
        return self.finish_shard(shard, self.start_shard(shard))

    def start_shard(self, shard: Shard) -> Iterator[ScannedBatch]:
        """Start a shard's batches; shards are finished in the order in which they are started."""
        return self.threads.map(self._scan_batch, split_into_batches(shard, self.options))

    def finish_shard(self, shard: Shard, batches: Iterator[ScannedBatch]) -> ShardExtremes:
        """Wait for a shard's batches and join their extremes, in their order, so that sums are always equal."""
        extremes = {
            channel: empty_extremes(shard.window_count, neuron_count) for channel, neuron_count in self.channels.items()
        }
        for batch in batches:
            for channel, batch_extremes in batch.extremes.items():
                extremes[channel].add(batch.row_indices, batch_extremes)
            self.clock.model_seconds += batch.model_seconds / self.threads.calls_at_once
            self.clock.reduction_seconds += batch.reduction_seconds / self.threads.calls_at_once
        began = time.perf_counter()
        for stores in self.stores.values():
            stores.draws.offer_collected_firings()
        self.clock.reduction_seconds += time.perf_counter() - began
        return extremes

    def _scan_batch(self, rows_and_batch: tuple[Ints, Batch]) -> ScannedBatch:
        """Run one batch, keep its snippets and samples, and return its extremes; several may run at once."""
        rows, batch = rows_and_batch
        began = time.perf_counter()
        activations_by_channel = self.forward(batch)
        computed = time.perf_counter()
        extremes = {
            channel: find_extremes(batch_activations, batch)
            for channel, batch_activations in activations_by_channel.items()
        }
        for channel, batch_activations in activations_by_channel.items():
            self.stores[channel].offer(batch_activations, batch, extremes[channel].maxima)
        return ScannedBatch(rows, extremes, computed - began, time.perf_counter() - computed)

    def forward(self, batch: Batch) -> dict[Channel, Tensor]:
        """A batch's activations by channel, each [window, position, neuron], in float32.

        They stay on the model's device; only what is kept is copied from it.
        """
        with torch.inference_mode():
            activations_by_channel = self.read(torch.from_numpy(batch.token_ids.astype(np.int64)).to(self.device))
            return {channel: activations_by_channel[channel].float() for channel in self.channels}

    def state(self) -> NamedArrays:
        """The content of all stores as arrays, which `restore` takes over again."""
        return join_states({channel_name(channel): stores.state() for channel, stores in self.stores.items()})

    def restore(self, state: NamedArrays) -> None:
        """Take over the content that `state` returned; `prepare` must come first."""
        for channel, stores in self.stores.items():
            stores.restore(state_part(state, channel_name(channel)))

    def merge(self, scan: "ModelScan") -> None:
        """Add what a scan of other shards has kept; both must have been prepared from the same shard."""
        for channel, stores in self.stores.items():
            stores.merge(scan.stores[channel])
