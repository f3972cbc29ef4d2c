"""Sparse autoencoders in SAELens's folder format, written without that library."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from app.foundation.json_types import JsonValue


def write_sae(
    folder: Path, d_in: int, d_sae: int = 20, hook_name: str = "blocks.1.hook_resid_pre", **config: JsonValue
) -> dict[str, Tensor]:
    """Write a standard SAE with random weights, and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(1)
    shapes = {"W_enc": (d_in, d_sae), "W_dec": (d_sae, d_in), "b_enc": (d_sae,), "b_dec": (d_in,)}
    tensors = {name: torch.randn(shape, generator=generator) * 0.5 for name, shape in shapes.items()}
    save_file(tensors, folder / "sae_weights.safetensors")
    text = {"architecture": "standard", "d_in": d_in, "d_sae": d_sae, "metadata": {"hook_name": hook_name}, **config}
    (folder / "cfg.json").write_text(json.dumps(text))
    return tensors
