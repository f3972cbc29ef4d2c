"""A harvest on many machines: shards are tasks on a Ray cluster, and the archive equals one machine's bit for bit.

Each actor holds the models and returns the snippets and statistics of its shards; the driver merges them. The result
depends only on the set of windows, so it does not matter which actor read which shard. Ray replaces a worker that dies
and runs its tasks again. Equal bits need equal arithmetic: the machines of a cluster must be of one kind, and workers
run models that are not thread-safe with the driver's number of threads.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import torch

from app.foundation.arrays import NamedArrays
from app.foundation.errors import SettingsError
from app.harvest.arms.arm import HarvestArm
from app.harvest.checkpoint import Checkpoint
from app.harvest.options import HarvestOptions
from app.harvest.plan import HarvestPlan
from app.harvest.progress import ReportProgress
from app.harvest.scan.extremes import ShardExtremes
from app.harvest.scan.memory import keep_freed_memory
from app.harvest.scan.model_scan import ModelScan
from app.harvest.shard_run import (
    Meter,
    ScanRunner,
    ShardRun,
    arm_state,
    make_scan,
    scan_overlapping,
    scan_states,
)
from app.harvest.text.windows import Shard

LOCAL_ADDRESS = "local"
CORES_PER_ACTOR = 1
"""Cores of each actor, which runs as many threads."""


@dataclass(frozen=True)
class Cluster:
    """The address of the cluster and how the work is divided."""

    address: str = LOCAL_ADDRESS
    """A Ray address, or `local` for a cluster on this machine alone."""
    workers: int = 2
    """Actors, each with a copy of the models."""
    shards_per_task: int = 4


class ShardWorker:
    """Reads shards through all arms; runs as a Ray actor."""

    def __init__(
        self,
        harvest_arms: Sequence[HarvestArm],
        window_length: int,
        options: HarvestOptions,
        pilot: Shard,
        thread_count: int,
    ) -> None:
        torch.set_num_threads(thread_count)
        keep_freed_memory()
        self.prepared_scans = [make_scan(arm, window_length, options) for arm in harvest_arms]
        for scan in self.prepared_scans:
            scan.prepare(pilot)

    def scan_shards(self, shards: Sequence[Shard]) -> tuple[list[list[ShardExtremes]], NamedArrays]:
        """The extremes of each shard for each arm, and the joined state of new scans of these shards only."""
        scans = [scan.empty_copy() for scan in self.prepared_scans]
        extremes = [finished.extremes_of_arms for finished in scan_overlapping(scans, shards, lambda: False)]
        return extremes, scan_states(scans)


def scan_on_ray(cluster: Cluster) -> ScanRunner:
    """A function that reads a plan's shards on a Ray cluster.

    Raises SettingsError if Ray is not installed; the function itself raises it if no cluster answers.
    """
    try:
        import ray
    except ImportError as error:
        msg = "a harvest on many machines needs Ray; install firstglance[ray], or harvest without --ray"
        raise SettingsError(msg) from error

    def run_scans(
        harvest_plan: HarvestPlan, scans: Sequence[ModelScan], checkpoint: Checkpoint, report: ReportProgress
    ) -> Meter:
        _connect(ray, cluster.address)
        return _ClusterDriver(ray, cluster, harvest_plan, scans, checkpoint, report).run()

    return run_scans


class _ClusterDriver:
    """Sends shards to workers in order and merges the results in order, so that a stopped harvest can go on."""

    def __init__(
        self,
        ray: Any,  # noqa: ANN401 - a module
        cluster: Cluster,
        harvest_plan: HarvestPlan,
        scans: Sequence[ModelScan],
        checkpoint: Checkpoint,
        report: ReportProgress,
    ) -> None:
        self.ray, self.cluster, self.harvest_plan, self.scans = ray, cluster, harvest_plan, scans
        self.shard_run = ShardRun(harvest_plan, scans, checkpoint, report)
        self.actor_arguments: tuple[Any, ...] = ()  # while these are referred to, an actor can be started elsewhere
        self.unmerged: deque[tuple[list[Shard], Any]] = deque()

    def run(self) -> Meter:
        actors = self._start_actors()
        for number, group in enumerate(self._shard_groups()):
            self.unmerged.append((group, actors[number % len(actors)].scan_shards.remote(group)))
            if len(self.unmerged) >= 2 * len(actors):
                self._merge_next()
        while self.unmerged:
            self._merge_next()
        return self.shard_run.meter

    def _start_actors(self) -> list[Any]:
        remote = self.ray.remote(num_cpus=CORES_PER_ACTOR, max_restarts=-1, max_task_retries=-1)(ShardWorker)
        harvest_plan = self.harvest_plan
        # The bits of thread-safe arms do not depend on the number of threads: each batch is computed by one.
        is_thread_safe = all(arm.is_thread_safe for arm in harvest_plan.harvest_arms)
        thread_count = CORES_PER_ACTOR if is_thread_safe else torch.get_num_threads()
        self.actor_arguments = (
            self.ray.put([_without_effects(arm) for arm in harvest_plan.harvest_arms]),
            self.ray.put(self.shard_run.pilot),
        )
        arms, shared_pilot = self.actor_arguments
        return [
            remote.remote(arms, harvest_plan.text.window_length, harvest_plan.options, shared_pilot, thread_count)
            for _ in range(self.cluster.workers)
        ]

    def _shard_groups(self) -> Iterator[list[Shard]]:
        unread = self.shard_run.unread_shards()
        while group := list(islice(unread, self.cluster.shards_per_task)):
            yield group

    def _merge_next(self) -> None:
        group, reply = self.unmerged.popleft()
        extremes, states = self.ray.get(reply)
        for arm_index, scan in enumerate(self.scans):
            part = scan.empty_copy()
            part.restore(arm_state(states, arm_index))
            scan.merge(part)
        self.shard_run.save(group, extremes)
        if self.shard_run.is_state_due:
            self.shard_run.save_state(group[-1].number + 1)


def _without_effects(harvest_arm: HarvestArm) -> HarvestArm:
    """The arm without logit effects and pieces, which a worker does not need because it writes no archive."""
    return replace(harvest_arm, find_effects=None, pieces=[])


def _connect(ray: Any, address: str) -> None:  # noqa: ANN401 - a module
    if ray.is_initialized():
        return
    try:
        ray.init(address=None if address == LOCAL_ADDRESS else address, include_dashboard=False, log_to_driver=False)
    except ConnectionError as error:
        msg = f"no Ray cluster answers at {address}; start one with `ray start --head`, or use --ray local"
        raise SettingsError(msg) from error
