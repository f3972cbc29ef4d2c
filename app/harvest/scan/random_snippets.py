"""Snippets from the whole range of a neuron's activation, drawn while the corpus streams by.

Every draw goes by a seeded hash, and of those eligible the ones with the largest hash are kept: a uniform draw
without replacement that does not depend on the order of reading, on batches or on machines.

- random: one token of each window, drawn uniformly, is a candidate.
- quantile: likewise one token of each window, in bands of the neuron's own distribution.
- value_bin: each window's peak is a candidate, in steps of a geometric ladder of activation.
- firing: single tokens on which the neuron fires (module `firings`).

Bands and steps are laid out from a pilot, the first windows of the corpus, which must be fixed before anything is
drawn. They only spread the draws: which band a snippet is in is decided at the end, from the final sample.

A value equal to a cut belongs below it, so one that lies at several cuts, as the zeros of a sparse unit do, belongs to
the lowest of their bands, and the bands between hold nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from app.harvest.finish.sampled_statistics import by_neuron, quantile_cuts
from app.harvest.options import HarvestOptions
from app.harvest.scan.batches import Batch
from app.harvest.scan.firing_tokens import Firings
from app.harvest.scan.hashing import fraction, mixed
from app.harvest.scan.topk import Entries, Floats, Ints, TopStore

CUTS = (0.5, 0.9, 0.99, 0.999)
"""Quantiles between the bands."""
BANDS = len(CUTS) + 1
SMALLEST = np.finfo(np.float32).tiny
STEPS, LOWEST, RATIO = 12, 7, 1.3
"""Ladder of activation: steps of 1.3, seven of them below the pilot's maximum."""
SILENT_CUTS = (0.0, 0.2, 0.4, 0.6)
"""Where a unit that is silent in the pilot has its cuts, as shares of its reference: its firings are still spread."""


@dataclass(frozen=True)
class Pilot:
    """What the first windows tell of each neuron.

    Of a layer that is silent in all of them they tell nothing: its stronger steps and bands are then seldom filled.
    """

    cuts: Floats
    """[neuron, cut] activation at CUTS."""
    highest: Floats
    """[neuron] largest activation, or the smallest positive number if none is positive."""
    reference: Floats
    """[neuron] where the ladder is laid: the largest activation, or the layer's median one if none is positive."""

    @classmethod
    def of(cls, scored: Floats) -> "Pilot":
        """From scored activations [token, neuron]."""
        rows = by_neuron(scored)
        cuts, highest = quantile_cuts(rows, CUTS), np.maximum(rows[:, -1], SMALLEST)
        fires = highest > SMALLEST
        usual = np.median(highest[fires]) if fires.any() else SMALLEST
        reference = np.where(fires, highest, usual).astype(np.float32)
        level = ~fires & (cuts[:, 0] == cuts[:, -1])
        spread = cuts[:, :1] + reference[:, None] * np.array(SILENT_CUTS, np.float32)
        return cls(np.where(level[:, None], spread, cuts), highest, reference)


