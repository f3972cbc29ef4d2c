"""How a harvest is carried out: every shard through every arm, then the archives.

What a run found is noted shard by shard beside the archive to be; a run that was killed goes on from there, and the
archive it ends with is the same to the last byte.
"""

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

from app import __version__
from app.archive.archive import Archive
from app.foundation.errors import ArchiveError, CorpusError
from app.harvest.arms import HarvestedModel
from app.harvest.checkpoint import Arrays, Ledger
from app.harvest.finish.write_archive import Finished, HarvestContext, choose, write_archive
from app.harvest.options import HarvestOptions
from app.harvest.progress import Progress, ReportProgress
from app.harvest.scan.memory import keep_freed_memory
from app.harvest.scan.scan import Channel, Extremes, Pass, noted, part_of
from app.harvest.text.source import Text
from app.harvest.text.windows import Shard

LIBRARIES = ("numpy", "pyarrow", "tokenizers", "torch")
NO_BYTES = frozenset({"batch", "device", "save_every"})
"""Options that leave an archive's meaning alone."""


@dataclass(frozen=True)
class HarvestPlan:
    """Arms, the text they read, where each arm's archives go by site, and where notes are kept until then."""

    arms: Sequence[HarvestedModel]
    text: Text
    outs: Sequence[Mapping[str, Path]]
    notes: Path
    options: HarvestOptions

    def identity(self, spec: str) -> dict[str, Any]:
        """What must be the same for a killed harvest to go on."""
        asked = {key: value for key, value in asdict(self.options).items() if key not in NO_BYTES}
        channels = [[*channel, neurons] for arm in self.arms for channel, neurons in arm.channels.items()]
        models = [arm.record.model_dump(mode="json") for arm in self.arms]
        answers = [arm.answer_sha256 for arm in self.arms]
        return {
            "models": models,
            "answers": answers,
            "channels": channels,
            "spec": spec,
            "options": asked,
            "versions": versions(),
        }


@dataclass
class Meter:
    """Counts and times of this run."""

    total: int | None
    began: float
    resumed: int = 0
    shards: int = 0
    tokens: int = 0
    windows: int = 0
    masked: int = 0

    def add(self, shard: Shard, *, resumed: bool) -> None:
        """Count a shard."""
        self.tokens += shard.scored
        self.resumed += shard.scored if resumed else 0
        self.shards += 1
        self.windows += len(shard.start)
        self.masked += shard.masked

    def progress(self, passes: Sequence[Pass]) -> Progress:
        """Where the run stands."""
        seconds = max(1e-9, time.perf_counter() - self.began)
        speed = (self.tokens - self.resumed) / seconds
        left = None if self.total is None else max(0, self.total - self.tokens) / max(1e-9, speed)
        forward = sum(one.clock.forward for one in passes) / seconds
        reduction = sum(one.clock.reduction for one in passes) / seconds
        rest = max(0.0, 1 - forward - reduction)
        return Progress(self.tokens, self.total, self.windows, speed, left, forward, reduction, rest)


ScanRunner = Callable[[HarvestPlan, Sequence[Pass], Ledger, ReportProgress], Meter]
"""Takes every shard of a plan's text through passes, notes what each shard gave, and counts."""


Archives = list[dict[str, Archive]]
"""By arm, by site."""


def nothing_more(archives: Archives) -> None:
    """Most harvests are done when their archives stand."""


def carry_out(
    plan: HarvestPlan,
    spec: str,
    report: ReportProgress,
    reader: ScanRunner | None = None,
    also: Callable[[Archives], None] = nothing_more,
) -> Archives:
    """Read everything, then write the archives, then do what is `also` to be done; only then the notes are removed."""
    for out in (out for outs in plan.outs for out in outs.values()):
        if out.exists() and not plan.notes.exists():
            msg = f"{out} exists already; archives are never overwritten, choose another place or delete it"
            raise ArchiveError(msg)
    keep_freed_memory()
    ledger = Ledger(plan.notes, plan.identity(spec))
    passes = [pass_of(arm, plan.text.window, plan.options) for arm in plan.arms]
    meter = (reader or read_everything)(plan, passes, ledger, report)
    ledger.require(meter.shards, len(plan.arms))
    archives = _archives(plan, passes, ledger, _frame(plan, meter))
    also(archives)
    ledger.close()
    return archives


