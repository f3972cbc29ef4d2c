"""A harvest from beginning to end: models over a corpus, archives out.

All arms read the same windows, tokenised once. What a run found is noted shard by shard beside the archive to be; a
run that was killed goes on from there, and the archive it ends with is the same to the last byte.
"""

import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from app import __version__
from app.foundation.errors import ArchiveError, CorpusError
from app.foundation.whole import write_text_whole
from app.harvest.archive import Archive
from app.harvest.arms import CALLABLE, Arm, Vocabulary, arm_of, arm_of_callable
from app.harvest.finish import Frame, choose, write_archive
from app.harvest.ledger import Arrays, Ledger
from app.harvest.options import HarvestOptions
from app.harvest.progress import Progress, Report, bar
from app.harvest.reading import Pass, part_of
from app.harvest.text import RowsText, Text, text_of
from app.harvest.windows import Shard
from app.models.checkpoints import LoadedModel
from app.models.config import Site

LIBRARIES = ("numpy", "pyarrow", "tokenizers", "torch")
PAIR = "pair.json"
NO_BYTES = frozenset({"batch", "device", "save_every"})
"""Options that leave an archive's meaning alone."""


def harvest_model(
    model: LoadedModel,
    name: str,
    spec: str,
    out: Path,
    options: HarvestOptions | None = None,
    progress: Report | None = None,
) -> Archive:
    """Harvest one model over a corpus into an archive at `out`.

    Raises CorpusError if there is no text, ModelError if the model has no such site or layer, ArchiveError if `out`
    exists, cannot be written, or was begun with other options.
    """
    options = options or HarvestOptions()
    arm = arm_of(name, model, [options.site], options)
    plan = Plan([arm], text_of([model], spec, options), [{options.site: out}], _notes(out), options)
    return carry_out(plan, spec, progress or bar())[0][options.site]


def harvest_sites(
    model: LoadedModel,
    name: str,
    spec: str,
    out: Path,
    sites: Sequence[Site],
    options: HarvestOptions | None = None,
    progress: Report | None = None,
) -> dict[str, Archive]:
    """Harvest one model at several sites in one pass into archives at `out`/<site>; raises as `harvest_model`."""
    options = options or HarvestOptions()
    outs: dict[str, Path] = {site: out / site for site in sites}
    plan = Plan([arm_of(name, model, sites, options)], text_of([model], spec, options), [outs], _notes(out), options)
    return carry_out(plan, spec, progress or bar())[0]


def harvest_pair(
    models: Mapping[str, LoadedModel],
    spec: str,
    out: Path,
    options: HarvestOptions | None = None,
    progress: Report | None = None,
) -> dict[str, Archive]:
    """Harvest several arms over the same windows into archives at `out`/<name>, and say what they share in pair.json.

    Raises ModelError if the arms do not share a tokenizer, and what `harvest_model` raises.
    """
    options = options or HarvestOptions()
    site = options.site
    arms = [arm_of(name, model, [site], options) for name, model in models.items()]
    text = text_of(list(models.values()), spec, options)
    plan = Plan(arms, text, [{site: out / name} for name in models], _notes(out), options)
    found = carry_out(plan, spec, progress or bar())
    archives = {name: one[site] for name, one in zip(models, found, strict=True)}
    _write_pair(archives, out)
    return archives


def harvest(
    fn: Callable[[Tensor], Tensor],
    tokens: Tensor | npt.NDArray[np.integer[Any]] | Sequence[Sequence[int]],
    out: Path,
    *,
    name: str = "callable",
    vocabulary: Vocabulary | None = None,
    options: HarvestOptions | None = None,
    progress: Report | None = None,
) -> Archive:
    """Harvest any function of token ids, such as one that reads a hook of another library's model.

    Args:
        fn: Token ids [window, position] -> activations [window, position, unit]; units become neurons of layer 0.
        tokens: Token ids [window, position], with BOS where the model wants it.
        out: The archive's folder, which must not exist.
        name: The model's name in the archive.
        vocabulary: The bytes of token ids, and which never score; without it tokens are shown as numbers.
        options: As for a model; `tokens`, `window`, `overlap`, `site` and `layers` do not apply.
        progress: As for a model.

    Raises:
        CorpusError: Tokens are of another shape or none.
        ModelError: The function gives another shape, or what is no number.
        ArchiveError: As for a model.
    """
    options, vocabulary = options or HarvestOptions(), vocabulary or Vocabulary()
    rows = np.asarray(tokens.cpu() if isinstance(tokens, Tensor) else tokens)
    if rows.size and (not np.issubdtype(rows.dtype, np.integer) or rows.min() < 0):
        msg = "tokens must be token ids, whole numbers from 0"
        raise CorpusError(msg)
    text = RowsText(rows.astype(np.int32), vocabulary.special)
    probe = torch.from_numpy(rows[:1].astype(np.int64)).to(options.device)
    arm = arm_of_callable(fn, name, probe, vocabulary.pieces_to(int(rows.max())))
    plan = Plan([arm], text, [{CALLABLE: out}], _notes(out), options)
    return carry_out(plan, "rows", progress or bar())[0][CALLABLE]


