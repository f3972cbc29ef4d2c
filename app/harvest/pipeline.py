"""How a harvest runs: every shard goes through every arm, then the archives are written.

Results are written to a checkpoint shard by shard. A run that was killed goes on from its checkpoint, and ends with the
same archive to the last byte.
"""

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path

from pydantic import JsonValue

from app import __version__
from app.archive.archive import Archive
from app.foundation.arrays import NamedArrays
from app.foundation.errors import ArchiveError, CorpusError
from app.foundation.json_types import JsonObject
from app.harvest.arms.arm import HarvestArm
from app.harvest.checkpoint import Checkpoint
from app.harvest.finish.write_archive import FinishedArm, HarvestContext, finish_arm, write_archive
from app.harvest.options import HarvestOptions
from app.harvest.progress import Progress, ReportProgress
from app.harvest.scan.extremes import ShardExtremes
from app.harvest.scan.memory import keep_freed_memory
from app.harvest.scan.model_scan import ModelScan
from app.harvest.scan.saved_state import join_states, state_part
from app.harvest.text.source import TextSource
from app.harvest.text.windows import Shard

LIBRARIES = ("numpy", "pyarrow", "tokenizers", "torch")
STATE_VERSION = 3
"""The version of a checkpoint's files; a harvest whose checkpoint has another version is not continued."""
WITHOUT_EFFECT = frozenset({"batch_size", "device", "save_every"})
"""Options that change nothing in an archive."""


@dataclass(frozen=True)
class HarvestPlan:
    """Everything that a harvest needs to run."""

    harvest_arms: Sequence[HarvestArm]
    text: TextSource
    archive_paths_by_arm: Sequence[Mapping[str, Path]]
    """For each arm, the path of its archive at each site."""
    checkpoint_folder: Path
    options: HarvestOptions

    def identity(self, spec: str) -> JsonObject:
        """Everything that must be the same when a killed harvest goes on, as JSON."""
        options: JsonObject = {
            name: value for name, value in asdict(self.options).items() if name not in WITHOUT_EFFECT
        }
        channels: list[JsonValue] = [
            [*channel, neuron_count] for arm in self.harvest_arms for channel, neuron_count in arm.channels.items()
        ]
        return {
            "models": [arm.record.model_dump(mode="json") for arm in self.harvest_arms],
            "answers": [arm.trial_output_sha256 for arm in self.harvest_arms],
            "channels": channels,
            "spec": spec,
            "options": options,
            "versions": dict(library_versions()),
            "state_version": STATE_VERSION,
        }


@dataclass
class Meter:
    """Counts and times of this run."""

    token_limit: int | None
    began: float
    resumed_token_count: int = 0
    """Scored tokens of shards that an earlier run has read."""
    shard_count: int = 0
    token_count: int = 0
    """Scored tokens."""
    window_count: int = 0
    special_count: int = 0

    def add(self, shard: Shard, *, is_resumed: bool) -> None:
        """Count a shard; `is_resumed` says that an earlier run has read it."""
        scored_count = shard.scored_count
        self.token_count += scored_count
        self.resumed_token_count += scored_count if is_resumed else 0
        self.shard_count += 1
        self.window_count += shard.window_count
        self.special_count += shard.special_count

    def progress(self, scans: Sequence[ModelScan]) -> Progress:
        """A report of how far the run has come."""
        seconds = max(1e-9, time.perf_counter() - self.began)
        speed = (self.token_count - self.resumed_token_count) / seconds
        limit = self.token_limit
        eta = None if limit is None else max(0, limit - self.token_count) / max(1e-9, speed)
        model_share = sum(scan.clock.model_seconds for scan in scans) / seconds
        reduction_share = sum(scan.clock.reduction_seconds for scan in scans) / seconds
        text_share = max(0.0, 1 - model_share - reduction_share)
        return Progress(
            self.token_count, limit, self.window_count, speed, eta, model_share, reduction_share, text_share
        )


ScanRunner = Callable[[HarvestPlan, Sequence[ModelScan], Checkpoint, ReportProgress], Meter]
"""A function that takes every shard of a plan's text through the arms' scans, saves the results, and counts."""

ArmArchives = list[dict[str, Archive]]
"""For each arm, its archives by site."""


def no_follow_up(arm_archives: ArmArchives) -> None:
    """Do nothing: most harvests are finished when their archives are written."""


def run_harvest(
    harvest_plan: HarvestPlan,
    spec: str,
    report: ReportProgress,
    run_scans: ScanRunner | None = None,
    after_archives: Callable[[ArmArchives], None] = no_follow_up,
) -> ArmArchives:
    """Read the text, write the archives, call `after_archives` with them, and then remove the checkpoint.

    `run_scans` reads the shards; it is `scan_in_this_process` by default.
    Raises ArchiveError, CorpusError or ModelError.
    """
    for path in (path for paths in harvest_plan.archive_paths_by_arm for path in paths.values()):
        if path.exists() and not harvest_plan.checkpoint_folder.exists():
            msg = f"{path} exists already; archives are never overwritten, choose another place or delete it"
            raise ArchiveError(msg)
    keep_freed_memory()
    checkpoint = Checkpoint(harvest_plan.checkpoint_folder, harvest_plan.identity(spec))
    scans = [make_scan(arm, harvest_plan.text.window_length, harvest_plan.options) for arm in harvest_plan.harvest_arms]
    meter = (run_scans or scan_in_this_process)(harvest_plan, scans, checkpoint, report)
    checkpoint.require_complete(meter.shard_count, len(harvest_plan.harvest_arms))
    archives = _write_archives(harvest_plan, scans, checkpoint, _harvest_context(harvest_plan, meter))
    after_archives(archives)
    checkpoint.remove()
    return archives


