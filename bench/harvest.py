"""What a harvest costs over the bare forward pass, beside other ways of harvesting, and as the corpus grows.

    .venv/bin/python -m bench.harvest [--tokens 1000000] [--quick] [--peers]

Model: 1 layer, d_model 512, d_mlp 2048, 48,262 tokens, random weights, GELU, windows of 256, k = 20. Slices of the
contestants alternate over the same windows, so that a busy machine slows them alike; a ratio is the median over the
slices. The bare pass runs twice, batch after batch on all cores and batches side by side as a harvest runs them, and
the one that is faster in all is what a harvest is held against. `whole_*` take the whole run instead: filling
empty lists, notes on disk, the second reading and the archive included. Prints one JSON object:

    bare_ratio_topk       seconds of our bare pass to the same site / seconds of a harvest of top lists alone
    bare_ratio_full       the same with every group, sample and statistic on
    whole_ratio_topk, whole_ratio_full   the same for the sum of all slices and everything after them
    vs_full_forward       seconds of a MaxStore-style harvest with the full forward pass / ours, on 64k tokens
    rss_8m_over_1m        peak memory of a harvest of 8 times as many tokens / of one
    time_8m_over_1m       seconds per token, likewise
    vs_saedashboard       token-neurons per second, ours with everything on / SAEDashboard 0.8.0 (with --peers)
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from app.archive.manifest import CorpusRecord
from app.harvest.arms import arm_of_callable
from app.harvest.options import HarvestOptions
from app.harvest.pipeline import HarvestPlan, carry_out
from app.harvest.progress import silent
from app.harvest.scan.batches import Batch, batches
from app.harvest.scan.memory import keep_freed_memory
from app.harvest.scan.scan import Pass
from app.harvest.scan.worker_threads import Lanes
from app.harvest.text.windows import SHARD, Shard
from app.models.config import ModelConfig
from app.models.transformer import Transformer
from bench.dashboard import vs_saedashboard

CONFIG = ModelConfig(
    activation="gelu", n_layers=1, d_model=512, n_heads=8, d_head=64, d_mlp=2048, d_vocab=48_262, n_ctx=256, tied=False
)
WINDOW, K = 256, 20
PEER_WINDOWS = 128
FULL = HarvestOptions(k=K)
TOP = FULL.top_only()


@dataclass
class ManyRows:
    """Windows of Zipf-distributed token ids, made shard by shard: no text is as long as is wanted here."""

    windows: int
    window: int = WINDOW
    skipped: int = 0
    tokens: int | None = field(default=None)

    def shards(self) -> Iterator[Shard]:
        """Every shard in order, the same on every call."""
        for number, first in enumerate(range(0, self.windows, SHARD)):
            count = min(SHARD, self.windows - first)
            rows = zipf_rows(number, count)
            labels = tuple(f"row:{first + row}" for row in range(count))
            start, length = np.zeros(count, np.int64), np.full(count, WINDOW)
            yield Shard(number, first, rows, start, length, np.zeros(rows.shape, np.bool_), labels)

    def record(self, windows: int, tokens: int) -> CorpusRecord:
        """What was read."""
        return CorpusRecord(spec="zipf", sha256="0" * 64, documents=windows, windows=windows, tokens=tokens)


def zipf_rows(seed: int, count: int) -> npt.NDArray[np.int32]:
    """[window, position] token ids, rarer with their rank like words."""
    drawn = np.random.default_rng(seed).zipf(1.2, (count, WINDOW))
    return (drawn % CONFIG.d_vocab).astype(np.int32)


def model() -> Transformer:
    """Random weights, large enough that neurons differ."""
    made = Transformer(CONFIG).eval()
    made.initialise(0)
    return made


def bare_ratios(transformer: Transformer, tokens: int, slices: int) -> dict[str, float]:
    """The bare pass against both harvests, slice by slice over the corpus."""
    shards = list(ManyRows(tokens // WINDOW).shards())
    per_slice = max(1, len(shards) // slices)
    groups = [shards[begin : begin + per_slice] for begin in range(0, len(shards), per_slice)]
    passes = {name: a_pass(transformer, options) for name, options in (("topk", TOP), ("full", FULL))}
    for one in passes.values():
        one.prepare(shards[0])
    runs: dict[str, Callable[[Shard], object]] = {
        "bare_in_turn": partial(bare, passes["topk"], Lanes(0)),
        "bare_side_by_side": partial(bare, passes["topk"], passes["topk"].lanes),
        **{name: one.take for name, one in passes.items()},
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for number, group in enumerate(groups):
        for name in sorted(runs, key=lambda name: (hash_of(name) + number) % len(runs)):
            seconds[name].append(timed(partial(_each, runs[name], group)))
    result: dict[str, float] = {
        f"{name}_tokens_per_second": round(tokens / sum(parts)) for name, parts in seconds.items()
    }
    fastest = min(seconds["bare_in_turn"], seconds["bare_side_by_side"], key=sum)
    for name in passes:
        pairs = zip(fastest, seconds[name], strict=True)
        result[f"bare_ratio_{name}"] = round(statistics.median(bare / harvest for bare, harvest in pairs), 3)
        after = timed(partial(whole, transformer, 2 * SHARD, TOP if name == "topk" else FULL))
        result[f"whole_ratio_{name}"] = round(sum(fastest) / (sum(seconds[name]) + after), 3)
    return {"slices": len(groups), **result}


def bare(one: Pass, lanes: Lanes, shard: Shard) -> None:
    """Nothing but the forward pass to the site."""

    def forward(given: tuple[Any, Batch]) -> None:
        one.forward(given[1])

    for _ in lanes.map(forward, batches(shard, TOP)):
        pass


def _each(run: Callable[[Shard], object], shards: list[Shard]) -> None:
    for shard in shards:
        run(shard)


def hash_of(name: str) -> int:
    """A place in the rotation."""
    return ("bare_in_turn", "bare_side_by_side", "topk", "full").index(name)


def a_pass(transformer: Transformer, options: HarvestOptions) -> Pass:
    """A pass over the one layer."""
    return Pass(
        lambda rows: {("mlp.act", 0): transformer.read_site("mlp.act", rows)[0]},
        {("mlp.act", 0): CONFIG.d_mlp},
        WINDOW,
        options,
        side_by_side=True,
    )


def timed(run: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def whole(transformer: Transformer, windows: int, options: HarvestOptions) -> dict[str, Any]:
    """A harvest from beginning to archive."""
    probe = torch.from_numpy(zipf_rows(0, 1).astype(np.int64))

    def read(rows: Tensor) -> Tensor:
        return transformer.read_site("mlp.act", rows)[0]

    pieces = [f"<{token}>".encode() for token in range(CONFIG.d_vocab)]
    arm = replace(arm_of_callable(read, "bench", probe, pieces), side_by_side=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plan = HarvestPlan([arm], ManyRows(windows), [{"callable": folder / "out"}], folder / "notes", options)
        found = carry_out(plan, "zipf", silent)[0]["callable"].manifest
    return found.counts.model_dump()


def vs_full_forward(transformer: Transformer, slices: int) -> dict[str, float]:
    """Ours against a running top-k that keeps context numbers only and runs the whole model, 64k tokens in all."""
    windows = 65_536 // WINDOW // slices
    ours = a_pass(transformer, TOP)
    shards = [
        Shard(
            number,
            number * SHARD,
            zipf_rows(number, windows),
            np.zeros(windows, np.int64),
            np.full(windows, WINDOW),
            np.zeros((windows, WINDOW), np.bool_),
            ("",) * windows,
        )
        for number in range(slices)
    ]
    ours.prepare(shards[0])
    theirs = MaxStore(CONFIG.d_mlp)
    ratios = []
    for shard in shards:
        seconds = timed(partial(ours.take, shard))
        ratios.append(timed(partial(theirs.scan, transformer, shard)) / seconds)
    return {"vs_full_forward": round(statistics.median(ratios), 2)}


def peers(transformer: Transformer, slices: int) -> dict[str, float]:
    """Ours with everything on against SAEDashboard, a shard of 128 windows a slice."""
    rows = zipf_rows(0, PEER_WINDOWS * slices)
    ours = a_pass(transformer, FULL)

    def seconds(begin: int, end: int) -> float:
        count = end - begin
        shard = Shard(
            begin // count,
            begin,
            rows[begin:end],
            np.zeros(count, np.int64),
            np.full(count, WINDOW),
            np.zeros((count, WINDOW), np.bool_),
            ("",) * count,
        )
        if begin == 0:
            ours.prepare(shard)
        return timed(partial(ours.take, shard))

    return vs_saedashboard(transformer, rows, slices, seconds)


class MaxStore:
    """The widespread way: after a full forward pass, batch rows in turn replace each neuron's smallest entry."""

    def __init__(self, neurons: int) -> None:
        self.values = torch.full((K, neurons), -torch.inf)
        self.contexts = torch.zeros((K, neurons), dtype=torch.int64)

    @torch.inference_mode()
    def scan(self, transformer: Transformer, shard: Shard) -> None:
        """Run the model with a hook on the activation, 8 windows at a time."""
        caught: list[Tensor] = []
        hook = transformer.layers[0].mlp.down.register_forward_pre_hook(lambda _, given: caught.append(given[0]))
        for begin in range(0, len(shard.tokens), TOP.batch):
            transformer(torch.from_numpy(shard.tokens[begin : begin + TOP.batch].astype(np.int64)))
            self.update(caught.pop().amax(dim=1), shard.first + begin)
        hook.remove()

    def update(self, maxima: Tensor, first: int) -> None:
        """[window, neuron] maxima, largest window of each neuron first, until a row changes nothing."""
        ordered, rows = maxima.sort(dim=0, descending=True)
        for value, row in zip(ordered, rows, strict=True):
            smallest, place = self.values.min(dim=0)
            better = value > smallest
            if not better.any():
                return
            neurons = better.nonzero()[:, 0]
            self.values[place[neurons], neurons] = value[neurons]
            self.contexts[place[neurons], neurons] = first + row[neurons]


