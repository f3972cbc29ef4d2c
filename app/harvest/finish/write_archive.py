"""From a finished scan to archives on disk: each is written under another name and then renamed."""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from app.archive.archive import MANIFEST, Archive, manifest_bytes
from app.archive.manifest import CorpusRecord, Counts, Manifest
from app.archive.neuron import NeuronStatistics
from app.archive.tables import NEURONS_TABLE, SNIPPETS_TABLE, write_neurons
from app.foundation.arrays import Ints
from app.foundation.digest import sha256_of_file
from app.harvest.archive_errors import already_exists, cannot_be_written
from app.harvest.arms.arm import HarvestArm
from app.harvest.checkpoint import Checkpoint
from app.harvest.finish.contrast import ContrastTargets, find_contrast_snippets
from app.harvest.finish.exact_statistics import firing_thresholds
from app.harvest.finish.selection import GroupSnippets, choose_group_snippets
from app.harvest.finish.snippet_table import ShownWindows, SnippetBlock, write_snippets
from app.harvest.finish.summary import ChannelSummary, neuron_statistics, summarise_channel
from app.harvest.options import HarvestOptions
from app.harvest.scan.channel import Channel
from app.harvest.scan.model_scan import ModelScan
from app.harvest.scan.priority_store import NO_ENTRY, WindowStore
from app.harvest.scan.token_sample import largest_distribution_distance

NEURONS_PER_ROW_GROUP = 64
"""How many neurons share a row group of snippets.parquet."""


@dataclass(frozen=True)
class HarvestContext:
    """What all arms of a harvest have in common."""

    corpus: CorpusRecord
    window_length: int
    skipped_count: int
    special_count: int
    versions: dict[str, str]
    options: HarvestOptions


@dataclass(frozen=True)
class FinishedArm:
    """An arm whose snippets are all chosen, after the whole corpus has been read."""

    harvest_arm: HarvestArm
    scan: ModelScan
    summaries: Mapping[Channel, ChannelSummary]
    snippet_groups: Mapping[Channel, list[GroupSnippets]]


def finish_arm(
    harvest_arm: HarvestArm, scan: ModelScan, checkpoint: Checkpoint, arm_index: int, harvest_context: HarvestContext
) -> FinishedArm:
    """Summarise every channel and choose its snippets; for contrasts some windows are read a second time."""
    top_windows = _window_numbers([stores.top for stores in scan.stores.values()])
    windows = ShownWindows(top_windows, checkpoint.read_windows())
    summaries: dict[Channel, ChannelSummary] = {}
    snippet_groups: dict[Channel, list[GroupSnippets]] = {}
    for channel, stores in scan.stores.items():
        read_extremes = partial(checkpoint.read_extremes, arm_index, channel)
        summary = summarise_channel(stores, read_extremes, harvest_context.corpus.tokens, windows, harvest_arm.pieces)
        summaries[channel] = summary
        snippet_groups[channel] = choose_group_snippets(
            stores.window_stores, summary.cuts, summary.exact.maxima, harvest_context.options
        )
    if harvest_context.options.contrast:
        for channel, contrasts in _find_contrasts(summaries, scan, checkpoint, harvest_context.options):
            snippet_groups[channel].append(contrasts)
    return FinishedArm(harvest_arm, scan, summaries, snippet_groups)


def _find_contrasts(
    summaries: Mapping[Channel, ChannelSummary], scan: ModelScan, checkpoint: Checkpoint, options: HarvestOptions
) -> Iterator[tuple[Channel, GroupSnippets]]:
    """The contrast snippets of each channel.

    Each site is searched alone, so that the windows that are read again for it do not depend on the other sites.
    """
    for site in dict.fromkeys(site for site, _ in summaries):
        targets = {
            channel: ContrastTargets(summary.favourite_tokens, firing_thresholds(summary.exact.maxima))
            for channel, summary in summaries.items()
            if channel[0] == site
        }
        snippets = find_contrast_snippets(targets, checkpoint.read_windows, scan.forward, scan.threads, options)
        yield from snippets.items()


