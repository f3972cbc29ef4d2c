"""A harvest on many machines: shards as tasks on a Ray cluster, results equal to one machine's bit for bit.

Each actor holds the models and answers with what its shards alone would keep; the driver merges. Merging is a
function of the set of windows, so it does not matter who read what. A worker that dies is replaced and its tasks are
run again by Ray. Equal bits need equal arithmetic: the machines of a cluster must be of one kind, and workers run
models that are not read side by side with the driver's number of threads.
"""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import torch

from app.foundation.errors import SettingsError
from app.harvest.arms import HarvestedModel
from app.harvest.checkpoint import Arrays, Ledger
from app.harvest.options import HarvestOptions
from app.harvest.pipeline import HarvestPlan, Meter, ScanRunner, begin, pass_of, states, take, with_pilot
from app.harvest.progress import ReportProgress
from app.harvest.scan.memory import keep_freed_memory
from app.harvest.scan.scan import Pass, noted, part_of
from app.harvest.text.windows import Shard

LOCAL = "local"


@dataclass(frozen=True)
class Cluster:
    """Where the cluster is and how work is dealt out."""

    address: str = LOCAL
    """A Ray address, or `local` for a cluster on this machine alone."""
    workers: int = 2
    """Actors, each with a copy of the models."""
    cores: int = 1
    """Cores per actor, and its threads."""
    gpus: float = 0
    """Graphics cards per actor."""
    shards_per_task: int = 4


class Worker:
    """Holds the arms and reads shards; becomes a Ray actor."""

    def __init__(
        self, arms: Sequence[HarvestedModel], window: int, options: HarvestOptions, pilot: Shard, threads: int
    ) -> None:
        torch.set_num_threads(threads)
        keep_freed_memory()
        self.prepared = [pass_of(arm, window, options) for arm in arms]
        for one in self.prepared:
            one.prepare(pilot)

    def read(self, shards: Sequence[Shard]) -> tuple[list[list[Arrays]], Arrays]:
        """What each shard adds for each arm, and what the shards together would keep."""
        passes = [one.fresh() for one in self.prepared]
        notes = [[noted(found) for found in take(passes, shard)] for shard in shards]
        return notes, states(passes)


def on_ray(cluster: Cluster) -> ScanRunner:
    """A reader that deals shards to a Ray cluster. Raises SettingsError if Ray is missing or cannot be reached."""
    try:
        import ray
    except ImportError as error:
        msg = "many machines need Ray; install firstglance[ray], or harvest without --ray"
        raise SettingsError(msg) from error

    def reader(plan: HarvestPlan, passes: Sequence[Pass], ledger: Ledger, report: ReportProgress) -> Meter:
        _connect(ray, cluster.address)
        return _Driver(ray, cluster, plan, passes, ledger).read(report)

    return reader


class _Driver:
    """Deals out shards in order, merges answers in order, so that a stopped harvest goes on as ever."""

    def __init__(self, ray: Any, cluster: Cluster, plan: HarvestPlan, passes: Sequence[Pass], ledger: Ledger) -> None:  # noqa: ANN401 - a module
        self.ray, self.cluster, self.plan, self.passes, self.ledger = ray, cluster, plan, passes, ledger
        self.meter = Meter(plan.text.tokens, time.perf_counter())
        self.saved = self.meter.began
        self.held: tuple[Any, ...] = ()  # while these are referred to, an actor can be started again elsewhere
        self.waiting: deque[tuple[list[Shard], Any]] = deque()

    def read(self, report: ReportProgress) -> Meter:
        pilot, shards = with_pilot(self.plan.text)
        done = begin(self.passes, pilot, self.ledger)
        actors = self._actors(pilot)
        for number, group in enumerate(self._groups(shards, done)):
            self.waiting.append((group, actors[number % len(actors)].read.remote(group)))
            if len(self.waiting) >= 2 * len(actors):
                self._merge_one(report)
        while self.waiting:
            self._merge_one(report)
        return self.meter

    def _actors(self, pilot: Shard) -> list[Any]:
        resources = {"num_cpus": self.cluster.cores, "num_gpus": self.cluster.gpus}
        remote = self.ray.remote(max_restarts=-1, max_task_retries=-1, **resources)(Worker)
        alike = all(arm.side_by_side for arm in self.plan.arms)  # then bits do not depend on the number of threads
        threads = self.cluster.cores if alike else torch.get_num_threads()
        plan = self.plan
        self.held = (self.ray.put([_portable(arm) for arm in plan.arms]), self.ray.put(pilot))
        return [
            remote.remote(self.held[0], plan.text.window, plan.options, self.held[1], threads)
            for _ in range(self.cluster.workers)
        ]

    def _groups(self, shards: Iterator[Shard], done: int) -> Iterator[list[Shard]]:
        left = self._left(shards, done)
        while group := list(islice(left, self.cluster.shards_per_task)):
            yield group

    def _left(self, shards: Iterator[Shard], done: int) -> Iterator[Shard]:
        for shard in shards:
            self.meter.add(shard, resumed=shard.number < done)
            if shard.number < done:
                self.ledger.compare(shard)
            else:
                yield shard

    def _merge_one(self, report: ReportProgress) -> None:
        group, answer = self.waiting.popleft()
        notes, kept = self.ray.get(answer)
        for number, one in enumerate(self.passes):
            other = one.fresh()
            other.restore(part_of(kept, f"arm{number}/"))
            one.merge(other)
        for shard, found in zip(group, notes, strict=True):
            self.ledger.note(shard, found)
        report(self.meter.progress(self.passes))
        if time.perf_counter() - self.saved >= self.plan.options.save_every:
            self.ledger.save_state(group[-1].number + 1, states(self.passes))
            self.saved = time.perf_counter()


def _portable(arm: HarvestedModel) -> HarvestedModel:
    """What a worker needs: it writes no archive, so logit effects stay with the driver."""
    return replace(arm, effects=None, pieces=[])


def _connect(ray: Any, address: str) -> None:  # noqa: ANN401 - a module
    if ray.is_initialized():
        return
    try:
        ray.init(address=None if address == LOCAL else address, include_dashboard=False, log_to_driver=False)
    except ConnectionError as error:
        msg = f"no Ray cluster answers at {address}; start one with `ray start --head`, or use --ray local"
        raise SettingsError(msg) from error
