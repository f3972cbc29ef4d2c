"""A harvest from beginning to end: models over a corpus, archives out.

All arms read the same windows, tokenised once. What a run found is noted shard by shard beside the archive to be; a
run that was killed goes on from there, and the archive it ends with is the same to the last byte.
"""

import json
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app import __version__
from app.foundation.errors import ArchiveError
from app.harvest.archive import Archive
from app.harvest.arms import Arm, Text, arm_of, text_of
from app.harvest.finish import Frame, Read, finish
from app.harvest.ledger import Arrays, Ledger
from app.harvest.manifest import CorpusRecord
from app.harvest.options import HarvestOptions
from app.harvest.progress import Progress, Report, bar
from app.harvest.reading import Pass
from app.harvest.windows import Shard
from app.models.checkpoints import LoadedModel

SAVE_EVERY = 30.0
"""Seconds between saved states: what a kill can cost."""
LIBRARIES = ("numpy", "pyarrow", "tokenizers", "torch")
PAIR = "pair.json"
NO_BYTES = frozenset({"batch", "device"})
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

    Raises CorpusError if there is no text, ArchiveError if `out` exists, cannot be written, or was begun otherwise.
    """
    notes = out.with_name(out.name + ".partial")
    return _harvest({name: model}, spec, {name: out}, notes, options or HarvestOptions(), progress or bar())[name]


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
    outs = {name: out / name for name in models}
    archives = _harvest(models, spec, outs, out / ".partial", options or HarvestOptions(), progress or bar())
    shared = next(iter(archives.values())).manifest
    arms = {
        name: {"archive_sha256": one.sha256, "weights_sha256": one.manifest.model.weights_sha256}
        for name, one in archives.items()
    }
    record = {"corpus": shared.corpus.model_dump(), "tokenizer_sha256": shared.model.tokenizer_sha256, "arms": arms}
    (out / PAIR).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return archives


@dataclass
class _Meter:
    """Counts and times of this run."""

    total: int | None
    began: float
    resumed: int = 0
    tokens: int = 0
    windows: int = 0
    masked: int = 0

    def add(self, shard: Shard, *, resumed: bool) -> None:
        self.tokens += shard.scored
        self.resumed += shard.scored if resumed else 0
        self.windows += len(shard.start)
        self.masked += shard.masked

    def progress(self, passes: Mapping[str, Pass]) -> Progress:
        seconds = max(1e-9, time.perf_counter() - self.began)
        speed = (self.tokens - self.resumed) / seconds
        left = None if self.total is None else max(0, self.total - self.tokens) / max(1e-9, speed)
        forward = sum(one.clock.forward for one in passes.values()) / seconds
        reduction = sum(one.clock.reduction for one in passes.values()) / seconds
        rest = max(0.0, 1 - forward - reduction)
        return Progress(self.tokens, self.total, self.windows, speed, left, forward, reduction, rest)


def _harvest(
    models: Mapping[str, LoadedModel],
    spec: str,
    outs: Mapping[str, Path],
    notes: Path,
    options: HarvestOptions,
    report: Report,
) -> dict[str, Archive]:
    for out in outs.values():
        if out.exists():
            msg = f"{out} exists already; archives are never overwritten, choose another place or delete it"
            raise ArchiveError(msg)
    arms = {name: arm_of(name, model, options) for name, model in models.items()}
    text = text_of(list(models.values()), spec, options)
    passes = {name: Pass(arm.read, arm.neurons, text.window, options) for name, arm in arms.items()}
    ledger = Ledger(notes, _plan(arms, spec, options))
    meter = _read_everything(text, passes, ledger, report)
    frame = _frame(text, meter, options)
    archives = {
        name: finish(_as_read(arms[name], passes[name], ledger, number), frame, outs[name])
        for number, name in enumerate(arms)
    }
    ledger.close()
    return archives


def _read_everything(text: Text, passes: Mapping[str, Pass], ledger: Ledger, report: Report) -> _Meter:
    """Take every shard through every arm, from where a former run was stopped."""
    done, state = ledger.state()
    for number, one in enumerate(passes.values()):
        one.restore({key.split("/", 1)[1]: array for key, array in state.items() if key.startswith(f"arm{number}/")})
    meter = _Meter(text.tokens, time.perf_counter())
    saved = meter.began
    for shard in text.shards():
        meter.add(shard, resumed=shard.number < done)
        if shard.number < done:
            ledger.compare(shard)
            continue
        found = {f"arm{number}": one.take(shard).arrays() for number, one in enumerate(passes.values())}
        ledger.note(shard, found)
        report(meter.progress(passes))
        if time.perf_counter() - saved > SAVE_EVERY:
            ledger.save_state(shard.number + 1, _states(passes))
            saved = time.perf_counter()
    return meter


def _states(passes: Mapping[str, Pass]) -> Arrays:
    return {
        f"arm{number}/{key}": array for number, one in enumerate(passes.values()) for key, array in one.state().items()
    }


def _plan(arms: Mapping[str, Arm], spec: str, options: HarvestOptions) -> dict[str, Any]:
    """What must be the same for a killed harvest to go on."""
    asked = {key: value for key, value in asdict(options).items() if key not in NO_BYTES}
    return {"models": [arm.record.model_dump() for arm in arms.values()], "spec": spec, "options": asked}


def _frame(text: Text, meter: _Meter, options: HarvestOptions) -> Frame:
    corpus = text.corpus
    record = CorpusRecord(
        spec=corpus.spec,
        sha256=corpus.sha256,
        documents=corpus.documents,
        windows=meter.windows,
        tokens=meter.tokens,
    )
    versions = {"firstglance": __version__, "python": platform.python_version()}
    versions |= {name: version(name) for name in LIBRARIES}
    return Frame(record, text.window, corpus.skipped, meter.masked, versions, options)


def _as_read(arm: Arm, taken: Pass, ledger: Ledger, number: int) -> Read:
    return Read(
        model=arm.record,
        stores=taken.stores,
        sample=taken.sample,
        found=lambda: ledger.found(f"arm{number}"),
        windows=ledger.windows,
        effects=arm.effects,
        pieces=arm.pieces,
    )