def write_archive(
    finished: FinishedArm, site: str, checkpoint: Checkpoint, harvest_context: HarvestContext, out: Path
) -> Archive:
    """Write one site's archive at `out`. Raises ArchiveError, and leaves nothing at `out`, if the disk is full."""
    unfinished = out.with_name(f".{out.name}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir(parents=True)
        _write_files(finished, site, checkpoint, harvest_context, unfinished)
        _move_into_place(unfinished, out)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise cannot_be_written(out, error) from error
    return Archive.open(out)


def _move_into_place(unfinished: Path, out: Path) -> None:
    """Rename `unfinished` to `out`. If a killed run has already left an archive there, it must be the same one."""
    if not out.exists():
        os.replace(unfinished, out)
        return
    if Archive.open(out).sha256 != Archive.open(unfinished).sha256:
        raise already_exists(out)
    shutil.rmtree(unfinished)


def _write_files(
    finished: FinishedArm, site: str, checkpoint: Checkpoint, harvest_context: HarvestContext, folder: Path
) -> None:
    channels = sorted(channel for channel in finished.snippet_groups if channel[0] == site)
    groups = [group for channel in channels for group in finished.snippet_groups[channel]]
    window_numbers = np.unique(np.concatenate([group.window_numbers for group in groups]))
    windows = ShownWindows(window_numbers, checkpoint.read_windows())
    blocks = ((channel[1], block) for channel in channels for block in _snippet_blocks(finished, channel))
    write_snippets(folder / SNIPPETS_TABLE, blocks, windows, finished.harvest_arm.pieces)
    neurons = [statistics for channel in channels for statistics in _channel_statistics(finished, channel)]
    write_neurons(folder / NEURONS_TABLE, neurons)
    manifest = _make_manifest(finished, site, harvest_context, neurons, folder)
    (folder / MANIFEST).write_bytes(manifest_bytes(manifest))
    _flush_to_disk(folder)


def _snippet_blocks(finished: FinishedArm, channel: Channel) -> Iterator[SnippetBlock]:
    groups = finished.snippet_groups[channel]
    for first in range(0, len(finished.summaries[channel].is_dead), NEURONS_PER_ROW_GROUP):
        yield SnippetBlock.joined([group.neuron_range(first, first + NEURONS_PER_ROW_GROUP) for group in groups])


def _channel_statistics(finished: FinishedArm, channel: Channel) -> Iterator[NeuronStatistics]:
    arm, layer = finished.harvest_arm, channel[1]
    effects = iter(()) if arm.find_effects is None else arm.find_effects(*channel)
    firings = finished.scan.stores[channel].firings
    return neuron_statistics(layer, finished.summaries[channel], firings, effects, arm.pieces)


def _make_manifest(
    finished: FinishedArm, site: str, harvest_context: HarvestContext, neurons: list[NeuronStatistics], folder: Path
) -> Manifest:
    options = harvest_context.options
    snippet_counts = _count_snippets(finished, site)
    dead_count = sum(neuron.dead for neuron in neurons)
    sample_size = len(next(iter(finished.scan.stores.values())).sample.hashes)
    arm = finished.harvest_arm
    unit_count = next(count for channel, count in arm.channels.items() if channel[0] == site)
    return Manifest(
        model=arm.record.model_copy(update={"d_mlp": unit_count}),
        corpus=harvest_context.corpus,
        site=site,
        window=harvest_context.window_length,
        overlap=options.overlap,
        k=options.k,
        seed=options.seed,
        dtype=options.dtype,
        duplicate_span=options.duplicate_span,
        groups=snippet_counts,
        counts=Counts(
            neurons=len(neurons),
            live=len(neurons) - dead_count,
            dead=dead_count,
            snippets=sum(snippet_counts.values()),
            suppressed=sum(neuron.suppressed for neuron in neurons),
            skipped_documents=harvest_context.skipped_count,
            masked_tokens=harvest_context.special_count,
        ),
        sample_tokens=sample_size,
        sample_bound=largest_distribution_distance(sample_size, harvest_context.corpus.tokens),
        versions=harvest_context.versions,
        files={name: sha256_of_file(folder / name) for name in (SNIPPETS_TABLE, NEURONS_TABLE)},
        reading=arm.reading,
        controls=arm.controls,
    ).with_address()


def _count_snippets(finished: FinishedArm, site: str) -> dict[str, int]:
    """The number of snippets of each group, over all layers of a site; every channel has the same groups."""
    counts = {group.group: 0 for group in next(iter(finished.snippet_groups.values()))}
    for channel, groups in finished.snippet_groups.items():
        for group in groups:
            counts[group.group] += len(group.neuron_indices) if channel[0] == site else 0
    return counts


def _window_numbers(stores: list[WindowStore]) -> Ints:
    """The numbers of all windows in some stores, sorted, without repeats."""
    numbers = np.unique(np.concatenate([store.window_numbers.ravel() for store in stores]))
    occupied: Ints = numbers[numbers != NO_ENTRY]
    return occupied


def _flush_to_disk(folder: Path) -> None:
    """Wait until the files are on the disk, since the rename that follows says that they are complete."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