class Draws:
    """The running draws of one layer's neurons at one site."""

    def __init__(self, pilot: Pilot, positions: int, options: HarvestOptions, salt: int) -> None:
        neurons = len(pilot.reference)
        self.pilot, self.positions, self.neurons = pilot, positions, neurons
        self.seed = (options.seed + 1) * (1 << 24) + 10 * salt  # so no site and layer has the draws of another seed
        self.stores = {
            name: TopStore(rows, k, width)
            for name, rows, k, width in (
                ("random", neurons, options.random, positions),
                ("quantile", neurons * BANDS, options.quantile, positions),
                ("value_bin", neurons * STEPS, options.value_bin, positions),
            )
            if k
        }
        self.firings = Firings(pilot.highest, options.firing, self.seed + 5) if options.firing else None
        if self.firings:
            self.stores["firing"] = self.firings.store

    def offer(self, values: Tensor, high: Floats, batch: Batch) -> None:
        """Draw from a batch: activations [window, position, neuron] and their scored maxima [window, neuron]."""
        if "random" in self.stores:
            peaks, valid = self._tokens(batch, 0)
            self._windows("random", values, batch, np.arange(self.neurons), valid, peaks, 1)
        if "quantile" in self.stores:
            peaks, valid = self._tokens(batch, 2)
            rows = np.arange(self.neurons) * BANDS + self._bands(values, peaks)
            self._windows("quantile", values, batch, rows, valid, peaks, 3)
        if "value_bin" in self.stores:
            rows = np.arange(self.neurons) * STEPS + self._steps(high)
            self._windows("value_bin", values, batch, rows, high > 0, None, 4)
        if self.firings:
            self.firings.look(values, batch)

    def settle(self) -> None:
        """Finish what is done a shard at a time."""
        if self.firings:
            self.firings.settle()

    def _tokens(self, batch: Batch, salt: int) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """[window, neuron]: a position drawn from all positions, and whether it is scored; uniform over tokens."""
        width = batch.tokens.shape[1]
        drawn = self._fractions(batch, salt) * self.positions
        positions = drawn.astype(np.int64)
        inside = np.minimum(positions, width - 1)
        return inside, (positions < width) & np.take_along_axis(batch.scores, inside, 1)

    def _bands(self, values: Tensor, positions: Ints) -> Ints:
        at = torch.gather(values, 1, torch.from_numpy(positions).to(values.device)[:, None])[:, 0].cpu().numpy()
        bands: Ints = (at[:, :, None] > self.pilot.cuts).sum(axis=2)
        return bands

    def _steps(self, high: Floats) -> Ints:
        share = np.maximum(high, SMALLEST) / self.pilot.reference
        steps: Ints = np.clip(np.floor(np.log(share) / np.log(RATIO)) + LOWEST, 0, STEPS - 1).astype(np.int64)
        return steps

    def _windows(
        self,
        name: str,
        values: Tensor,
        batch: Batch,
        rows: Ints,
        valid: npt.NDArray[np.bool_],
        peaks: Ints | None,
        salt: int,
    ) -> None:
        """Offer windows as snippets: rows of the store [window, neuron] or [neuron], and each one's peak if drawn."""
        store = self.stores[name]
        rows = np.broadcast_to(rows, valid.shape)
        chances = self._fractions(batch, salt)
        windows, neurons = np.nonzero(valid & (chances >= store.floor[rows]))
        if not len(windows):
            return
        taken = whole_windows(values, windows, neurons, self.positions)
        at = peaks[windows, neurons] if peaks is not None else peaks_of(taken, batch, windows)
        store.offer(
            Entries(
                rows[windows, neurons],
                chances[windows, neurons],
                batch.windows[windows],
                at,
                batch.keys[windows, at],
                taken,
            )
        )

    def _fractions(self, batch: Batch, salt: int) -> Floats:
        """[window, neuron] uniform in [0, 1): a draw of its own for each pair, the same whenever it is asked for."""
        pairs = batch.windows[:, None] * (1 << 24) + np.arange(self.neurons)
        return fraction(mixed(pairs, self.seed + salt))


def whole_windows(values: Tensor, windows: Ints, neurons: Ints, positions: int) -> Floats:
    """[entry, position] activations of whole windows, zero after their end; gathered where the activations lie."""
    whole = np.zeros((len(windows), positions), np.float32)
    whole[:, : values.shape[1]] = _gathered(values, windows, neurons)
    return whole


def _gathered(values: Tensor, windows: Ints, neurons: Ints) -> Floats:
    if values.device.type != "cpu":
        return values[torch.from_numpy(windows), :, torch.from_numpy(neurons)].cpu().numpy()
    by_position = values.numpy().transpose(1, 0, 2)  # in the order of memory, which takes half the time
    taken: Floats = by_position[:, windows, neurons].T
    return taken


def peaks_of(taken: Floats, batch: Batch, windows: Ints) -> Ints:
    """[entry] the earliest of the strongest scored positions of windows [entry, position]."""
    if batch.span is None:
        scored, first = np.where(batch.scores[windows], taken[:, : batch.scores.shape[1]], -np.inf), 0
    else:
        scored, first = taken[:, batch.span], batch.span.start
    peaks: Ints = scored.argmax(axis=1) + first
    return peaks


def pilot_values(values: Iterator[tuple[Tensor, Batch]]) -> Floats:
    """[token, neuron] the scored activations of the pilot's batches."""
    return np.concatenate([one[torch.from_numpy(batch.scores)].cpu().numpy() for one, batch in values])
