"""From a pass that has read everything to an archive on disk: beside its place first, then renamed."""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.foundation.digest import sha256_of_file
from app.foundation.errors import ArchiveError
from app.harvest.archive import MANIFEST, NEURONS, SNIPPETS, Archive, manifest_bytes
from app.harvest.exact import Exact, Reread, put_together
from app.harvest.manifest import CorpusRecord, Counts, Manifest, ModelRecord
from app.harvest.neuron import DEAD_CONTEXTS, DEAD_MAXIMUM, EffectsOf, NeuronStatistics
from app.harvest.options import HarvestOptions
from app.harvest.sample import TokenSample, bound
from app.harvest.sketch import sketches
from app.harvest.snippet import word_of
from app.harvest.tables import NEURONS_PER_GROUP, Block, WindowBook, write_neurons, write_snippets
from app.harvest.topk import NEVER, TopStore


@dataclass(frozen=True)
class Read:
    """One arm when the whole corpus has been read."""

    model: ModelRecord
    stores: Mapping[int, TopStore]
    sample: TokenSample
    found: Reread
    windows: Reread
    effects: EffectsOf | None
    pieces: list[bytes]


@dataclass(frozen=True)
class Frame:
    """What is the same for all arms of a harvest."""

    corpus: CorpusRecord
    window: int
    skipped_documents: int
    masked_tokens: int
    versions: dict[str, str]
    options: HarvestOptions


def finish(arm: Read, frame: Frame, out: Path) -> Archive:
    """Write the archive at `out`. Raises ArchiveError if the disk is full; then nothing stands at `out`."""
    fresh = out.with_name(out.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir(parents=True)
        _write(arm, frame, fresh)
        os.replace(fresh, out)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        msg = f"{out} cannot be written ({error.strerror}); make room and run the same command to go on"
        raise ArchiveError(msg) from error
    return Archive.open(out)


def _write(arm: Read, frame: Frame, folder: Path) -> None:
    book = WindowBook(_shown_windows(arm.stores), arm.windows())
    exact = put_together(arm.found, list(arm.stores.values()), frame.corpus.tokens)
    neurons = list(_neurons(arm, exact, book))
    blocks = ((layer, _top_blocks(store)) for layer, store in sorted(arm.stores.items()))
    snippets = write_snippets(folder / SNIPPETS, blocks, book, arm.pieces)
    write_neurons(folder / NEURONS, neurons)
    dead = sum(one.dead for one in neurons)
    counts = Counts(
        neurons=len(neurons),
        live=len(neurons) - dead,
        dead=dead,
        snippets=snippets,
        suppressed=int(exact.suppressed.sum()),
        skipped_documents=frame.skipped_documents,
        masked_tokens=frame.masked_tokens,
    )
    manifest = _manifest(arm, frame, counts, folder)
    (folder / MANIFEST).write_bytes(manifest_bytes(manifest))
    _sync(folder)


def _manifest(arm: Read, frame: Frame, counts: Counts, folder: Path) -> Manifest:
    options, sampled = frame.options, len(arm.sample.hashes)
    return Manifest(
        model=arm.model,
        corpus=frame.corpus,
        site=options.site,
        window=frame.window,
        overlap=options.overlap,
        k=options.k,
        seed=options.seed,
        duplicate_span=options.duplicate_span,
        groups={"top": counts.snippets},
        counts=counts,
        sample_tokens=sampled,
        sample_bound=bound(sampled, frame.corpus.tokens),
        versions=frame.versions,
        files={name: sha256_of_file(folder / name) for name in (SNIPPETS, NEURONS)},
    ).addressed()


def _shown_windows(stores: Mapping[int, TopStore]) -> npt.NDArray[np.int64]:
    numbers = np.unique(np.concatenate([store.windows.ravel() for store in stores.values()]))
    shown: npt.NDArray[np.int64] = numbers[numbers != NEVER]
    return shown


def _top_blocks(store: TopStore) -> Iterator[Block]:
    ranked = store.ranked()
    for begin in range(0, len(ranked), NEURONS_PER_GROUP):
        places = ranked[begin : begin + NEURONS_PER_GROUP]
        rows, ranks = np.nonzero(np.take_along_axis(store.windows[begin : begin + len(places)], places, 1) != NEVER)
        neurons, slots = begin + rows, places[rows, ranks]
        yield Block(
            neurons=neurons,
            groups=np.full(len(rows), "top"),
            ranks=ranks,
            bands=np.full(len(rows), ""),
            windows=store.windows[neurons, slots],
            peaks=store.peaks[neurons, slots],
            activations=store.activations[neurons, slots],
        )


def _neurons(arm: Read, exact: Exact, book: WindowBook) -> Iterator[NeuronStatistics]:
    tokens, values = arm.sample.in_order()
    drawn = sketches(tokens, values, exact.minimum, exact.maximum, arm.pieces)
    first = 0
    for layer, store in sorted(arm.stores.items()):
        here = slice(first, first + len(store.values))
        first = here.stop
        dead = is_dead(exact.maximum[here], exact.contexts[here])
        shares = _same_token_shares(store, book, arm.pieces)
        effects = iter(()) if arm.effects is None else arm.effects(layer)
        for index in range(len(store.values)):
            promoted, suppressed = next(effects, ((), ()))
            sketch, place = next(drawn), here.start + index
            yield NeuronStatistics(
                layer=layer,
                index=index,
                maximum=float(exact.maximum[place]),
                minimum=float(exact.minimum[place]),
                mean=float(exact.mean[place]),
                density=sketch.density,
                contexts=int(exact.contexts[place]),
                dead=bool(dead[index]),
                same_token_share=float(shares[index]),
                suppressed=int(exact.suppressed[place]),
                histogram=sketch.histogram,
                edges=sketch.edges,
                quantiles=sketch.quantiles,
                tokens=sketch.tokens,
                promoted=promoted,
                suppressed_tokens=suppressed,
            )


def is_dead(maximum: npt.NDArray[np.float32], contexts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """[neuron of one layer]: under 0.1 % of the layer's median maximum, or fewer than 5 windows at strength 0.1."""
    return (maximum < DEAD_MAXIMUM * np.median(maximum)) | (contexts < DEAD_CONTEXTS)


def _same_token_shares(store: TopStore, book: WindowBook, pieces: list[bytes]) -> npt.NDArray[np.float64]:
    """[neuron] the largest share of the top snippets whose peak is the same word."""
    words = [word_of(piece) for piece in pieces]
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    word_ids = np.array([numbers[word] for word in words])
    neurons, slots = np.nonzero(store.windows != NEVER)
    tokens = book.tokens(store.windows[neurons, slots])[np.arange(len(neurons)), store.peaks[neurons, slots]]
    shares = np.zeros(len(store.values))
    pairs, counts = np.unique(neurons * len(numbers) + word_ids[tokens], return_counts=True)
    np.maximum.at(shares, pairs // len(numbers), counts)
    return shares / np.maximum(1, np.bincount(neurons, minlength=len(shares)))


def _sync(folder: Path) -> None:
    """Have the disk hold the files before the rename says that they are whole."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