def growth(tokens: int) -> dict[str, float]:
    """Memory and time of a long harvest against a short one, each in a process of its own."""
    found = {}
    for times in (1, 8):
        command = [sys.executable, "-m", "bench.harvest", "--child", str(times * tokens // WINDOW)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found[times] = json.loads(output.splitlines()[-1])
    per_token = {times: one["seconds"] / times for times, one in found.items()}
    return {
        "rss_8m_over_1m": round(found[8]["rss"] / found[1]["rss"], 3),
        "time_8m_over_1m": round(per_token[8] / per_token[1], 3),
        "rss_1m_megabytes": round(found[1]["rss"] / 1e6),
    }


def child(windows: int) -> None:
    """One harvest in this process; prints its seconds and peak memory."""
    transformer = model()
    seconds = timed(lambda: whole(transformer, windows, FULL))
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "rss": rss}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--slices", type=int, default=10)
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes: the growth to 8 times")
    parser.add_argument("--peers", action="store_true", help="SAEDashboard too, in an environment of its own")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child)
        return
    keep_freed_memory()  # for the bare pass too
    transformer = model()
    result: dict[str, Any] = {"threads": torch.get_num_threads(), "torch": torch.__version__, "tokens": given.tokens}
    result |= bare_ratios(transformer, given.tokens, given.slices)
    result |= vs_full_forward(transformer, 9)
    if given.peers:
        result |= peers(transformer, 9)
    if not given.quick:
        result |= growth(given.tokens)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
