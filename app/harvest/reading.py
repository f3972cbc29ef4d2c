"""The one pass: every shard through the model once, every neuron's top snippets, extremes, sums and sample kept.

Per batch there is one reduction over tokens each for maximum, minimum and sum; everything else touches only the
neurons and tokens that a threshold lets through.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from app.foundation.errors import ModelError
from app.harvest.hashing import Hashes, mixed, neighbourhood_keys
from app.harvest.options import HarvestOptions
from app.harvest.sample import TokenSample
from app.harvest.topk import Entries, Floats, Ints, TopStore
from app.harvest.windows import Shard

Read = Callable[[Tensor], Mapping[int, Tensor]]
"""Token ids [window, position] -> activations by layer, each [window, position, neuron]."""


@dataclass(frozen=True)
class Extremes:
    """What one shard adds: exact, and independent of every other shard."""

    maxima: Floats
    """[window, neuron] largest scored activation in the window."""
    minima: Floats
    """[neuron]"""
    sums: npt.NDArray[np.float64]
    """[neuron] sum over scored tokens."""

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For the ledger."""
        return {"maxima": self.maxima, "minima": self.minima, "sums": self.sums}


@dataclass
class Clock:
    """Seconds spent in each part of the work."""

    forward: float = 0.0
    reduction: float = 0.0
    reading: float = 0.0
    _mark: float = field(default_factory=time.perf_counter)

    def lap(self, part: str) -> None:
        """Add the time since the last lap to a part."""
        now = time.perf_counter()
        setattr(self, part, getattr(self, part) + now - self._mark)
        self._mark = now

    @property
    def total(self) -> float:
        """All seconds so far."""
        return self.forward + self.reduction + self.reading


@dataclass(frozen=True)
class Batch:
    """Rows of a shard that go through the model together."""

    tokens: npt.NDArray[np.int32]
    windows: Ints
    start: Ints
    length: Ints
    scores: npt.NDArray[np.bool_]
    keys: Hashes
    draws: Hashes

    @property
    def span(self) -> slice | None:
        """The scored positions, if they are the same unbroken run in every window."""
        first, last = int(self.start[0]), int(self.length[0])
        return (
            slice(first, last)
            if self.scores[:, first:last].all() and self.scores.sum() == (last - first) * len(self.start)
            else None
        )


class Pass:
    """Running state of one model's harvest, for `neurons` per layer."""

    def __init__(self, read: Read, neurons: Mapping[int, int], positions: int, options: HarvestOptions) -> None:
        self.read, self.options, self.positions = read, options, positions
        self.stores = {layer: TopStore(count, options.k, positions) for layer, count in neurons.items()}
        self.sample = TokenSample(options.sample, sum(neurons.values()))
        self.clock = Clock()

    def take(self, shard: Shard) -> Extremes:
        """Run one shard and keep what it improves."""
        self.clock.lap("reading")
        whole = self._prepared(shard)
        neurons = [len(store.values) for store in self.stores.values()]
        maxima = np.empty((len(shard.start), sum(neurons)), np.float32)
        minima = np.full(sum(neurons), np.inf, np.float32)
        sums = np.zeros(sum(neurons))
        for rows in shard.batches(self.options.batch):
            batch = _rows(whole, rows)
            found = self._forward(batch)
            self.clock.lap("forward")
            wanted = self.sample.wanted(batch.draws) & batch.scores
            sampled = []
            begin = 0
            for layer, store in self.stores.items():
                values = found[layer]
                part = slice(begin, begin + values.shape[2])
                begin = part.stop
                high, low, total = _extremes(values, batch)
                maxima[rows, part] = high
                np.minimum(minima[part], low, out=minima[part])
                sums[part] += total
                _improve(store, values, high, batch)
                sampled.append(values[torch.from_numpy(wanted)].numpy())
            self.sample.offer(
                batch.draws[wanted], batch.tokens[wanted].astype(np.int64), np.concatenate(sampled, axis=1)
            )
            self.clock.lap("reduction")
        return Extremes(maxima, minima, sums)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that `restore` takes."""
        arrays = {f"sample.{key}": array for key, array in self.sample.state().items()}
        for layer, store in self.stores.items():
            arrays |= {f"layer{layer}.{key}": array for key, array in store.state().items()}
        return arrays

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from a state that `state` gave; an empty one is the beginning."""
        if not arrays:
            return
        self.sample.restore(_part(arrays, "sample."))
        for layer, store in self.stores.items():
            store.restore(_part(arrays, f"layer{layer}."))

    def _forward(self, batch: Batch) -> Mapping[int, Tensor]:
        with torch.inference_mode():
            found = self.read(torch.from_numpy(batch.tokens.astype(np.int64)).to(self.options.device))
            return {layer: found[layer].float().cpu() for layer in self.stores}

    def _prepared(self, shard: Shard) -> Batch:
        """A whole shard as one batch, with its near-duplicate keys and its draws for the sample."""
        windows = shard.first + np.arange(len(shard.start))
        places = windows[:, None] * self.positions + np.arange(self.positions)
        span = self.options.duplicate_span
        outside = shard.special & (np.arange(self.positions) >= shard.length[:, None])
        outside[:, 0] = True
        if span is None:
            keys = np.broadcast_to(mixed(windows, 2)[:, None], shard.tokens.shape)
        else:
            keys = neighbourhood_keys(shard.tokens, outside, span)
        draws = mixed(places, self.options.seed)
        return Batch(shard.tokens, windows, shard.start, shard.length, shard.scores, keys, draws)


