"""The one pass: every shard through the model once; each neuron's snippets, extremes, sums and sample are kept.

Per batch there is one reduction over tokens each for maximum, minimum and sum; everything else touches only the
neurons and tokens that a threshold lets through. Batches go side by side; what is kept does not depend on their order.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from app.foundation.errors import ModelError
from app.harvest.options import HarvestOptions
from app.harvest.scan.batches import Batch, batches
from app.harvest.scan.device import device_of
from app.harvest.scan.random_snippets import Draws, Pilot, peaks_of, pilot_values, whole_windows
from app.harvest.scan.token_sample import TokenSample
from app.harvest.scan.topk import Entries, Floats, Ints, TopStore
from app.harvest.scan.worker_threads import lanes_for
from app.harvest.text.windows import Shard

Channel = tuple[str, int]
"""A site and a layer."""
Read = Callable[[Tensor], Mapping[Channel, Tensor]]
"""Token ids [window, position] -> activations by channel, each [window, position, neuron]."""
PILOT = 32
"""Windows of the first shard that lay out the bands of the draws."""
SITES = ("mlp.act", "mlp.pre", "mlp.post_ln", "callable")
LAYERS = 1 << 12
"""Each site and layer has draws of its own, by their place in this order, whatever else is read with them."""
SUMMED = 128
"""Tokens that are summed in float32 before their sum is added in float64: as fast as all of a window, and the mean
is then good to a millionth at worst, where every token has the same activation, and far better elsewhere."""


@dataclass(frozen=True)
class Extremes:
    """What one shard adds for one channel: exact, and independent of every other shard."""

    maxima: Floats
    """[window, neuron] largest scored activation in the window."""
    minima: Floats
    """[neuron]"""
    sums: npt.NDArray[np.float64]
    """[neuron] sum over scored tokens."""

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For the ledger."""
        return {"maxima": self.maxima, "minima": self.minima, "sums": self.sums}

    def add(self, rows: Ints, one: "Extremes") -> None:
        """Take in what one batch, rows of the shard, adds."""
        self.maxima[rows] = one.maxima
        np.minimum(self.minima, one.minima, out=self.minima)
        self.sums[...] += one.sums


@dataclass(frozen=True)
class Seen:
    """What one batch, some rows of a shard, gave."""

    rows: Ints
    found: Mapping[Channel, Extremes]
    forward: float
    """Seconds in the model."""
    reduction: float
    """Seconds in all the rest."""


@dataclass
class Clock:
    """Seconds spent in each part of the work; of batches side by side each counts for its share."""

    forward: float = 0.0
    reduction: float = 0.0


class Kept:
    """What is kept of one channel: top list, draws and token sample."""

    def __init__(self, neurons: int, positions: int, options: HarvestOptions, pilot: Pilot, salt: int) -> None:
        self.top = TopStore(neurons, options.k, positions)
        self.draws = Draws(pilot, positions, options, salt)
        self.sample = TokenSample(options.sample, neurons)

    @property
    def stores(self) -> dict[str, TopStore]:
        """Every store by its group's name."""
        return {"top": self.top, **self.draws.stores}

    def take(self, values: Tensor, batch: Batch, high: Floats) -> None:
        """Keep what a batch improves; `values` [window, position, neuron], `high` their scored maxima.

        Several threads may call it at once.
        """
        self._improve(values, batch, high)
        self.draws.offer(values, high, batch)
        wanted = self.sample.wanted(batch.draws) & batch.scores
        if wanted.any():
            taken = values[torch.from_numpy(wanted)].cpu().numpy()
            self.sample.offer(batch.draws[wanted], batch.tokens[wanted].astype(np.int64), taken)

    def merge(self, other: "Kept") -> None:
        """Take in what was kept of other windows; the order of merging does not matter."""
        for name, store in self.stores.items():
            store.merge(other.stores[name])
        self.sample.merge(other.sample)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that `restore` takes."""
        parts = {name: store.state() for name, store in self.stores.items()} | {"sample": self.sample.state()}
        return {f"{name}/{key}": array for name, arrays in parts.items() for key, array in arrays.items()}

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from a state that `state` gave."""
        for name, store in self.stores.items():
            store.restore(part_of(arrays, f"{name}/"))
        self.sample.restore(part_of(arrays, "sample/"))

    def _improve(self, values: Tensor, batch: Batch, high: Floats) -> None:
        """Offer the windows that beat a neuron's floor, with the activations of the whole window."""
        rows, neurons = np.nonzero(self.top.beating(high, batch.windows) & np.isfinite(high))
        if not len(rows):
            return
        taken = whole_windows(values, rows, neurons, self.top.activations.shape[2])
        peaks = peaks_of(taken, batch, rows)
        keys = batch.keys[rows, peaks]
        self.top.offer(Entries(neurons, high[rows, neurons], batch.windows[rows], peaks, keys, taken))


