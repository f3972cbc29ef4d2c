"""How a harvest is carried out: every shard through every arm, then the archives.

What a run finds is written shard by shard beside the archive to be; a run that was killed goes on from there, and the
archive it ends with is the same to the last byte.
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
STATE_VERSION = 2
"""Of the files that a running harvest writes; a harvest that wrote others is not continued."""
WITHOUT_EFFECT = frozenset({"batch_size", "device", "save_every"})
"""Options that do not change what an archive says."""


@dataclass(frozen=True)
class HarvestPlan:
    """Arms, the text they read, where each arm's archives go by site, and where the checkpoint is until then."""

    harvest_arms: Sequence[HarvestArm]
    text: TextSource
    outs: Sequence[Mapping[str, Path]]
    checkpoint: Path
    options: HarvestOptions

    def identity(self, spec: str) -> JsonObject:
        """What must be the same for a killed harvest to go on."""
        options: JsonObject = {
            name: value for name, value in asdict(self.options).items() if name not in WITHOUT_EFFECT
        }
        channels: list[JsonValue] = [
            [*channel, neuron_count] for arm in self.harvest_arms for channel, neuron_count in arm.channels.items()
        ]
        return {
            "models": [arm.record.model_dump(mode="json") for arm in self.harvest_arms],
            "answers": [arm.answer_sha256 for arm in self.harvest_arms],
            "channels": channels,
            "spec": spec,
            "options": options,
            "versions": dict(library_versions()),
            "state_version": STATE_VERSION,
        }


@dataclass
class Meter:
    """Counts and times of this run."""

    total: int | None
    began: float
    resumed: int = 0
    shard_count: int = 0
    tokens: int = 0
    windows: int = 0
    special_count: int = 0

    def add(self, shard: Shard, *, resumed: bool) -> None:
        """Count a shard."""
        scored_count = shard.scored_count
        self.tokens += scored_count
        self.resumed += scored_count if resumed else 0
        self.shard_count += 1
        self.windows += len(shard.starts)
        self.special_count += shard.special_count

    def progress(self, scans: Sequence[ModelScan]) -> Progress:
        """How far the run has come."""
        seconds = max(1e-9, time.perf_counter() - self.began)
        speed = (self.tokens - self.resumed) / seconds
        eta = None if self.total is None else max(0, self.total - self.tokens) / max(1e-9, speed)
        forward = sum(scan.clock.model_seconds for scan in scans) / seconds
        reduction = sum(scan.clock.reduction_seconds for scan in scans) / seconds
        reading = max(0.0, 1 - forward - reduction)
        return Progress(self.tokens, self.total, self.windows, speed, eta, forward, reduction, reading)


ScanRunner = Callable[[HarvestPlan, Sequence[ModelScan], Checkpoint, ReportProgress], Meter]
"""Takes every shard of a plan's text through the arms' scans, saves what each shard gave, and counts."""


ArmArchives = list[dict[str, Archive]]
"""By arm, by site."""


def do_nothing(arm_archives: ArmArchives) -> None:
    """Most harvests are done when their archives stand."""


def carry_out(
    harvest_plan: HarvestPlan,
    spec: str,
    report: ReportProgress,
    run_scans: ScanRunner | None = None,
    finally_do: Callable[[ArmArchives], None] = do_nothing,
) -> ArmArchives:
    """Read everything, write the archives, call `finally_do` with them; only then the checkpoint is removed.

    `run_scans` reads the shards: in this process by default. Raises ArchiveError, CorpusError or ModelError.
    """
    for out in (out for outs in harvest_plan.outs for out in outs.values()):
        if out.exists() and not harvest_plan.checkpoint.exists():
            msg = f"{out} exists already; archives are never overwritten, choose another place or delete it"
            raise ArchiveError(msg)
    keep_freed_memory()
    checkpoint = Checkpoint(harvest_plan.checkpoint, harvest_plan.identity(spec))
    scans = [make_scan(arm, harvest_plan.text.window_length, harvest_plan.options) for arm in harvest_plan.harvest_arms]
    meter = (run_scans or scan_in_this_process)(harvest_plan, scans, checkpoint, report)
    checkpoint.require_complete(meter.shard_count, len(harvest_plan.harvest_arms))
    archives = _write_archives(harvest_plan, scans, checkpoint, _harvest_context(harvest_plan, meter))
    finally_do(archives)
    checkpoint.remove()
    return archives


