"""Compares our pass to `mlp.act` of the last layer with TransformerLens's full pass and its `stop_at_layer`.

    make test-peers && .venv-peers/bin/python -m bench.forward

Same weights, same tokens, inference mode, no hooks on either side: 2 layers, d_model 512, d_mlp 2048, 48,262 tokens,
batch 8 x 256. Slices of the passes alternate, so that a busy machine slows them alike; a figure is the ratio of
the medians over 9 slices. Prints one JSON object; each headline figure is the worse of the two activations'.
"""

import contextlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models
from torch import Tensor
from transformer_lens import HookedTransformer, HookedTransformerConfig

from app.models.loading import load_any_model
from app.models.readable_model import ReadableModel

SIZES = {"n_layers": 2, "d_model": 512, "d_head": 64, "n_heads": 8, "d_mlp": 2048, "d_vocab": 48_262, "n_ctx": 1024}
BATCH, TOKENS, SLICES = 8, 256, 9
HOOKS = {"solu_ln": "hook_mid", "gelu": "hook_post"}


def main() -> None:
    figures = {
        activation: {str(dtype)[6:]: compare_speed(activation, dtype) for dtype in (torch.float32, torch.bfloat16)}
        for activation in HOOKS
    }
    exact = [figures_by_dtype["float32"] for figures_by_dtype in figures.values()]
    headline = {
        key: min(comparison[key] for comparison in exact)
        for key in ("vs_transformerlens_full", "vs_transformerlens_stop")
    }
    settings = {"threads": torch.get_num_threads(), "torch": torch.__version__}
    print(json.dumps(headline | settings | figures, indent=2))


def compare_speed(activation: str, dtype: torch.dtype) -> dict[str, float]:
    """Median seconds of each pass, and how many times as fast as TransformerLens's two passes ours is."""
    peer, own = load_both_models(activation)
    token_ids = torch.randint(0, SIZES["d_vocab"], (BATCH, TOKENS), generator=torch.Generator().manual_seed(0))
    difference = find_largest_difference(activation, peer, own, token_ids)
    with contextlib.redirect_stdout(sys.stderr):  # it prints a message to stdout, where the JSON belongs
        peer, own = peer.to(dtype), own.to(dtype)
    last = SIZES["n_layers"] - 1
    runs: dict[str, Callable[[], Any]] = {
        "full": lambda: peer(token_ids),
        "stop": lambda: peer(token_ids, stop_at_layer=SIZES["n_layers"]),
        "ours": lambda: own.read_site("mlp.act", token_ids, (last,)),
    }
    seconds = median_seconds(runs)
    return {
        "vs_transformerlens_full": round(seconds["full"] / seconds["ours"], 3),
        "vs_transformerlens_stop": round(seconds["stop"] / seconds["ours"], 3),
        "largest_difference_in_float32": difference,
        **{f"{name}_seconds": round(median, 5) for name, median in seconds.items()},
    }


def load_both_models(activation: str) -> tuple[HookedTransformer, ReadableModel]:
    """The same random weights in both libraries, through a checkpoint in TransformerLens's format."""
    torch.manual_seed(0)
    config = HookedTransformerConfig(act_fn=activation, normalization_type="LN", seed=0, **SIZES)
    peer = HookedTransformer(config)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch.save(peer.state_dict(), folder / "model_final.pth")
        (folder / "config.json").write_text(json.dumps({**SIZES, "act_fn": activation, "normalization": "LN"}))
        Tokenizer(models.WordLevel({"<|BOS|>": 0}, unk_token="<|BOS|>")).save(str(folder / "tokenizer.json"))
        return peer, load_any_model(folder, gelu="exact").transformer


def find_largest_difference(activation: str, peer: HookedTransformer, own: ReadableModel, token_ids: Tensor) -> float:
    """The largest difference of activations at the site, in float32; times compare only if both compute the same."""
    last = SIZES["n_layers"] - 1
    hook = f"blocks.{last}.mlp.{HOOKS[activation]}"
    with torch.inference_mode():
        _, cache = peer.run_with_cache(token_ids[:1], names_filter=hook)
        return float((cache[hook] - own.read_site("mlp.act", token_ids[:1], (last,))[last]).abs().max())


def median_seconds(runs: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """The median seconds of each function in `SLICES` turns, after one turn to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    with torch.inference_mode():
        for turn in range(SLICES + 1):
            for name, run in runs.items():
                start = time.perf_counter()
                run()
                seconds[name] += [time.perf_counter() - start] if turn else []
    return {name: statistics.median(times) for name, times in seconds.items()}


if __name__ == "__main__":
    main()
