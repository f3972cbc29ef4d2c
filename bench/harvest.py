"""Compares the cost of a harvest with the bare forward pass and with other libraries, also for a growing corpus.

    .venv/bin/python -m bench.harvest [--tokens 1000000] [--quick] [--peers]

Model: 1 layer, d_model 512, d_mlp 2048, 48,262 tokens, random weights, GELU, windows of 256, k = 20. Slices of the
methods alternate over the same windows, so that a busy machine slows them alike; a ratio is the median over the
slices. The bare pass runs in two ways, batch after batch on all cores and several batches at the same time as in a
harvest; a harvest is compared with the faster of the two. `whole_*` include the whole run: filling empty lists, the
checkpoint on disk, the second reading and the archive. Prints one JSON object:

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
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from app.archive.manifest import CorpusRecord
from app.archive.site import UNNAMED_CALLABLE
from app.foundation.arrays import Ints, TokenIds
from app.harvest.arms.callable_arm import callable_arm
from app.harvest.options import HarvestOptions
from app.harvest.pipeline import run_harvest
from app.harvest.plan import HarvestPlan
from app.harvest.progress import report_nothing
from app.harvest.scan.batches import Batch, split_into_batches
from app.harvest.scan.memory import keep_freed_memory
from app.harvest.scan.model_scan import ModelScan
from app.harvest.scan.worker_threads import WorkerThreads
from app.harvest.text.windows import WINDOWS_PER_SHARD, Shard, shard_of_rows
from app.models.config import ModelConfig
from app.models.transformer import Transformer
from bench.dashboard import compare_with_saedashboard

CONFIG = ModelConfig(
    activation="gelu", n_layers=1, d_model=512, n_heads=8, d_head=64, d_mlp=2048, d_vocab=48_262, n_ctx=256, tied=False
)
WINDOW, K = 256, 20
PEER_WINDOWS = 128
FULL = HarvestOptions(k=K)
TOP = FULL.top_only()
OPTIONS_BY_NAME = {"topk": TOP, "full": FULL}
BARE_PASSES = ("bare_in_turn", "bare_side_by_side")


@dataclass
class ZipfText:
    """Windows of Zipf-distributed token ids, made shard by shard: no text is as long as needed here."""

    window_count: int
    window_length: int = WINDOW
    skipped_count: int = 0
    token_limit: int | None = None

    def shards(self) -> Iterator[Shard]:
        """Every shard in order, the same on every call."""
        for number, first_window in enumerate(range(0, self.window_count, WINDOWS_PER_SHARD)):
            count = min(WINDOWS_PER_SHARD, self.window_count - first_window)
            yield shard_of_rows(number, first_window, zipf_rows(number, count))

    def corpus_record(self, window_count: int, token_count: int) -> CorpusRecord:
        """The manifest's description of the text."""
        return CorpusRecord(
            spec="zipf", sha256="0" * 64, documents=window_count, windows=window_count, tokens=token_count
        )


def zipf_rows(seed: int, count: int) -> TokenIds:
    """[window, position] random token ids, whose frequencies fall with their rank like those of words."""
    ranks = np.random.default_rng(seed).zipf(1.2, (count, WINDOW))
    return (ranks % CONFIG.d_vocab).astype(np.int32)


def make_transformer() -> Transformer:
    """A transformer with random weights."""
    transformer = Transformer(CONFIG).eval()
    transformer.initialise(0)
    return transformer