def _write_archives(
    harvest_plan: HarvestPlan, scans: Sequence[ModelScan], checkpoint: Checkpoint, harvest_context: HarvestContext
) -> ArmArchives:
    """Write every arm's archives, arms side by side where they may be."""
    finished = [
        finish_arm(arm, scan, checkpoint, arm_index, harvest_context)
        for arm_index, (arm, scan) in enumerate(zip(harvest_plan.harvest_arms, scans, strict=True))
    ]

    def write_sites(task: tuple[FinishedArm, Mapping[str, Path]]) -> dict[str, Archive]:
        arm, outs = task
        return {site: write_archive(arm, site, checkpoint, harvest_context, out) for site, out in outs.items()}

    return list(scans[0].threads.map(write_sites, zip(finished, harvest_plan.outs, strict=True)))


def scan_in_this_process(
    harvest_plan: HarvestPlan, scans: Sequence[ModelScan], checkpoint: Checkpoint, report: ReportProgress
) -> Meter:
    """Take every shard through every arm, from where an earlier run was stopped."""
    meter = Meter(harvest_plan.text.token_limit, time.perf_counter())
    saved = meter.began
    pilot, shards = find_pilot(harvest_plan.text)
    done = begin_scans(scans, pilot, checkpoint)
    for shard in shards:
        meter.add(shard, resumed=shard.number < done)
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
    passed: list[Shard] = []
    shards = text.shards()
    for shard in shards:
        passed.append(shard)
        if shard.is_scored.any():
            return shard, chain(passed, shards)
    msg = "no token scores: all are special, or context alone; give other text, or name fewer special tokens"
    raise CorpusError(msg)


def make_scan(harvest_arm: HarvestArm, window_length: int, options: HarvestOptions) -> ModelScan:
    """A scan of an arm that has kept nothing yet."""
    return ModelScan(
        harvest_arm.read, harvest_arm.channels, window_length, options, side_by_side=harvest_arm.side_by_side
    )


def scan_shard(scans: Sequence[ModelScan], shard: Shard) -> list[ShardExtremes]:
    """Run one shard through every arm; all arms' batches are sent off before the first arm's are waited for."""
    started = [scan.start(shard) for scan in scans]
    return [scan.finish(shard, batches) for scan, batches in zip(scans, started, strict=True)]


def begin_scans(scans: Sequence[ModelScan], pilot: Shard, checkpoint: Checkpoint) -> int:
    """Prepare the scans and restore what an earlier run had done; returns how many shards are done."""
    done, state = checkpoint.load_state()
    for arm_index, scan in enumerate(scans):
        scan.prepare(pilot)
        if done:
            scan.restore(arm_state(state, arm_index))
    return done


def scan_states(scans: Sequence[ModelScan]) -> NamedArrays:
    """The running state of every arm, as a checkpoint keeps it."""
    return join_states({f"arm{arm_index}": scan.state() for arm_index, scan in enumerate(scans)})


def arm_state(states: NamedArrays, arm_index: int) -> NamedArrays:
    """One arm's part of what `scan_states` gives."""
    return state_part(states, f"arm{arm_index}")


def library_versions() -> dict[str, str]:
    """Of all that an archive's bytes may depend on: a harvest begun with one version is not continued with another."""
    own = {"firstglance": __version__, "python": platform.python_version()}
    return own | {name: version(name) for name in LIBRARIES}


def _harvest_context(harvest_plan: HarvestPlan, meter: Meter) -> HarvestContext:
    return HarvestContext(
        corpus=harvest_plan.text.corpus_record(meter.windows, meter.tokens),
        window_length=harvest_plan.text.window_length,
        skipped_count=harvest_plan.text.skipped_count,
        special_count=meter.special_count,
        versions=library_versions(),
        options=harvest_plan.options,
    )
