"""How long our pass to `mlp.act` of the last layer takes, beside TransformerLens's full pass and its `stop_at_layer`.

    make test-peers && .venv-peers/bin/python -m bench.forward

Same weights, same tokens, inference mode, no hooks on either side: 2 layers, d_model 512, d_mlp 2048, 48,262 tokens,
batch 8 x 256. Slices of the contestants alternate, so that a busy machine slows them alike; a figure is the ratio of
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
    found = {
        activation: {str(dtype)[6:]: race(activation, dtype) for dtype in (torch.float32, torch.bfloat16)}
        for activation in HOOKS
    }
    exact = [one["float32"] for one in found.values()]
    headline = {key: min(one[key] for one in exact) for key in ("vs_transformerlens_full", "vs_transformerlens_stop")}
    print(json.dumps({**headline, "threads": torch.get_num_threads(), "torch": torch.__version__, **found}, indent=2))


def race(activation: str, dtype: torch.dtype) -> dict[str, float]:
    """Median seconds of each contestant, and how many times as fast as each of TransformerLens's ours is."""
    theirs, ours = contestants(activation)
    tokens = torch.randint(0, SIZES["d_vocab"], (BATCH, TOKENS), generator=torch.Generator().manual_seed(0))
    apart = largest_difference(activation, theirs, ours, tokens)
    with contextlib.redirect_stdout(sys.stderr):  # it tells of the change of type where our JSON goes
        theirs, ours = theirs.to(dtype), ours.to(dtype)
    last = SIZES["n_layers"] - 1
    runs: dict[str, Callable[[], Any]] = {
        "full": lambda: theirs(tokens),
        "stop": lambda: theirs(tokens, stop_at_layer=SIZES["n_layers"]),
        "ours": lambda: ours.read_site("mlp.act", tokens, (last,)),
    }
    seconds = medians(runs)
    return {
        "vs_transformerlens_full": round(seconds["full"] / seconds["ours"], 3),
        "vs_transformerlens_stop": round(seconds["stop"] / seconds["ours"], 3),
        "largest_difference_in_float32": apart,
        **{f"{name}_seconds": round(one, 5) for name, one in seconds.items()},
    }


def contestants(activation: str) -> tuple[HookedTransformer, ReadableModel]:
    """The same random weights in both libraries, through a checkpoint in TransformerLens's format."""
    torch.manual_seed(0)
    config = HookedTransformerConfig(act_fn=activation, normalization_type="LN", seed=0, **SIZES)
    theirs = HookedTransformer(config)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch.save(theirs.state_dict(), folder / "model_final.pth")
        (folder / "config.json").write_text(json.dumps({**SIZES, "act_fn": activation, "normalization": "LN"}))
        Tokenizer(models.WordLevel({"<|BOS|>": 0}, unk_token="<|BOS|>")).save(str(folder / "tokenizer.json"))
        return theirs, load_any_model(folder, gelu="exact").transformer


def largest_difference(activation: str, theirs: HookedTransformer, ours: ReadableModel, tokens: Tensor) -> float:
    """At the site read, in float32: the race is only fair if both compute the same."""
    last = SIZES["n_layers"] - 1
    place = f"blocks.{last}.mlp.{HOOKS[activation]}"
    with torch.inference_mode():
        _, cache = theirs.run_with_cache(tokens[:1], names_filter=place)
        return float((cache[place] - ours.read_site("mlp.act", tokens[:1], (last,))[last]).abs().max())


def medians(runs: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Seconds of each, the median of `SLICES` that take turns, after one turn to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    with torch.inference_mode():
        for turn in range(SLICES + 1):
            for name, run in runs.items():
                start = time.perf_counter()
                run()
                seconds[name] += [time.perf_counter() - start] if turn else []
    return {name: statistics.median(one) for name, one in seconds.items()}


if __name__ == "__main__":
    main()