def _part(arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> dict[str, npt.NDArray[Any]]:
    return {key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)}


def _rows(whole: Batch, rows: Ints) -> Batch:
    """Some rows of a shard, cut to the longest of them."""
    longest = int(whole.length[rows].max())
    return Batch(
        whole.tokens[rows, :longest],
        whole.windows[rows],
        whole.start[rows],
        whole.length[rows],
        whole.scores[rows, :longest],
        whole.keys[rows, :longest],
        whole.draws[rows, :longest],
    )


def _extremes(values: Tensor, batch: Batch) -> tuple[Floats, Floats, npt.NDArray[np.float64]]:
    """Maximum per window [window, neuron]; minimum and sum over the batch [neuron]: of scored tokens only."""
    mask = torch.from_numpy(batch.scores)
    sums = torch.bmm(mask[:, None].float(), values)[:, 0]  # reads each value once and writes nothing large
    if batch.span is not None:
        scored = values[:, batch.span]
        high, low = scored.amax(dim=1), scored.amin(dim=1).amin(dim=0)
    else:
        high = torch.stack(
            [
                one[row].amax(dim=0) if row.any() else one.new_full((one.shape[1],), -torch.inf)
                for one, row in zip(values, mask, strict=True)
            ]
        )
        low = values[mask].amin(dim=0) if mask.any() else values.new_full((values.shape[2],), torch.inf)
    if not torch.isfinite(sums).all():
        msg = "the model gave activations that are not numbers; check its weights, or harvest in float32"
        raise ModelError(msg)
    return high.numpy(), low.numpy(), sums.double().sum(dim=0).numpy()


def _improve(store: TopStore, values: Tensor, high: Floats, batch: Batch) -> None:
    """Offer the windows that beat a neuron's floor, with the activations of the whole window."""
    neurons, rows = np.nonzero((store.beating(high, batch.windows) & np.isfinite(high)).T)
    if not len(neurons):
        return
    taken = values[torch.from_numpy(rows), :, torch.from_numpy(neurons)].numpy()
    peaks = np.where(batch.scores[rows], taken, -np.inf).argmax(axis=1)
    width = store.activations.shape[2]
    whole = np.zeros((len(rows), width), np.float32)
    whole[:, : taken.shape[1]] = taken
    keys = batch.keys[rows, peaks]
    store.offer(Entries(neurons, high[rows, neurons], batch.windows[rows], peaks, keys, whole))
