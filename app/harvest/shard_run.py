"""How the shards of a text go through the arms of a harvest, with a checkpoint from which a killed run goes on."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from app.foundation.arrays import NamedArrays
from app.foundation.errors import CorpusError
from app.harvest.arms.arm import HarvestArm
from app.harvest.checkpoint import Checkpoint
from app.harvest.options import HarvestOptions
from app.harvest.plan import HarvestPlan
from app.harvest.progress import Progress, ReportProgress
from app.harvest.scan.extremes import ShardExtremes
from app.harvest.scan.model_scan import ModelScan
from app.harvest.scan.saved_state import join_states, state_part
from app.harvest.text.source import TextSource
from app.harvest.text.windows import Shard


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


class ShardRun:
    """A run over all shards: it skips those that an earlier run has read, and saves the results of the others."""

    def __init__(
        self, harvest_plan: HarvestPlan, scans: Sequence[ModelScan], checkpoint: Checkpoint, report: ReportProgress
    ) -> None:
        """Prepare the scans and restore the state of an earlier run. Raises CorpusError if no token is scored."""
        self.meter = Meter(harvest_plan.text.token_limit, time.perf_counter())
        self._saved = self.meter.began
        self._scans, self._checkpoint, self._report = scans, checkpoint, report
        self._save_every = harvest_plan.options.save_every
        self.pilot, self._shards = find_pilot(harvest_plan.text)
        self._done = begin_scans(scans, self.pilot, checkpoint)

    def unread_shards(self) -> Iterator[Shard]:
        """The shards that no earlier run has read; raises CorpusError if one that it has read is another now."""
        for shard in self._shards:
            self.meter.add(shard, is_resumed=shard.number < self._done)
            if shard.number < self._done:
                self._checkpoint.require_same_windows(shard)
            else:
                yield shard

    @property
    def is_state_due(self) -> bool:
        """Whether the scans' state should be saved; it is saved from time to time only, because it is large."""
        return time.perf_counter() - self._saved >= self._save_every

    def save(self, shards: Sequence[Shard], extremes: Sequence[Sequence[ShardExtremes]]) -> None:
        """Save and report shards that the scans have taken in, with the extremes of each shard for each arm."""
        for shard, shard_extremes in zip(shards, extremes, strict=True):
            self._checkpoint.save_shard(shard, shard_extremes)
        self._report(self.meter.progress(self._scans))

    def save_state(self, next_number: int) -> None:
        """Save the scans' state, in which every shard before the one with this number must be, and no other."""
        self._checkpoint.save_state(next_number, scan_states(self._scans))
        self._saved = time.perf_counter()


def scan_in_this_process(
    harvest_plan: HarvestPlan, scans: Sequence[ModelScan], checkpoint: Checkpoint, report: ReportProgress
) -> Meter:
    """Run every shard that an earlier run has not read through every arm."""
    shard_run = ShardRun(harvest_plan, scans, checkpoint, report)
    for finished in scan_overlapping(scans, shard_run.unread_shards(), lambda: shard_run.is_state_due):
        shard_run.save([finished.shard], [finished.extremes_of_arms])
        if finished.is_alone and shard_run.is_state_due:
            shard_run.save_state(finished.shard.number + 1)
    return shard_run.meter


@dataclass(frozen=True)
class FinishedShard:
    """A shard that went through every arm."""

    shard: Shard
    extremes_of_arms: list[ShardExtremes]
    is_alone: bool
    """Whether the scans have taken in nothing of any later shard."""


def scan_overlapping(
    scans: Sequence[ModelScan], shards: Iterable[Shard], must_pause: Callable[[], bool]
) -> Iterator[FinishedShard]:
    """Run shards through every arm, in order; the next one is started before one is finished.

    So neither cores nor a graphics card stand still at the end of a shard. Where `must_pause` says so, a shard is
    finished alone.
    """
    started: StartedShard | None = None
    for shard in shards:
        if started is not None and must_pause():
            yield FinishedShard(started.shard, started.finish(), is_alone=True)
            started = None
        previous, started = started, StartedShard(scans, shard)
        if previous is not None:
            yield FinishedShard(previous.shard, previous.finish(), is_alone=False)
    if started is not None:
        yield FinishedShard(started.shard, started.finish(), is_alone=True)


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


class StartedShard:
    """A shard whose batches run through every arm; all arms start before the first is waited for."""

    def __init__(self, scans: Sequence[ModelScan], shard: Shard) -> None:
        self.shard, self._scans = shard, scans
        self._batches = [scan.start_shard(shard) for scan in scans]

    def finish(self) -> list[ShardExtremes]:
        """Wait for the batches, and return each arm's extremes."""
        pairs = zip(self._scans, self._batches, strict=True)
        return [scan.finish_shard(self.shard, batches) for scan, batches in pairs]


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
