"""Contrast snippets: the token a neuron likes best, in a text where the neuron stays quiet on it.

Which token that is, is known only at the end; so a few hundred windows in which the wanted tokens stand are read a
second time. Windows are chosen by a seeded hash of their own, so that one window serves many tokens.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from app.harvest.batches import Batch
from app.harvest.draws import whole_windows
from app.harvest.exact import Reread
from app.harvest.hashing import Hashes, mixed
from app.harvest.lanes import Lanes
from app.harvest.ledger import Arrays
from app.harvest.options import HarvestOptions
from app.harvest.reading import Channel
from app.harvest.selection import Chosen
from app.harvest.topk import Floats, Ints, place_in_run

Forward = Callable[[Batch], Mapping[Channel, Tensor]]
GROUP = "contrast"
WINDOWS = 192
"""Windows read a second time, at most: whatever the corpus, a fixed cost."""
TRIES = 2
"""Places looked at for each snippet wanted: in some of them the neuron fires after all."""


@dataclass(frozen=True)
class Wanted:
    """What one channel's neurons look for, [neuron] each."""

    tokens: Ints
    """The token, -1 for none."""
    firing: Floats
    """The smallest activation that is not quiet."""


@dataclass(frozen=True)
class Places:
    """Where tokens stand, [place] each, sorted by token and then by the window's hash."""

    tokens: Ints
    hashes: Hashes
    windows: Ints
    positions: Ints

    def first(self, count: int) -> "Places":
        """At most `count` places a token, those of smallest hash."""
        order = np.lexsort((self.hashes, self.tokens))
        order = order[place_in_run(self.tokens[order]) < count]
        return Places(self.tokens[order], self.hashes[order], self.windows[order], self.positions[order])

    def within(self, count: int) -> "Places":
        """Those in at most `count` windows: first each token's first place, then its second, and so on."""
        rank = place_in_run(self.tokens)
        ordered = self.windows[np.lexsort((self.tokens, self.hashes, rank))]
        _, first = np.unique(ordered, return_index=True)
        kept = np.isin(self.windows, ordered[np.sort(first)[:count]])
        return Places(self.tokens[kept], self.hashes[kept], self.windows[kept], self.positions[kept])

    def also(self, other: "Places") -> "Places":
        """Both."""
        return Places(
            np.concatenate([self.tokens, other.tokens]),
            np.concatenate([self.hashes, other.hashes]),
            np.concatenate([self.windows, other.windows]),
            np.concatenate([self.positions, other.positions]),
        )


def contrasts(
    wanted: Mapping[Channel, Wanted], windows: Reread, forward: Forward, lanes: Lanes, options: HarvestOptions
) -> dict[Channel, Chosen]:
    """Up to `options.contrast` snippets a neuron for every channel, from a second reading of few windows."""
    tokens = np.unique(np.concatenate([one.tokens for one in wanted.values()]))
    places = _places(tokens[tokens >= 0], windows(), TRIES * options.contrast, options.seed).within(WINDOWS)

    def look(batch: Batch) -> dict[Channel, _Found]:
        activations = forward(batch)
        return {channel: _quiet(one, places, activations[channel], batch) for channel, one in wanted.items()}

    found = list(lanes.map(look, _again(np.unique(places.windows), windows(), options.batch)))
    return {channel: _chosen([one[channel] for one in found], options.contrast) for channel in wanted}


@dataclass(frozen=True)
class _Found:
    """[snippet] each, and activations [snippet, position]."""

    neurons: Ints
    hashes: Hashes
    windows: Ints
    peaks: Ints
    activations: Floats


def _places(tokens: Ints, windows: Iterator[Arrays], count: int, seed: int) -> Places:
    """Scored places of the tokens, one in a window, in the windows of smallest hash."""
    none = np.zeros(0, np.int64)
    places, first = Places(none, none.astype(np.uint64), none, none), 0
    for one in windows:
        rows, positions = np.nonzero(np.isin(one["tokens"], tokens) & one["scores"])
        kinds = one["tokens"][rows, positions].astype(np.int64)
        _, earliest = np.unique(kinds * len(one["tokens"]) + rows, return_index=True)
        numbers = first + rows[earliest]
        here = Places(kinds[earliest], mixed(numbers, seed + 6), numbers, positions[earliest])
        places = places.also(here).first(count)
        first += len(one["tokens"])
    return places


def _again(needed: Ints, windows: Iterator[Arrays], size: int) -> Iterator[Batch]:
    """The needed windows in batches, in order."""
    first = 0
    for one in windows:
        count = len(one["tokens"])
        here = needed[(needed >= first) & (needed < first + count)]
        for begin in range(0, len(here), size):
            numbers = here[begin : begin + size]
            rows = numbers - first
            nothing = np.zeros(one["tokens"][rows].shape, np.uint64)
            yield Batch(one["tokens"][rows], numbers, one["scores"][rows], nothing, nothing)
        first += count


def _quiet(wanted: Wanted, places: Places, values: Tensor, batch: Batch) -> _Found:
    """The places in a batch where a neuron that wants the token is quiet on it."""
    here = np.flatnonzero(np.isin(places.windows, batch.windows))
    order = np.argsort(wanted.tokens, kind="stable")
    begins = np.searchsorted(wanted.tokens[order], places.tokens[here])
    ends = np.searchsorted(wanted.tokens[order], places.tokens[here], side="right")
    place = np.repeat(here, ends - begins)
    neurons = order[np.repeat(begins, ends - begins) + place_in_run(place)]
    rows = np.searchsorted(batch.windows, places.windows[place])
    at = values[torch.from_numpy(rows), torch.from_numpy(places.positions[place]), torch.from_numpy(neurons)]
    quiet = at.cpu().numpy() < wanted.firing[neurons]
    place, neurons, rows = place[quiet], neurons[quiet], rows[quiet]
    taken = whole_windows(values, rows, neurons, values.shape[1])
    return _Found(neurons, places.hashes[place], places.windows[place], places.positions[place], taken)


def _chosen(parts: list[_Found], limit: int) -> Chosen:
    names = ("neurons", "hashes", "windows", "peaks", "activations")
    neurons, hashes, windows, peaks, activations = (
        np.concatenate([getattr(part, name) for part in parts]) for name in names
    )
    order = np.lexsort((hashes, neurons))
    order = order[place_in_run(neurons[order]) < limit]
    return Chosen(
        group=GROUP,
        neurons=neurons[order],
        ranks=place_in_run(neurons[order]),
        bands=np.full(len(order), ""),
        windows=windows[order],
        peaks=peaks[order],
        rows=order,
        kept=activations,
    )