class Pass:
    """Running state of one model's harvest over its channels."""

    def __init__(
        self,
        read: Read,
        channels: Mapping[Channel, int],
        positions: int,
        options: HarvestOptions,
        *,
        side_by_side: bool = False,
    ) -> None:
        """`side_by_side` says that `read` may be called by several threads at once."""
        self.read, self.channels, self.positions, self.options = read, channels, positions, options
        self.device = device_of(options.device)
        self.lanes = lanes_for(self.device, side_by_side=side_by_side)
        self.kept: dict[Channel, Kept] = {}
        self._pilots: dict[Channel, Pilot] = {}
        self.clock = Clock()

    def prepare(self, first: Shard) -> None:
        """Lay out the draws from the first windows that score; must come before `take` and `restore`."""
        began = time.perf_counter()
        pilot = [batch for _, batch in batches(first.beginning(PILOT), self.options)]
        found = list(self.lanes.map(self.forward, pilot))
        for channel in self.channels:
            values = pilot_values((one[channel], batch) for one, batch in zip(found, pilot, strict=True))
            self._pilots[channel] = Pilot.of(values)
        self._begin()
        self.clock.forward += time.perf_counter() - began

    def fresh(self) -> "Pass":
        """Another pass of the same preparation that has kept nothing yet."""
        other = Pass(self.read, self.channels, self.positions, self.options)
        other.lanes, other._pilots = self.lanes, self._pilots
        other._begin()
        return other

    def _begin(self) -> None:
        for (site, layer), neurons in self.channels.items():
            salt = LAYERS * SITES.index(site) + layer
            pilot = self._pilots[site, layer]
            self.kept[site, layer] = Kept(neurons, self.positions, self.options, pilot, salt)

    def take(self, shard: Shard) -> dict[Channel, Extremes]:
        """Run one shard and keep what it improves."""
        return self.finish(shard, self.start(shard))

    def start(self, shard: Shard) -> Iterator[Seen]:
        """Send a shard's batches on their way; `finish` must follow before the next shard's."""
        return self.lanes.map(self._see, batches(shard, self.options))

    def finish(self, shard: Shard, started: Iterator[Seen]) -> dict[Channel, Extremes]:
        """Wait for a shard's batches and put together what they add, in their order, so that sums are always equal."""
        found = {channel: _nothing(len(shard.start), neurons) for channel, neurons in self.channels.items()}
        for seen in started:
            for channel, one in seen.found.items():
                found[channel].add(seen.rows, one)
            self.clock.forward += seen.forward / self.lanes.width
            self.clock.reduction += seen.reduction / self.lanes.width
        began = time.perf_counter()
        for kept in self.kept.values():
            kept.draws.settle()
        self.clock.reduction += time.perf_counter() - began
        return found

    def _see(self, given: tuple[Ints, Batch]) -> Seen:
        """Run one batch and keep what it improves; several may run at once."""
        rows, batch = given
        began = time.perf_counter()
        activations = self.forward(batch)
        computed = time.perf_counter()
        found = {channel: _extremes(values, batch) for channel, values in activations.items()}
        for channel, values in activations.items():
            self.kept[channel].take(values, batch, found[channel].maxima)
        return Seen(rows, found, computed - began, time.perf_counter() - computed)

    def forward(self, batch: Batch) -> dict[Channel, Tensor]:
        """Activations of a batch by channel, in float32, where the model is: only what is kept leaves its device."""
        with torch.inference_mode():
            found = self.read(torch.from_numpy(batch.tokens.astype(np.int64)).to(self.device))
            return {channel: found[channel].float() for channel in self.channels}

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that `restore` takes."""
        return {
            f"{site}/{layer}/{key}": array
            for (site, layer), kept in self.kept.items()
            for key, array in kept.state().items()
        }

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from a state that `state` gave."""
        for (site, layer), kept in self.kept.items():
            kept.restore(part_of(arrays, f"{site}/{layer}/"))

    def merge(self, other: "Pass") -> None:
        """Take in another pass over other shards, prepared from the same first shard."""
        for channel, kept in self.kept.items():
            kept.merge(other.kept[channel])


