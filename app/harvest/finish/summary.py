"""All that a finished pass says of one layer's neurons at one site."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.archive.neuron import DEAD_CONTEXTS, DEAD_MAXIMUM, NeuronStatistics
from app.archive.snippet import normalised_word
from app.harvest.finish.exact_statistics import Exact, Reread, put_together
from app.harvest.finish.logit_effects import Effects
from app.harvest.finish.sampled_statistics import by_neuron, quantile_cuts, sketches
from app.harvest.finish.tables import WindowBook
from app.harvest.scan.random_snippets import CUTS
from app.harvest.scan.scan import Kept
from app.harvest.scan.topk import NEVER, Floats, Ints, TopStore


@dataclass(frozen=True)
class LayerSummary:
    """[neuron] each."""

    exact: Exact
    sample: Floats
    """[neuron, token] sampled activations, each row sorted."""
    cuts: Floats
    """[neuron, cut] the activations at the quantiles CUTS."""
    favourites: Ints
    """The commonest peak token of the top list; -1 without a top list."""
    shares: npt.NDArray[np.float64]
    """The largest share of the top list whose peaks are the same word."""
    dead: npt.NDArray[np.bool_]


def summarise(kept: Kept, notes: Reread, tokens: int, book: WindowBook, pieces: list[bytes]) -> LayerSummary:
    """Put a channel together from what was kept and from its shards' notes."""
    exact = put_together(notes, kept.top, tokens)
    sample = by_neuron(kept.sample.values)
    neurons, slots = np.nonzero(kept.top.windows != NEVER)
    windows, peaks = kept.top.windows[neurons, slots], kept.top.peaks[neurons, slots]
    peak_tokens = book.tokens(windows)[np.arange(len(neurons)), peaks].astype(np.int64)
    return LayerSummary(
        exact=exact,
        sample=sample,
        cuts=quantile_cuts(sample, CUTS),
        favourites=_favourites(kept.top, neurons, slots, peak_tokens),
        shares=_shares(len(kept.top.values), neurons, peak_tokens, pieces),
        dead=is_dead(exact.maximum, exact.contexts),
    )


def is_dead(maximum: Floats, contexts: Ints) -> npt.NDArray[np.bool_]:
    """[neuron of one layer]: under 0.1 % of the layer's median maximum, or fewer than 5 windows at strength 0.1."""
    return (maximum < DEAD_MAXIMUM * np.median(maximum)) | (contexts < DEAD_CONTEXTS)


def neuron_rows(
    layer: int, summary: LayerSummary, firings: TopStore | None, effects: Iterator[Effects], pieces: list[bytes]
) -> Iterator[NeuronStatistics]:
    """One record per neuron of a layer, in order."""
    exact = summary.exact
    for index, sketch in enumerate(sketches(summary.sample, firings, exact, pieces)):
        promoted, suppressed = next(effects, ((), ()))
        yield NeuronStatistics(
            layer=layer,
            index=index,
            maximum=float(exact.maximum[index]),
            minimum=float(exact.minimum[index]),
            mean=float(exact.mean[index]),
            density=sketch.density,
            contexts=int(exact.contexts[index]),
            dead=bool(summary.dead[index]),
            same_token_share=float(summary.shares[index]),
            suppressed=int(exact.suppressed[index]),
            histogram=sketch.histogram,
            edges=sketch.edges,
            quantiles=sketch.quantiles,
            tokens=sketch.tokens,
            promoted=promoted,
            suppressed_tokens=suppressed,
        )


def _favourites(store: TopStore, neurons: Ints, slots: Ints, tokens: Ints) -> Ints:
    """The commonest peak token of each top list, of equally common ones that with the stronger peak."""
    found = np.full(len(store.values), -1)
    if not len(tokens):
        return found
    kinds = int(tokens.max()) + 1
    pairs, where, counts = np.unique(neurons * kinds + tokens, return_inverse=True, return_counts=True)
    strongest = np.full(len(pairs), -np.inf)
    np.maximum.at(strongest, where, store.values[neurons, slots])
    order = np.lexsort((pairs, -strongest, -counts, pairs // kinds))
    owners, first = np.unique((pairs // kinds)[order], return_index=True)
    found[owners] = (pairs % kinds)[order][first]
    return found


def _shares(count: int, neurons: Ints, tokens: Ints, pieces: list[bytes]) -> npt.NDArray[np.float64]:
    """Peaks of the same word, ignoring case and white space, among all of a neuron's peaks."""
    words = [normalised_word(piece) for piece in pieces]
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    word_numbers = np.array([numbers[word] for word in words])
    most = np.zeros(count)
    pairs, counts = np.unique(neurons * len(numbers) + word_numbers[tokens], return_counts=True)
    np.maximum.at(most, pairs // len(numbers), counts)
    return most / np.maximum(1, np.bincount(neurons, minlength=count))