@dataclass(frozen=True)
class Plan:
    """Arms, the text they read, where each arm's archives go by site, and where notes are kept until then."""

    arms: Sequence[Arm]
    text: Text
    outs: Sequence[Mapping[str, Path]]
    notes: Path
    options: HarvestOptions

    def identity(self, spec: str) -> dict[str, Any]:
        """What must be the same for a killed harvest to go on."""
        asked = {key: value for key, value in asdict(self.options).items() if key not in NO_BYTES}
        channels = [[*channel, neurons] for arm in self.arms for channel, neurons in arm.channels.items()]
        models = [arm.record.model_dump(mode="json") for arm in self.arms]
        return {"models": models, "channels": channels, "spec": spec, "options": asked}


def carry_out(plan: Plan, spec: str, report: Report) -> list[dict[str, Archive]]:
    """Read everything, then write the archives: by arm, by site."""
    for out in (out for outs in plan.outs for out in outs.values()):
        if out.exists() and not plan.notes.exists():
            msg = f"{out} exists already; archives are never overwritten, choose another place or delete it"
            raise ArchiveError(msg)
    ledger = Ledger(plan.notes, plan.identity(spec))
    passes = [Pass(arm.read, arm.channels, plan.text.window, plan.options) for arm in plan.arms]
    meter = read_everything(plan, passes, ledger, report)
    frame = _frame(plan, meter)
    archives = []
    for number, (arm, taken, outs) in enumerate(zip(plan.arms, passes, plan.outs, strict=True)):
        finished = choose(arm, taken, ledger, number, frame)
        archives.append({site: write_archive(finished, site, ledger, frame, out) for site, out in outs.items()})
    ledger.close()
    return archives


@dataclass
class Meter:
    """Counts and times of this run."""

    total: int | None
    began: float
    resumed: int = 0
    tokens: int = 0
    windows: int = 0
    masked: int = 0

    def add(self, shard: Shard, *, resumed: bool) -> None:
        """Count a shard."""
        self.tokens += shard.scored
        self.resumed += shard.scored if resumed else 0
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


def read_everything(plan: Plan, passes: Sequence[Pass], ledger: Ledger, report: Report) -> Meter:
    """Take every shard through every arm, from where a former run was stopped."""
    meter = Meter(plan.text.tokens, time.perf_counter())
    done, saved = 0, meter.began
    for shard in plan.text.shards():
        if shard.number == 0:
            done = _begin(passes, shard, ledger)
        meter.add(shard, resumed=shard.number < done)
        if shard.number < done:
            ledger.compare(shard)
            continue
        ledger.note(shard, [_noted(one, shard) for one in passes])
        report(meter.progress(passes))
        if time.perf_counter() - saved >= plan.options.save_every:
            ledger.save_state(shard.number + 1, _states(passes))
            saved = time.perf_counter()
    return meter


def _begin(passes: Sequence[Pass], first: Shard, ledger: Ledger) -> int:
    """Prepare the passes and put them where a former run left them; how many shards are done."""
    done, state = ledger.state()
    for number, one in enumerate(passes):
        one.prepare(first)
        if done:
            one.restore(part_of(state, f"arm{number}/"))
    return done


def _noted(taken: Pass, shard: Shard) -> Arrays:
    """One arm's results of one shard, as the ledger keeps them."""
    return {
        f"{site}/{layer}/{name}": array
        for (site, layer), found in taken.take(shard).items()
        for name, array in found.arrays().items()
    }


def _states(passes: Sequence[Pass]) -> Arrays:
    return {f"arm{number}/{key}": array for number, one in enumerate(passes) for key, array in one.state().items()}


def _frame(plan: Plan, meter: Meter) -> Frame:
    versions = {"firstglance": __version__, "python": platform.python_version()}
    versions |= {name: version(name) for name in LIBRARIES}
    record = plan.text.record(meter.windows, meter.tokens)
    return Frame(record, plan.text.window, plan.text.skipped, meter.masked, versions, plan.options)


def _notes(out: Path) -> Path:
    return out.with_name(out.name + ".partial")


def _write_pair(archives: Mapping[str, Archive], out: Path) -> None:
    shared = next(iter(archives.values())).manifest
    arms = {
        name: {"archive_sha256": one.sha256, "weights_sha256": one.manifest.model.weights_sha256}
        for name, one in archives.items()
    }
    record = {"corpus": shared.corpus.model_dump(), "tokenizer_sha256": shared.model.tokenizer_sha256, "arms": arms}
    write_text_whole(out / PAIR, json.dumps(record, indent=2) + "\n")
