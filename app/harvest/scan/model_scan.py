"""The one pass: every shard goes through the model once; each neuron's snippets, extremes and sample are kept.

Per batch there is one reduction over tokens each for maximum, minimum and sum; everything else touches only the
neurons and tokens that a threshold lets through. Batches go side by side; what is kept does not depend on their order.
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
from app.harvest.scan.channel import Channel, ReadChannels, channel_number
from app.harvest.scan.channel_stores import ChannelStores
from app.harvest.scan.device import resolve_device
from app.harvest.scan.extremes import ShardExtremes, find_extremes, no_extremes
from app.harvest.scan.pilot import PILOT_WINDOWS, PilotStatistics, scored_activations
from app.harvest.scan.saved_state import join_states, state_part
from app.harvest.scan.worker_threads import threads_for
from app.harvest.text.windows import Shard


@dataclass(frozen=True)
class ScannedBatch:
    """What one batch, some rows of a shard, gave."""

    row_indices: Ints
    """[window]"""
    extremes: ShardExtremes
    model_seconds: float
    reduction_seconds: float


@dataclass
class ScanClock:
    """Seconds spent in each part of the work; of batches side by side each counts for its share."""

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
        side_by_side: bool = False,
    ) -> None:
        """`channels` has the number of neurons of each; with `side_by_side` several threads may call `read` at once."""
        self.read, self.channels, self.window_length, self.options = read, channels, window_length, options
        self.device = resolve_device(options.device)
        self.threads = threads_for(self.device, side_by_side=side_by_side)
        self.stores: dict[Channel, ChannelStores] = {}
        self.clock = ScanClock()
        self._pilots: dict[Channel, PilotStatistics] = {}

    def prepare(self, shard: Shard) -> None:
        """Lay out the draws from the first windows that are scored; must come before `scan` and `restore`."""
        began = time.perf_counter()
        batches = [batch for _, batch in split_into_batches(shard.first_scored_windows(PILOT_WINDOWS), self.options)]
        readings = list(self.threads.map(self.forward, batches))
        for channel in self.channels:
            pairs = ((reading[channel], batch) for reading, batch in zip(readings, batches, strict=True))
            self._pilots[channel] = PilotStatistics.from_sample(scored_activations(pairs))
        self._make_stores()
        self.clock.model_seconds += time.perf_counter() - began

    def fresh(self) -> "ModelScan":
        """Another scan of the same preparation that has kept nothing yet."""
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
        """Run one shard through the model and keep what it improves."""
        return self.finish(shard, self.start(shard))

    def start(self, shard: Shard) -> Iterator[ScannedBatch]:
        """Send a shard's batches on their way; `finish` must follow before the next shard's."""
        return self.threads.map(self._scan_batch, split_into_batches(shard, self.options))

    def finish(self, shard: Shard, batches: Iterator[ScannedBatch]) -> ShardExtremes:
        """Wait for a shard's batches and add up what they gave, in their order, so that sums are always equal."""
        extremes = {
            channel: no_extremes(len(shard.starts), neuron_count) for channel, neuron_count in self.channels.items()
        }
        for batch in batches:
            for channel, batch_extremes in batch.extremes.items():
                extremes[channel].add(batch.row_indices, batch_extremes)
            self.clock.model_seconds += batch.model_seconds / self.threads.calls_at_once
            self.clock.reduction_seconds += batch.reduction_seconds / self.threads.calls_at_once
        began = time.perf_counter()
        for stores in self.stores.values():
            stores.draws.finish_shard()
        self.clock.reduction_seconds += time.perf_counter() - began
        return extremes

    def _scan_batch(self, task: tuple[Ints, Batch]) -> ScannedBatch:
        """Run one batch and keep what it improves; several may run at once."""
        rows, batch = task
        began = time.perf_counter()
        readings = self.forward(batch)
        computed = time.perf_counter()
        extremes = {channel: find_extremes(reading, batch) for channel, reading in readings.items()}
        for channel, reading in readings.items():
            self.stores[channel].offer(reading, batch, extremes[channel].maxima)
        return ScannedBatch(rows, extremes, computed - began, time.perf_counter() - computed)

    def forward(self, batch: Batch) -> dict[Channel, Tensor]:
        """A batch's activations by channel, each [window, position, neuron], in float32.

        They stay where the model is: only what is kept leaves its device.
        """
        with torch.inference_mode():
            readings = self.read(torch.from_numpy(batch.token_ids.astype(np.int64)).to(self.device))
            return {channel: readings[channel].float() for channel in self.channels}

    def state(self) -> NamedArrays:
        """The arrays that `restore` takes."""
        return join_states({f"{site}/{layer}": stores.state() for (site, layer), stores in self.stores.items()})

    def restore(self, state: NamedArrays) -> None:
        """Go on from a state that `state` gave."""
        for (site, layer), stores in self.stores.items():
            stores.restore(state_part(state, f"{site}/{layer}"))

    def merge(self, scan: "ModelScan") -> None:
        """Take in a scan of other shards, prepared from the same first shard."""
        for channel, stores in self.stores.items():
            stores.merge(scan.stores[channel])
