"""Contrast snippets: the token a neuron likes best, in a text where the neuron stays quiet on it.

Which token that is, is known only at the end; so some windows in which the wanted tokens stand are read a second time,
a round at a time: each round takes the windows that promise most to the neurons still without enough, and a neuron
promises less the more often it was found to fire. A window counts only if the neuron is quiet wherever the token
stands in it, context included, for all of it is shown.

The work does not grow with the corpus: at most `WINDOWS` windows are read again, chosen among `POOL` drawn by a seeded
hash of their own, so that one window serves many tokens. A neuron that fires on nearly every occurrence of its token
may therefore get fewer snippets than asked for, or none.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from app.harvest.checkpoint import Arrays
from app.harvest.finish.exact_statistics import Reread
from app.harvest.finish.selection import Chosen
from app.harvest.options import HarvestOptions
from app.harvest.scan.batches import Batch
from app.harvest.scan.hashing import Hashes, mixed
from app.harvest.scan.random_snippets import whole_windows
from app.harvest.scan.scan import Channel
from app.harvest.scan.topk import Floats, Ints, place_in_run
from app.harvest.scan.worker_threads import Lanes

Forward = Callable[[Batch], Mapping[Channel, Tensor]]
GROUP = "contrast"
WINDOWS = 768
"""Windows read a second time, at most: whatever the corpus, a fixed cost."""
ROUND = 64
"""Windows read before it is asked again which neurons lack snippets."""
POOL = 2048
"""Windows held in memory to choose from, at most."""
TRIES = 10
"""Windows drawn for each token and snippet wanted: in many of them the neuron fires after all."""
AGAIN = 0.8
"""What a second window with the same token is worth in one round, to the first: whom it would serve may be served."""


@dataclass(frozen=True)
class Wanted:
    """What one channel's neurons look for, [neuron] each."""

    tokens: Ints
    """The token, -1 for none."""
    firing: Floats
    """The smallest activation that is not quiet."""


def contrasts(
    wanted: Mapping[Channel, Wanted], windows: Reread, forward: Forward, lanes: Lanes, options: HarvestOptions
) -> dict[Channel, Chosen]:
    """Up to `options.contrast` snippets a neuron for every channel, from a second reading of few windows."""
    tokens = np.unique(np.concatenate([one.tokens for one in wanted.values()]))
    pool = _Pool(tokens[tokens >= 0], windows, TRIES * options.contrast, options.seed)
    searches = {channel: _Search(one, pool, options.contrast) for channel, one in wanted.items()}

    def look(batch: Batch) -> dict[Channel, _Found]:
        activations = forward(batch)
        return {channel: search.quiet(activations[channel], batch) for channel, search in searches.items()}

    for size in _rounds():
        rows = pool.best(np.sum([search.demand() for search in searches.values()], axis=0), size)
        if not len(rows):
            break
        found = list(lanes.map(look, pool.batches(rows, options.batch)))
        for channel, search in searches.items():
            search.take([one[channel] for one in found], pool.standing(rows))
    return {channel: search.chosen() for channel, search in searches.items()}


def _rounds() -> Iterator[int]:
    """How many windows each round reads."""
    for begin in range(0, WINDOWS, ROUND):
        yield min(ROUND, WINDOWS - begin)