def part_of(arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> dict[str, npt.NDArray[Any]]:
    """The arrays whose names begin so, by the rest of their names."""
    return {key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)}


def noted(found: Mapping[Channel, Extremes]) -> dict[str, npt.NDArray[Any]]:
    """What a shard adds, as the ledger keeps it."""
    return {
        f"{site}/{layer}/{name}": array for (site, layer), one in found.items() for name, array in one.arrays().items()
    }


def _nothing(windows: int, neurons: int) -> Extremes:
    return Extremes(
        np.empty((windows, neurons), np.float32), np.full(neurons, np.inf, np.float32), np.zeros(neurons, np.float64)
    )


def _extremes(values: Tensor, batch: Batch) -> Extremes:
    """Of a batch's scored tokens only. Raises ModelError if an activation is not a finite number.

    A window without scored tokens has the maximum -inf.
    """
    high, low, sums = (_in_memory if values.device.type == "cpu" else _on_device)(values, batch)
    if not np.isfinite(sums).all():
        msg = "the model gave activations that are not numbers; check its weights, or harvest in float32"
        raise ModelError(msg)
    return Extremes(high, low.min(axis=0), sums.sum(axis=0, dtype=np.float64))


def _in_memory(values: Tensor, batch: Batch) -> tuple[Floats, Floats, Floats]:
    """[window, neuron] maxima and minima, and [part of a window, neuron] sums.

    Window by window: what one reduction read is still in the cache for the next. numpy's reductions take a third of
    torch's time here: they run along the neurons, which lie together.
    """
    windows, positions, neurons = values.shape
    high, low = np.full((windows, neurons), -np.inf, np.float32), np.full((windows, neurons), np.inf, np.float32)
    sums = np.zeros((windows, -(-positions // SUMMED), neurons), np.float32)
    for row, window in enumerate(values.numpy()):
        scored = window[batch.scores[row] if batch.span is None else batch.span]
        if len(scored):
            np.maximum.reduce(scored, axis=0, out=high[row])
            np.minimum.reduce(scored, axis=0, out=low[row])
            for part, begin in enumerate(range(0, len(scored), SUMMED)):
                np.add.reduce(scored[begin : begin + SUMMED], axis=0, out=sums[row, part])
    return high, low, sums.reshape(-1, neurons)


def _on_device(values: Tensor, batch: Batch) -> tuple[Floats, Floats, Floats]:
    """The same, reduced where the activations lie, so that three small arrays cross and they do not."""
    scored = torch.from_numpy(batch.scores).to(values.device)[:, :, None]
    high = torch.where(scored, values, -torch.inf).amax(dim=1)
    low = torch.where(scored, values, torch.inf).amin(dim=1)
    sums = torch.where(scored, values, 0).sum(dim=1)
    return high.cpu().numpy(), low.cpu().numpy(), sums.cpu().numpy()
