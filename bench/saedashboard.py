"""Runs SAEDashboard 0.8.0 on the weights and windows of `bench.harvest`, in an environment of its own.

    make .venv-peers-dashboard/.installed
    .venv-peers-dashboard/bin/python bench/saedashboard.py FOLDER FEATURES

FOLDER holds `weights.pt`, TransformerLens's names to tensors, and `windows.npy` [window, position]. An identity
dictionary instead of a trained one makes the neurons its features, and the first FEATURES of them are computed. Prints
these neurons' largest activations on the first windows, so that the caller can check that the model is the same; then,
for each line "BEGIN END", a list of the seconds that it takes for these windows, from tokens to the data of its pages:
loading and HTML are left out.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from sae_dashboard.sae_vis_data import SaeVisConfig
from sae_dashboard.sae_vis_runner import SaeVisRunner
from sae_lens import HookedSAETransformer, StandardSAE, StandardSAEConfig
from transformer_lens import HookedTransformerConfig

SITE = "blocks.0.mlp.hook_post"


def load_model(path: Path) -> HookedSAETransformer:
    """A one-layer GELU model of the weights' own sizes."""
    weights = torch.load(path)
    heads, d_model, d_head = weights["blocks.0.attn.W_Q"].shape
    config = HookedTransformerConfig(
        n_layers=1,
        d_model=d_model,
        n_ctx=len(weights["pos_embed.W_pos"]),
        d_head=d_head,
        n_heads=heads,
        d_mlp=weights["blocks.0.mlp.W_in"].shape[1],
        d_vocab=weights["embed.W_E"].shape[0],
        act_fn="gelu",
        normalization_type="LN",
        device="cpu",
    )
    model = HookedSAETransformer(config)
    model.load_state_dict(weights, strict=False)  # masks are not among the weights
    return model.eval()


def identity_dictionary(size: int) -> StandardSAE:
    """A dictionary whose features are the positive parts of the neurons' activations."""
    sae = StandardSAE(StandardSAEConfig(d_in=size, d_sae=size, apply_b_dec_to_input=False))
    with torch.no_grad():
        for name, parameter in sae.named_parameters():
            parameter.copy_(torch.eye(size) if name.startswith("W_") else torch.zeros(size))
    return sae


def main() -> None:
    folder, feature_count = Path(sys.argv[1]), int(sys.argv[2])
    torch.manual_seed(0)
    model = load_model(folder / "weights.pt")
    windows = torch.from_numpy(np.load(folder / "windows.npy").astype(np.int64))
    sae = identity_dictionary(model.cfg.d_mlp)
    with torch.inference_mode():
        _, cache = model.run_with_cache(windows[:8], names_filter=SITE, stop_at_layer=1)
    print(json.dumps(cache[SITE].amax(dim=(0, 1))[:feature_count].tolist()), flush=True)
    for line in sys.stdin:
        begin, end = map(int, line.split())
        features = list(range(feature_count))
        config = SaeVisConfig(hook_point=SITE, features=features, minibatch_size_features=feature_count)
        began = time.perf_counter()
        SaeVisRunner(config).run(encoder=sae, model=model, tokens=windows[begin:end])
        print(json.dumps([time.perf_counter() - began]), flush=True)


if __name__ == "__main__":
    main()