class _Pool:
    """Windows that may be read again, and which of the wanted tokens stand in each where it is scored."""

    def __init__(self, kinds: Ints, windows: Reread, count: int, seed: int) -> None:
        """`kinds` are the wanted tokens, sorted; `count` windows of each are drawn."""
        self.kinds = kinds
        self.numbers = _drawn(kinds, windows(), count, seed)
        parts = list(_rows(self.numbers, windows()))
        self.tokens = np.concatenate([one["tokens"] for one in parts])
        self.scores = np.concatenate([one["scores"] for one in parts])
        self._rows, self._wanted = _standing(self.tokens, self.scores, kinds)
        self._begins = np.searchsorted(self._rows, np.arange(len(self.numbers) + 1))
        self._unread = np.ones(len(self.numbers), np.bool_)

    def best(self, demand: npt.NDArray[np.float64], count: int) -> Ints:
        """Rows of at most `count` unread windows that serve most of the demand [kind], in order; now they are read."""
        demand, rows = demand.copy(), []
        for _ in range(count):
            gains = np.bincount(self._rows, demand[self._wanted], len(self.numbers)) * self._unread
            row = int(gains.argmax()) if len(gains) else -1
            if row < 0 or not gains[row]:
                break
            rows.append(row)
            self._unread[row] = False
            demand[self._wanted[self._begins[row] : self._begins[row + 1]]] *= AGAIN
        return np.array(sorted(rows), np.int64)

    def standing(self, rows: Ints) -> Ints:
        """[kind] how many of the rows each token stands in."""
        return np.bincount(self._wanted[np.isin(self._rows, rows)], minlength=len(self.kinds))

    def batches(self, rows: Ints, size: int) -> Iterator[Batch]:
        """The rows in batches, in order."""
        for begin in range(0, len(rows), size):
            some = rows[begin : begin + size]
            nothing = np.zeros(self.tokens[some].shape, np.uint64)
            yield Batch(self.tokens[some], self.numbers[some], self.scores[some], nothing, nothing)


@dataclass(frozen=True)
class _Found:
    """[snippet] each, and activations [snippet, position]."""

    neurons: Ints
    windows: Ints
    peaks: Ints
    activations: Floats


class _Search:
    """What the neurons of one channel have found, and lack."""

    def __init__(self, wanted: Wanted, pool: _Pool, limit: int) -> None:
        self.wanted = wanted
        self._kinds = len(pool.kinds)
        self._kind = np.searchsorted(pool.kinds, wanted.tokens)
        self._lacks = np.where(wanted.tokens >= 0, limit, 0)
        self._tries = np.zeros(len(wanted.tokens), np.int64)
        none = np.zeros(0, np.int64)
        self._parts = [_Found(none, none, none, np.zeros((0, pool.tokens.shape[1]), np.float32))]

    def demand(self) -> npt.NDArray[np.float64]:
        """[kind] how much a window with the token is worth."""
        lacks = np.flatnonzero(self._lacks)
        worth = np.bincount(self._kind[lacks], 1 / (1 + self._tries[lacks]), self._kinds)
        return worth.astype(np.float64)  # of no neurons numpy gives whole numbers

    def quiet(self, values: Tensor, batch: Batch) -> _Found:
        """Windows of a batch where a neuron that lacks snippets is quiet on its token; changes nothing."""
        lacks = np.flatnonzero(self._lacks)
        lacks = lacks[np.argsort(self.wanted.tokens[lacks], kind="stable")]
        tokens = self.wanted.tokens[lacks]
        rows, positions = np.nonzero(np.isin(batch.tokens, tokens))
        stands = batch.tokens[rows, positions]
        begins, ends = np.searchsorted(tokens, stands), np.searchsorted(tokens, stands, side="right")
        place = np.repeat(np.arange(len(rows)), ends - begins)
        neurons = lacks[np.repeat(begins, ends - begins) + place_in_run(place)]
        rows, positions = rows[place], positions[place]
        at = values[torch.from_numpy(rows), torch.from_numpy(positions), torch.from_numpy(neurons)].cpu().numpy()
        rows, neurons, peaks = _pairs(rows, neurons, positions, at < self.wanted.firing[neurons], batch.scores)
        taken = whole_windows(values, rows, neurons, values.shape[1])
        return _Found(neurons, batch.windows[rows], peaks, taken)

    def take(self, found: Sequence[_Found], standing: Ints) -> None:
        """Keep what a round found, no more than is lacking; `standing` [kind] is in how many windows it looked."""
        whole = _together(found)
        order = np.argsort(whole.neurons, kind="stable")
        order = order[place_in_run(whole.neurons[order]) < self._lacks[whole.neurons[order]]]
        kept = _Found(whole.neurons[order], whole.windows[order], whole.peaks[order], whole.activations[order])
        self._parts.append(kept)
        looked = np.flatnonzero(self._lacks)
        self._tries[looked] += standing[self._kind[looked]]
        self._lacks -= np.bincount(kept.neurons, minlength=len(self._lacks))

    def chosen(self) -> Chosen:
        """All that was kept, of each neuron in the order of finding."""
        whole = _together(self._parts)
        order = np.argsort(whole.neurons, kind="stable")
        return Chosen(
            group=GROUP,
            neurons=whole.neurons[order],
            ranks=place_in_run(whole.neurons[order]),
            bands=np.full(len(order), ""),
            windows=whole.windows[order],
            peaks=whole.peaks[order],
            rows=order,
            kept=whole.activations,
        )