def _archives(plan: HarvestPlan, passes: Sequence[Pass], ledger: Ledger, frame: HarvestContext) -> Archives:
    """Write every arm's archives, arms side by side where they may be."""
    chosen = [
        choose(arm, taken, ledger, at, frame) for at, (arm, taken) in enumerate(zip(plan.arms, passes, strict=True))
    ]

    def write(finished: Finished, outs: Mapping[str, Path]) -> dict[str, Archive]:
        return {site: write_archive(finished, site, ledger, frame, out) for site, out in outs.items()}

    pairs = zip(chosen, plan.outs, strict=True)
    return list(passes[0].lanes.map(lambda pair: write(*pair), pairs))


def read_everything(plan: HarvestPlan, passes: Sequence[Pass], ledger: Ledger, report: ReportProgress) -> Meter:
    """Take every shard through every arm, from where a former run was stopped."""
    meter = Meter(plan.text.tokens, time.perf_counter())
    saved = meter.began
    pilot, shards = with_pilot(plan.text)
    done = begin(passes, pilot, ledger)
    for shard in shards:
        meter.add(shard, resumed=shard.number < done)
        if shard.number < done:
            ledger.compare(shard)
            continue
        ledger.note(shard, [noted(found) for found in take(passes, shard)])
        report(meter.progress(passes))
        if time.perf_counter() - saved >= plan.options.save_every:
            ledger.save_state(shard.number + 1, states(passes))
            saved = time.perf_counter()
    return meter


def with_pilot(text: Text) -> tuple[Shard, Iterator[Shard]]:
    """The first shard with a token that scores, and all shards. Raises CorpusError if no token scores."""
    passed: list[Shard] = []
    shards = text.shards()
    for shard in shards:
        passed.append(shard)
        if shard.scores.any():
            return shard, chain(passed, shards)
    msg = "no token scores: all are special, or context alone; give other text, or name fewer special tokens"
    raise CorpusError(msg)


def pass_of(arm: HarvestedModel, window: int, options: HarvestOptions) -> Pass:
    """A pass of an arm that has kept nothing yet."""
    return Pass(arm.read, arm.channels, window, options, side_by_side=arm.side_by_side)


def take(passes: Sequence[Pass], shard: Shard) -> list[dict[Channel, Extremes]]:
    """Run one shard through every arm; all arms' batches are sent off before the first arm's are waited for."""
    started = [one.start(shard) for one in passes]
    return [one.finish(shard, batches) for one, batches in zip(passes, started, strict=True)]


def begin(passes: Sequence[Pass], pilot: Shard, ledger: Ledger) -> int:
    """Prepare the passes and put them where a former run left them; how many shards are done."""
    done, state = ledger.state()
    for number, one in enumerate(passes):
        one.prepare(pilot)
        if done:
            one.restore(part_of(state, f"arm{number}/"))
    return done


def states(passes: Sequence[Pass]) -> Arrays:
    """The running state of every arm, as the ledger keeps it."""
    return {f"arm{number}/{key}": array for number, one in enumerate(passes) for key, array in one.state().items()}


def versions() -> dict[str, str]:
    """Of what an archive's bytes may depend on: what one version noted, another does not go on with."""
    ours = {"firstglance": __version__, "python": platform.python_version()}
    return ours | {name: version(name) for name in LIBRARIES}


def _frame(plan: HarvestPlan, meter: Meter) -> HarvestContext:
    record = plan.text.record(meter.windows, meter.tokens)
    return HarvestContext(record, plan.text.window, plan.text.skipped, meter.masked, versions(), plan.options)
