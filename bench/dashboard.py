"""Our harvest against SAEDashboard, slice by slice over the same windows of the same model: `bench.harvest --peers`."""

import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from app.models.transformer import Transformer

PYTHON = Path(".venv-peers-dashboard/bin/python")
SCRIPT = Path(__file__).with_name("saedashboard.py")
FEATURES = 64
"""What SAEDashboard does at once; its time goes up with their number and ours is for every neuron of the model."""


def vs_saedashboard(
    transformer: Transformer, windows: npt.NDArray[np.int32], slices: int, ours: Callable[[int, int], float]
) -> dict[str, float]:
    """The ratio of token-neurons per second; `ours` gives the seconds for windows from one number to another."""
    if not PYTHON.exists():
        msg = f"SAEDashboard is not here; install it with `make {PYTHON.parent.parent}/.installed`"
        raise SystemExit(msg)
    per_slice, d_mlp = len(windows) // slices, transformer.config.d_mlp
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch.save(lens_names(transformer), folder / "weights.pt")
        np.save(folder / "windows.npy", windows)
        with subprocess.Popen(
            [PYTHON, SCRIPT, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as peer:
            ask = partial(_answer, peer)
            _require_same_model(transformer, windows, ask())
            seconds = [
                (ours(begin, begin + per_slice), ask(f"{begin} {begin + per_slice}")[0])
                for begin in range(0, per_slice * slices, per_slice)
            ]
            peer.stdin.close()  # type: ignore[union-attr]  # it was asked for as a pipe
    ratio = statistics.median(theirs / FEATURES * d_mlp / mine for mine, theirs in seconds)
    theirs = sum(one for _, one in seconds) / FEATURES
    return {"vs_saedashboard": round(ratio, 1), "saedashboard_token_neurons_per_second": round(windows.size / theirs)}


def _answer(peer: "subprocess.Popen[str]", question: str = "") -> list[float]:
    assert peer.stdin is not None
    assert peer.stdout is not None
    if question:
        print(question, file=peer.stdin, flush=True)
    line = peer.stdout.readline()
    if not line:
        msg = f"SAEDashboard ended early; run {PYTHON} {SCRIPT} by hand to see why"
        raise SystemExit(msg)
    found: list[float] = json.loads(line)
    return found


def _require_same_model(transformer: Transformer, windows: npt.NDArray[np.int32], theirs: list[float]) -> None:
    with torch.inference_mode():
        read = transformer.read_site("mlp.act", torch.from_numpy(windows[:8].astype(np.int64)))[0]
    if not np.allclose(read.amax(dim=(0, 1))[:FEATURES], theirs, atol=1e-4):
        msg = "SAEDashboard's model does not compute what ours computes, so their times do not compare"
        raise SystemExit(msg)


def lens_names(transformer: Transformer) -> dict[str, Tensor]:
    """The weights of a one-layer model under TransformerLens's names, matrices multiplying from the right."""
    config, block = transformer.config, transformer.layers[0]
    heads, norm = (config.n_heads, config.d_head), transformer.norm.state_dict()
    weights = block.attention.qkv.weight.view(3, *heads, config.d_model).transpose(2, 3)
    biases = block.attention.qkv.bias.view(3, *heads)
    attention = {f"W_{name}": weights[at] for at, name in enumerate("QKV")}
    attention |= {f"b_{name}": biases[at] for at, name in enumerate("QKV")}
    attention |= {"W_O": block.attention.out.weight.T.reshape(*heads, -1), "b_O": block.attention.out.bias}
    parts: dict[str, dict[str, Tensor]] = {
        "embed": {"W_E": transformer.embed.weight},
        "pos_embed": {"W_pos": transformer.position.weight},
        "unembed": {"W_U": transformer.unembed.weight.T, "b_U": transformer.unembed.bias},
        "ln_final": {"w": norm["weight"], "b": norm["bias"]},
        "blocks.0.ln1": {"w": block.norm1.weight, "b": block.norm1.bias},
        "blocks.0.ln2": {"w": block.norm2.weight, "b": block.norm2.bias},
        "blocks.0.attn": attention,
        "blocks.0.mlp": {
            "W_in": block.mlp.up.weight.T,
            "b_in": block.mlp.up.bias,
            "W_out": block.mlp.down.weight.T,
            "b_out": block.mlp.down.bias,
        },
    }
    return {f"{part}.{name}": one.detach().contiguous() for part, ones in parts.items() for name, one in ones.items()}