def _drawn(kinds: Ints, windows: Iterator[Arrays], count: int, seed: int) -> Ints:
    """Numbers of at most `POOL` windows: first each token's window of smallest hash, then its second, and so on."""
    tokens, hashes, numbers, first = np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.int64), 0
    for one in windows:
        rows, wanted = _standing(one["tokens"], one["scores"], kinds)
        tokens = np.concatenate([tokens, wanted])
        numbers = np.concatenate([numbers, first + rows])
        hashes = np.concatenate([hashes, mixed(first + rows, seed + 6)])
        kept = _smallest(tokens, hashes, count)
        tokens, hashes, numbers = tokens[kept], hashes[kept], numbers[kept]
        first += len(one["tokens"])
    ordered = numbers[np.lexsort((tokens, hashes, place_in_run(tokens)))]
    _, places = np.unique(ordered, return_index=True)
    return np.sort(ordered[np.sort(places)[:POOL]])


def _smallest(tokens: Ints, hashes: Hashes, count: int) -> Ints:
    """Places of the `count` smallest hashes of each token, by token and hash."""
    order = np.lexsort((hashes, tokens))
    return order[place_in_run(tokens[order]) < count]


def _standing(tokens: npt.NDArray[np.int32], scores: npt.NDArray[np.bool_], kinds: Ints) -> tuple[Ints, Ints]:
    """Which wanted tokens stand scored in which rows: row and index into `kinds`, each pair once, sorted by row."""
    rows, positions = np.nonzero(np.isin(tokens, kinds) & scores)
    pairs = np.unique(rows * len(kinds) + np.searchsorted(kinds, tokens[rows, positions]))
    return pairs // len(kinds), pairs % len(kinds)


def _rows(needed: Ints, windows: Iterator[Arrays]) -> Iterator[Arrays]:
    """Tokens and scores of the needed windows, in order."""
    first = 0
    for one in windows:
        count = len(one["tokens"])
        rows = needed[(needed >= first) & (needed < first + count)] - first
        yield {name: one[name][rows] for name in ("tokens", "scores")}
        first += count


def _pairs(
    rows: Ints, neurons: Ints, positions: Ints, quiet: npt.NDArray[np.bool_], scores: npt.NDArray[np.bool_]
) -> tuple[Ints, Ints, Ints]:
    """Row, neuron and earliest scored position of each pair that is quiet at all its positions and scored at one."""
    order = np.lexsort((positions, ~scores[rows, positions], neurons, rows))
    rows, neurons, positions, quiet = rows[order], neurons[order], positions[order], quiet[order]
    begins = np.flatnonzero((np.diff(rows, prepend=-1) != 0) | (np.diff(neurons, prepend=-1) != 0))
    if not len(begins):
        return rows, neurons, positions
    kept = begins[np.logical_and.reduceat(quiet, begins) & scores[rows[begins], positions[begins]]]
    return rows[kept], neurons[kept], positions[kept]


def _together(parts: Sequence[_Found]) -> _Found:
    names = ("neurons", "windows", "peaks", "activations")
    return _Found(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
