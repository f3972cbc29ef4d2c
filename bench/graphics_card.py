"""Compares a harvest on a graphics card with the bare forward pass to the same layer, in bfloat16.

    .venv/bin/python -m bench.graphics_card [--layer 8] [--neurons 4096] [--batch 32] [--shards 96]

Model: random weights in the shape of Llama-3.2-1B (d_model 2048, d_mlp 8192, 32 heads of which 8 keep keys, 128,256
tokens), read by hooks at one layer; the pass ends there. Windows of 256 Zipf-distributed tokens, k = 20. Eight shards
at a time are read by each method in turn; a ratio is the median over the second half of them, when the lists are no
longer empty. Prints one JSON object:

    bare_tokens_per_second, topk_tokens_per_second, full_tokens_per_second
    bare_ratio_topk          seconds of the bare pass / seconds of a harvest of top lists alone
    bare_ratio_full          the same with every group, sample and statistic on
    token_neurons_per_second   neurons times tokens of the harvest with everything on
    peak_gibibytes           most memory of the card in use
"""

import argparse
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

from app.harvest.arms.reader import PlaceReader, PlaceReading
from app.harvest.options import HarvestOptions
from app.harvest.scan.channel import Channel
from app.harvest.scan.model_scan import ModelScan
from app.harvest.shard_run import scan_overlapping
from app.harvest.text.windows import WINDOWS_PER_SHARD, Shard, shard_of_rows
from app.models.hugging_face import HuggingFaceModel, HuggingFaceShape
from app.models.place import Place
from bench.harvest import measure_seconds

WINDOW, SHARDS_AT_A_TIME = 256, 8
D_VOCAB, D_MODEL, D_MLP = 128_256, 2048, 8192


def make_model(layer_count: int) -> HuggingFaceModel:
    """A model on the card with random weights in bfloat16."""
    config = LlamaConfig(
        vocab_size=D_VOCAB,
        hidden_size=D_MODEL,
        intermediate_size=D_MLP,
        num_hidden_layers=layer_count,
        num_attention_heads=32,
        num_key_value_heads=8,
        tie_word_embeddings=True,
    )
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        library_model = LlamaForCausalLM(config)
    torch.set_default_dtype(torch.float32)
    shape = HuggingFaceShape("llama", "silu", layer_count, D_MODEL, D_MLP, D_VOCAB, WINDOW, bos=0, special=(0,))
    return HuggingFaceModel(library_model, shape).eval().to(torch.bfloat16)


def zipf_shard(number: int) -> Shard:
    """A shard of random token ids whose frequencies fall with their rank like those of words."""
    ranks = np.random.default_rng(number).zipf(1.2, (WINDOWS_PER_SHARD, WINDOW))
    return shard_of_rows(number, number * WINDOWS_PER_SHARD, (ranks % D_VOCAB).astype(np.int32))


@torch.inference_mode()
def run_bare_pass(reader: PlaceReader, batch_size: int, shards: Sequence[Shard]) -> None:
    """Run only the forward pass to the layer, batch after batch, without waiting between them."""
    for shard in shards:
        token_ids = torch.from_numpy(shard.token_ids.astype(np.int64)).to("cuda")
        for begin in range(0, len(token_ids), batch_size):
            reader(token_ids[begin : begin + batch_size])


def run_scan(scan: ModelScan, shards: Sequence[Shard]) -> None:
    """Run shards through a scan as a harvest does between two saved states."""
    for _ in scan_overlapping([scan], shards, lambda: False):
        pass


def wait_for_card(read_shards: Callable[[Sequence[Shard]], object], shards: Sequence[Shard]) -> None:
    """Call a function with shards and wait until the card has done all of it."""
    read_shards(shards)
    torch.cuda.synchronize()


def measure(arguments: argparse.Namespace) -> dict[str, float | str]:
    """The figures that this bench prints."""
    layer, neuron_count = arguments.layer, arguments.neurons
    channel: Channel = ("mlp.act", layer)
    model = make_model(layer + 1)
    reader = PlaceReader(model, [PlaceReading(channel, Place(layer, "mlp.act"), model.config.d_mlp)])

    def read(token_ids: Tensor) -> dict[Channel, Tensor]:
        return {channel: reader(token_ids)[channel][:, :, :neuron_count]}

    full = HarvestOptions(batch_size=arguments.batch, device="cuda", dtype="bfloat16")
    make_scan = partial(ModelScan, read, {channel: neuron_count}, WINDOW, is_thread_safe=True)
    scans = {"topk": make_scan(full.top_only()), "full": make_scan(full)}
    shard_readers: dict[str, Callable[[Sequence[Shard]], object]] = {
        "bare": partial(run_bare_pass, reader, arguments.batch)
    }
    for name, scan in scans.items():
        scan.prepare(zipf_shard(0))
        shard_readers[name] = partial(run_scan, scan)
    seconds: dict[str, list[float]] = {name: [] for name in shard_readers}
    for begin in range(0, arguments.shards, SHARDS_AT_A_TIME):
        shards = [zipf_shard(number) for number in range(begin, begin + SHARDS_AT_A_TIME)]
        for name, read_shards in shard_readers.items():
            seconds[name].append(measure_seconds(partial(wait_for_card, read_shards, shards)))
    return {
        "card": torch.cuda.get_device_name(),
        **compare_speeds({name: parts[len(parts) // 2 :] for name, parts in seconds.items()}, neuron_count),
        "peak_gibibytes": round(torch.cuda.max_memory_allocated() / 2**30, 2),
    }


def compare_speeds(seconds: Mapping[str, list[float]], neuron_count: int) -> dict[str, float]:
    """Tokens per second of each method, and how the bare pass compares with both kinds of harvest."""
    tokens_at_a_time = SHARDS_AT_A_TIME * WINDOWS_PER_SHARD * WINDOW
    speeds = {name: tokens_at_a_time / statistics.median(parts) for name, parts in seconds.items()}
    figures: dict[str, float] = {f"{name}_tokens_per_second": round(speed) for name, speed in speeds.items()}
    for name in ("topk", "full"):
        pairs = zip(seconds["bare"], seconds[name], strict=True)
        figures[f"bare_ratio_{name}"] = round(statistics.median(bare / harvest for bare, harvest in pairs), 3)
    return figures | {"token_neurons_per_second": round(speeds["full"] * neuron_count)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layer", type=int, default=8)
    parser.add_argument("--neurons", type=int, default=4096)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--shards", type=int, default=96)
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments), indent=2))


if __name__ == "__main__":
    main()