def measure_bare_ratios(transformer: Transformer, token_count: int, slice_count: int) -> dict[str, float]:
    """Compare the bare pass with both kinds of harvest, slice by slice over the corpus."""
    shards = list(ZipfText(token_count // WINDOW).shards())
    slice_size = max(1, len(shards) // slice_count)
    slices = [shards[begin : begin + slice_size] for begin in range(0, len(shards), slice_size)]
    scans = {name: make_scan(transformer, options) for name, options in OPTIONS_BY_NAME.items()}
    for scan in scans.values():
        scan.prepare(shards[0])
    methods: dict[str, Callable[[Shard], object]] = {
        "bare_in_turn": partial(run_bare_pass, scans["topk"], WorkerThreads(0)),
        "bare_side_by_side": partial(run_bare_pass, scans["topk"], scans["topk"].threads),
        **{name: scan.scan for name, scan in scans.items()},
    }
    seconds = time_slices(methods, slices)
    ratios = {f"{name}_tokens_per_second": float(round(token_count / sum(parts))) for name, parts in seconds.items()}
    fastest = min((seconds[name] for name in BARE_PASSES), key=sum)
    for name, options in OPTIONS_BY_NAME.items():
        pairs = zip(fastest, seconds[name], strict=True)
        ratios[f"bare_ratio_{name}"] = round(statistics.median(bare / harvest for bare, harvest in pairs), 3)
        finishing = measure_seconds(partial(harvest_zipf_text, transformer, 2 * WINDOWS_PER_SHARD, options))
        ratios[f"whole_ratio_{name}"] = round(sum(fastest) / (sum(seconds[name]) + finishing), 3)
    return {"slices": len(slices), **ratios}


def time_slices(methods: dict[str, Callable[[Shard], object]], slices: list[list[Shard]]) -> dict[str, list[float]]:
    """The seconds of each method by slice; on every slice another method goes first."""
    names = list(methods)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number, shards in enumerate(slices):
        for name in sorted(names, key=lambda name: (names.index(name) + number) % len(names)):
            seconds[name].append(measure_seconds(partial(run_on_shards, methods[name], shards)))
    return seconds


def run_bare_pass(scan: ModelScan, threads: WorkerThreads, shard: Shard) -> None:
    """Run only the forward pass to the site."""

    def forward(task: tuple[Ints, Batch]) -> None:
        scan.forward(task[1])

    for _ in threads.map(forward, split_into_batches(shard, TOP)):
        pass


def run_on_shards(run: Callable[[Shard], object], shards: list[Shard]) -> None:
    """Call a function with each shard and ignore its results."""
    for shard in shards:
        run(shard)


def make_scan(transformer: Transformer, options: HarvestOptions) -> ModelScan:
    """A scan of the model's single layer."""
    return ModelScan(
        lambda token_ids: {("mlp.act", 0): transformer.read_site("mlp.act", token_ids)[0]},
        {("mlp.act", 0): CONFIG.d_mlp},
        WINDOW,
        options,
        is_thread_safe=True,
    )


def measure_seconds(run: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def harvest_zipf_text(transformer: Transformer, window_count: int, options: HarvestOptions) -> None:
    """Harvest text of Zipf-distributed tokens, with checkpoint and archive, into a temporary folder."""
    trial_window = torch.from_numpy(zipf_rows(0, 1).astype(np.int64))

    def activate(token_ids: Tensor) -> Tensor:
        return transformer.read_site("mlp.act", token_ids)[0]

    pieces = [f"<{token_id}>".encode() for token_id in range(CONFIG.d_vocab)]
    arm = replace(callable_arm(activate, "bench", trial_window, pieces), is_thread_safe=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = [{UNNAMED_CALLABLE: folder / "out"}]
        plan = HarvestPlan([arm], ZipfText(window_count), paths, folder / "checkpoint", options)
        run_harvest(plan, "zipf", report_nothing)


def compare_with_full_forward(transformer: Transformer, slice_count: int) -> dict[str, float]:
    """Compare our scan with a running top-k that keeps window numbers only and runs the whole model, on 64k tokens."""
    window_count = 65_536 // WINDOW // slice_count
    scan, store = make_scan(transformer, TOP), MaxStore(CONFIG.d_mlp)
    shards = [
        shard_of_rows(number, number * WINDOWS_PER_SHARD, zipf_rows(number, window_count))
        for number in range(slice_count)
    ]
    scan.prepare(shards[0])
    ratios = []
    for shard in shards:
        own_seconds = measure_seconds(partial(scan.scan, shard))
        ratios.append(measure_seconds(partial(store.scan, transformer, shard)) / own_seconds)
    return {"vs_full_forward": round(statistics.median(ratios), 2)}


def compare_with_peers(transformer: Transformer, slice_count: int) -> dict[str, float]:
    """Compare our scan of all groups with SAEDashboard; each slice is a shard of 128 windows."""
    rows = zipf_rows(0, PEER_WINDOWS * slice_count)
    scan = make_scan(transformer, FULL)

    def own_seconds(begin: int, end: int) -> float:
        shard = shard_of_rows(begin // (end - begin), begin, rows[begin:end])
        if begin == 0:
            scan.prepare(shard)
        return measure_seconds(partial(scan.scan, shard))

    return compare_with_saedashboard(transformer, rows, slice_count, own_seconds)


class MaxStore:
    """The common method: after a full forward pass, batch rows in turn replace each neuron's smallest entry."""

    def __init__(self, neuron_count: int) -> None:
        self.maxima = torch.full((K, neuron_count), -torch.inf)
        self.windows = torch.zeros((K, neuron_count), dtype=torch.int64)

    @torch.inference_mode()
    def scan(self, transformer: Transformer, shard: Shard) -> None:
        """Run the model with a hook on the activation, 8 windows at a time."""
        recorded: list[Tensor] = []
        hook = transformer.layers[0].mlp.down.register_forward_pre_hook(lambda _, inputs: recorded.append(inputs[0]))
        for begin in range(0, len(shard.token_ids), TOP.batch_size):
            transformer(torch.from_numpy(shard.token_ids[begin : begin + TOP.batch_size].astype(np.int64)))
            self.update(recorded.pop().amax(dim=1), shard.first_window + begin)
        hook.remove()

    def update(self, maxima: Tensor, first_window: int) -> None:
        """Enter maxima [window, neuron], the largest of each neuron first, until a row changes nothing."""
        ordered, rows = maxima.sort(dim=0, descending=True)
        for values, row in zip(ordered, rows, strict=True):
            smallest, columns = self.maxima.min(dim=0)
            enters = values > smallest
            if not enters.any():
                return
            neurons = enters.nonzero()[:, 0]
            self.maxima[columns[neurons], neurons] = values[neurons]
            self.windows[columns[neurons], neurons] = first_window + row[neurons]


def measure_growth(token_count: int) -> dict[str, float]:
    """Compare memory and time of a long harvest with those of a short one, each in a process of its own."""
    measured = {}
    for times in (1, 8):
        command = [sys.executable, "-m", "bench.harvest", "--child", str(times * token_count // WINDOW)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        measured[times] = json.loads(output.splitlines()[-1])
    seconds_per_token = {times: child["seconds"] / times for times, child in measured.items()}
    return {
        "rss_8m_over_1m": round(measured[8]["rss"] / measured[1]["rss"], 3),
        "time_8m_over_1m": round(seconds_per_token[8] / seconds_per_token[1], 3),
        "rss_1m_megabytes": round(measured[1]["rss"] / 1e6),
    }


def run_as_child(window_count: int) -> None:
    """Run one harvest in this process, and print its seconds and peak memory."""
    transformer = make_transformer()
    seconds = measure_seconds(partial(harvest_zipf_text, transformer, window_count, FULL))
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "rss": rss}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--slices", type=int, default=10)
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes: the growth to 8 times")
    parser.add_argument("--peers", action="store_true", help="SAEDashboard too, in an environment of its own")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        run_as_child(arguments.child)
        return
    keep_freed_memory()  # for the bare pass too
    transformer = make_transformer()
    figures = measure_bare_ratios(transformer, arguments.tokens, arguments.slices)
    figures |= compare_with_full_forward(transformer, 9)
    if arguments.peers:
        figures |= compare_with_peers(transformer, 9)
    if not arguments.quick:
        figures |= measure_growth(arguments.tokens)
    settings = {"threads": torch.get_num_threads(), "torch": torch.__version__, "tokens": arguments.tokens}
    print(json.dumps(settings | figures, indent=2))


if __name__ == "__main__":
    main()
