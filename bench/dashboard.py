"""Compares our harvest with SAEDashboard on the same windows of the same model; used by `bench.harvest --peers`."""

import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from app.foundation.arrays import TokenIds
from app.models.transformer import Transformer

PYTHON = Path(".venv-peers-dashboard/bin/python")
SCRIPT = Path(__file__).with_name("saedashboard.py")
FEATURES = 64
"""How many features SAEDashboard computes in one run. Its time grows with this number; our time covers all neurons."""


def compare_with_saedashboard(
    transformer: Transformer, token_ids: TokenIds, slice_count: int, own_seconds: Callable[[int, int], float]
) -> dict[str, float]:
    """The ratio of token-neurons per second, over windows [window, position].

    `own_seconds` measures our harvest of the windows from the first number up to, not including, the second.
    """
    if not PYTHON.exists():
        msg = f"SAEDashboard is not installed; install it with `make {PYTHON.parent.parent}/.installed`"
        raise SystemExit(msg)
    slice_size, d_mlp = len(token_ids) // slice_count, transformer.config.d_mlp
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch.save(weights_by_lens_name(transformer), folder / "weights.pt")
        np.save(folder / "windows.npy", token_ids)
        with subprocess.Popen(
            [PYTHON, SCRIPT, folder, str(FEATURES)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as peer:
            ask = partial(ask_peer, peer)
            require_same_model(transformer, token_ids, ask())
            seconds = [
                (own_seconds(begin, begin + slice_size), ask(f"{begin} {begin + slice_size}")[0])
                for begin in range(0, slice_size * slice_count, slice_size)
            ]
            peer.stdin.close()  # type: ignore[union-attr]  # opened as a pipe above
    ratio = statistics.median(peer_time / FEATURES * d_mlp / own_time for own_time, peer_time in seconds)
    rate = token_ids.size / (sum(peer_time for _, peer_time in seconds) / FEATURES)
    return {"vs_saedashboard": round(ratio, 1), "saedashboard_token_neurons_per_second": round(rate)}


def ask_peer(peer: "subprocess.Popen[str]", question: str = "") -> list[float]:
    """Send the peer a question, if there is one, and return the numbers on the next line that it prints."""
    assert peer.stdin is not None
    assert peer.stdout is not None
    if question:
        print(question, file=peer.stdin, flush=True)
    line = peer.stdout.readline()
    if not line:
        msg = f"SAEDashboard ended early; run {PYTHON} {SCRIPT} by hand to see why"
        raise SystemExit(msg)
    return [float(number) for number in json.loads(line)]


def require_same_model(transformer: Transformer, token_ids: TokenIds, peer_maxima: list[float]) -> None:
    """Exit unless the peer's largest activations [neuron] on the first windows equal ours."""
    with torch.inference_mode():
        activations = transformer.read_site("mlp.act", torch.from_numpy(token_ids[:8].astype(np.int64)))[0]
    if not np.allclose(activations.amax(dim=(0, 1))[:FEATURES], peer_maxima, atol=1e-4):
        msg = "SAEDashboard's model does not compute what ours computes, so their times do not compare"
        raise SystemExit(msg)


def weights_by_lens_name(transformer: Transformer) -> dict[str, Tensor]:
    """The weights of a one-layer model under TransformerLens's names, matrices multiplying from the right."""
    config, block = transformer.config, transformer.layers[0]
    heads, norm = (config.n_heads, config.d_head), transformer.norm.state_dict()
    weights = block.attention.qkv.weight.view(3, *heads, config.d_model).transpose(2, 3)
    biases = block.attention.qkv.bias.view(3, *heads)
    attention = {f"W_{name}": weights[index] for index, name in enumerate("QKV")}
    attention |= {f"b_{name}": biases[index] for index, name in enumerate("QKV")}
    attention |= {"W_O": block.attention.out.weight.T.reshape(*heads, -1), "b_O": block.attention.out.bias}
    weights_by_part: dict[str, dict[str, Tensor]] = {
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
    return {
        f"{part}.{name}": tensor.detach().contiguous()
        for part, tensors in weights_by_part.items()
        for name, tensor in tensors.items()
    }