def _write_archives(
    harvest_plan: HarvestPlan, scans: Sequence[ModelScan], checkpoint: Checkpoint, harvest_context: HarvestContext
) -> ArmArchives:
    """Write every arm's archives; several arms at the same time if they are thread-safe."""
    finished = [
        finish_arm(arm, scan, checkpoint, arm_index, harvest_context)
        for arm_index, (arm, scan) in enumerate(zip(harvest_plan.harvest_arms, scans, strict=True))
    ]

    def write_sites(task: tuple[FinishedArm, Mapping[str, Path]]) -> dict[str, Archive]:
        arm, paths = task
        return {site: write_archive(arm, site, checkpoint, harvest_context, path) for site, path in paths.items()}

    tasks = zip(finished, harvest_plan.archive_paths_by_arm, strict=True)
    return list(scans[0].threads.map(write_sites, tasks))


def scan_in_this_process(
    harvest_plan: HarvestPlan, scans: Sequence[ModelScan], checkpoint: Checkpoint, report: ReportProgress
) -> Meter:
    """Run every shard that an earlier run has not read through every arm."""
    meter = Meter(harvest_plan.text.token_limit, time.perf_counter())
    saved = meter.began
    pilot, shards = find_pilot(harvest_plan.text)
    done = begin_scans(scans, pilot, checkpoint)
    for shard in shards:
        meter.add(shard, is_resumed=shard.number < done)
        if shard.number < done:
            checkpoint.require_same_windows(shard)
            continue
        checkpoint.save_shard(shard, scan_shard(scans, shard))
        report(meter.progress(scans))
        if time.perf_counter() - saved >= harvest_plan.options.save_every:
            checkpoint.save_state(shard.number + 1, scan_states(scans))
            saved = time.perf_counter()
    return meter


def find_pilot(text: TextSource) -> tuple[Shard, Iterator[Shard]]:
    """The first shard with a scored token, and all shards. Raises CorpusError if no token is scored."""
    shards_so_far: list[Shard] = []
    shards = text.shards()
    for shard in shards:
        shards_so_far.append(shard)
        if shard.is_scored.any():
            return shard, chain(shards_so_far, shards)
    msg = "no token scores: all tokens are special or only context; give other text, or name fewer special tokens"
    raise CorpusError(msg)


def make_scan(harvest_arm: HarvestArm, window_length: int, options: HarvestOptions) -> ModelScan:
    """A scan of an arm that has kept nothing yet."""
    return ModelScan(
        harvest_arm.read, harvest_arm.channels, window_length, options, is_thread_safe=harvest_arm.is_thread_safe
    )


def scan_shard(scans: Sequence[ModelScan], shard: Shard) -> list[ShardExtremes]:
    """Run one shard through every arm and return each arm's extremes; all start before the first is waited for."""
    started = [scan.start_shard(shard) for scan in scans]
    return [scan.finish_shard(shard, batches) for scan, batches in zip(scans, started, strict=True)]


def begin_scans(scans: Sequence[ModelScan], pilot: Shard, checkpoint: Checkpoint) -> int:
    """Prepare the scans, restore the state of an earlier run, and return how many shards it has finished."""
    done, state = checkpoint.load_state()
    for arm_index, scan in enumerate(scans):
        scan.prepare(pilot)
        if done:
            scan.restore(arm_state(state, arm_index))
    return done


def scan_states(scans: Sequence[ModelScan]) -> NamedArrays:
    """The running state of all arms, as a checkpoint stores it."""
    return join_states({f"arm{arm_index}": scan.state() for arm_index, scan in enumerate(scans)})


def arm_state(states: NamedArrays, arm_index: int) -> NamedArrays:
    """One arm's part of the state that `scan_states` returns."""
    return state_part(states, f"arm{arm_index}")


def library_versions() -> dict[str, str]:
    """The versions of Python, First Glance and the libraries that an archive's bytes may depend on."""
    own = {"firstglance": __version__, "python": platform.python_version()}
    return own | {name: version(name) for name in LIBRARIES}


def _harvest_context(harvest_plan: HarvestPlan, meter: Meter) -> HarvestContext:
    return HarvestContext(
        corpus=harvest_plan.text.corpus_record(meter.window_count, meter.token_count),
        window_length=harvest_plan.text.window_length,
        skipped_count=harvest_plan.text.skipped_count,
        special_count=meter.special_count,
        versions=library_versions(),
        options=harvest_plan.options,
    )
