"""From a pass that has read everything to archives on disk: each beside its place first, then renamed."""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.archive.archive import MANIFEST, Archive, manifest_bytes
from app.archive.manifest import CorpusRecord, Counts, Manifest
from app.archive.neuron import NeuronStatistics
from app.archive.tables import NEURONS_TABLE, SNIPPETS_TABLE, write_neurons
from app.foundation.digest import sha256_of_file
from app.foundation.errors import ArchiveError
from app.harvest.arms import HarvestedModel
from app.harvest.checkpoint import Ledger
from app.harvest.finish.contrast import Wanted, contrasts
from app.harvest.finish.exact_statistics import faintest
from app.harvest.finish.selection import Chosen, select
from app.harvest.finish.summary import LayerSummary, neuron_rows, summarise
from app.harvest.finish.tables import SnippetBlock, WindowBook, write_snippets
from app.harvest.options import HarvestOptions
from app.harvest.scan.scan import Channel, Pass
from app.harvest.scan.token_sample import bound
from app.harvest.scan.topk import NEVER, Ints, TopStore

NEURONS_AT_ONCE = 64
"""Neurons per row group of the snippets' table."""


@dataclass(frozen=True)
class HarvestContext:
    """What is the same for all arms of a harvest."""

    corpus: CorpusRecord
    window: int
    skipped_documents: int
    masked_tokens: int
    versions: dict[str, str]
    options: HarvestOptions


@dataclass(frozen=True)
class Finished:
    """One arm when the whole corpus has been read and every snippet chosen."""

    arm: HarvestedModel
    taken: Pass
    summaries: Mapping[Channel, LayerSummary]
    chosen: Mapping[Channel, list[Chosen]]


def choose(arm: HarvestedModel, taken: Pass, ledger: Ledger, number: int, frame: HarvestContext) -> Finished:
    """Summaries and snippets of every channel; the second reading for contrasts is in here."""
    stores = {channel: kept.top for channel, kept in taken.kept.items()}
    book = WindowBook(_windows(list(stores.values())), ledger.windows())
    summaries = {
        channel: summarise(kept, ledger.found(number, channel), frame.corpus.tokens, book, arm.pieces)
        for channel, kept in taken.kept.items()
    }
    chosen = {
        channel: select(kept.stores, summaries[channel].cuts, summaries[channel].exact.maximum, frame.options)
        for channel, kept in taken.kept.items()
    }
    if frame.options.contrast:
        for channel, one in _contrasts(summaries, taken, ledger, frame.options):
            chosen[channel].append(one)
    return Finished(arm, taken, summaries, chosen)


def _contrasts(
    summaries: Mapping[Channel, LayerSummary], taken: Pass, ledger: Ledger, options: HarvestOptions
) -> Iterator[tuple[Channel, Chosen]]:
    """Site by site: which windows are read again for one site must not depend on the others."""
    for site in dict.fromkeys(site for site, _ in summaries):
        wanted = {
            channel: Wanted(one.favourites, faintest(one.exact.maximum))
            for channel, one in summaries.items()
            if channel[0] == site
        }
        yield from contrasts(wanted, ledger.windows, taken.forward, taken.lanes, options).items()


def write_archive(finished: Finished, site: str, ledger: Ledger, frame: HarvestContext, out: Path) -> Archive:
    """Write one site's archive at `out`. Raises ArchiveError if the disk is full; then nothing stands at `out`."""
    fresh = out.with_name(f".{out.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir(parents=True)
        _write(finished, site, ledger, frame, fresh)
        _put_in_place(fresh, out)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        msg = f"{out} cannot be written ({error.strerror or error}); make room and run the same command to go on"
        raise ArchiveError(msg) from error
    return Archive.open(out)


def _put_in_place(fresh: Path, out: Path) -> None:
    """Rename; what a run that was killed after this point has put there already must be the same."""
    if not out.exists():
        os.replace(fresh, out)
        return
    if Archive.open(out).sha256 != Archive.open(fresh).sha256:
        msg = f"{out} exists already; archives are never overwritten, choose another place or delete it"
        raise ArchiveError(msg)
    shutil.rmtree(fresh)


def _write(finished: Finished, site: str, ledger: Ledger, frame: HarvestContext, folder: Path) -> None:
    channels = sorted(channel for channel in finished.chosen if channel[0] == site)
    groups = [one for channel in channels for one in finished.chosen[channel]]
    shown = np.unique(np.concatenate([one.windows for one in groups]))
    book = WindowBook(shown, ledger.windows())
    blocks = ((channel[1], block) for channel in channels for block in _blocks(finished, channel))
    write_snippets(folder / SNIPPETS_TABLE, blocks, book, finished.arm.pieces)
    neurons = [row for channel in channels for row in _neurons(finished, channel)]
    write_neurons(folder / NEURONS_TABLE, neurons)
    manifest = _manifest(finished, site, frame, neurons, folder)
    (folder / MANIFEST).write_bytes(manifest_bytes(manifest))
    _sync(folder)


def _blocks(finished: Finished, channel: Channel) -> Iterator[SnippetBlock]:
    groups = finished.chosen[channel]
    for first in range(0, len(finished.summaries[channel].dead), NEURONS_AT_ONCE):
        yield SnippetBlock.together([one.between(first, first + NEURONS_AT_ONCE) for one in groups])


def _neurons(finished: Finished, channel: Channel) -> Iterator[NeuronStatistics]:
    arm, layer = finished.arm, channel[1]
    effects = iter(()) if arm.effects is None else arm.effects(*channel)
    firings = finished.taken.kept[channel].stores.get("firing")
    return neuron_rows(layer, finished.summaries[channel], firings, effects, arm.pieces)


def _manifest(
    finished: Finished, site: str, frame: HarvestContext, neurons: list[NeuronStatistics], folder: Path
) -> Manifest:
    groups = {one.group: 0 for one in next(iter(finished.chosen.values()))}
    for channel, chosen in finished.chosen.items():
        for one in chosen:
            groups[one.group] += len(one.neurons) if channel[0] == site else 0
    dead = sum(one.dead for one in neurons)
    counts = Counts(
        neurons=len(neurons),
        live=len(neurons) - dead,
        dead=dead,
        snippets=sum(groups.values()),
        suppressed=sum(one.suppressed for one in neurons),
        skipped_documents=frame.skipped_documents,
        masked_tokens=frame.masked_tokens,
    )
    options = frame.options
    sampled = len(next(iter(finished.taken.kept.values())).sample.hashes)
    return Manifest(
        model=finished.arm.record,
        corpus=frame.corpus,
        site=site,
        window=frame.window,
        overlap=options.overlap,
        k=options.k,
        seed=options.seed,
        dtype=options.dtype,
        duplicate_span=options.duplicate_span,
        groups=groups,
        counts=counts,
        sample_tokens=sampled,
        sample_bound=bound(sampled, frame.corpus.tokens),
        versions=frame.versions,
        files={name: sha256_of_file(folder / name) for name in (SNIPPETS_TABLE, NEURONS_TABLE)},
    ).addressed()


def _windows(stores: list[TopStore]) -> Ints:
    numbers = np.unique(np.concatenate([store.windows.ravel() for store in stores]))
    shown: Ints = numbers[numbers != NEVER]
    return shown


def _sync(folder: Path) -> None:
    """Have the disk hold the files before the rename says that they are whole."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
