"""A small sparse autoencoder of a model that comes with First Glance, trained in seconds, in SAELens's format."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from app.models.loading import load_any_model
from app.models.place import place_of_hook

torch.set_num_threads(1)  # so small that a second thread only waits

HOOK = "blocks.0.hook_mlp_out"
STEPS, BATCH, LATENTS = 300, 256, 64
WINDOWS = 16
"""Of the model's full length, from which the autoencoder learns."""
SPARSITY = 0.02
"""How much the sum of the latents costs beside the squared error."""


def train_autoencoder(model_name: str, texts: Path, folder: Path) -> None:
    """Train latents of what the MLP of a one-layer model adds to its residual stream, and write their folder."""
    torch.manual_seed(0)
    tensors = activations_of(model_name, texts)
    d_in = tensors.shape[1]
    encoder = torch.nn.Parameter(torch.randn(d_in, LATENTS) / d_in**0.5)
    decoder = torch.nn.Parameter(encoder.detach().T.clone())
    b_enc, b_dec = torch.nn.Parameter(torch.zeros(LATENTS)), torch.nn.Parameter(tensors.mean(dim=0))
    optimizer = torch.optim.Adam([encoder, decoder, b_enc, b_dec], lr=3e-3)
    for _ in range(STEPS):
        batch = tensors[torch.randint(len(tensors), (BATCH,))]
        latents = ((batch - b_dec) @ encoder + b_enc).relu()
        loss = (latents @ decoder + b_dec - batch).pow(2).sum(1).mean() + SPARSITY * latents.sum(1).mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch says nothing about it
        optimizer.step()
    folder.mkdir()
    weights = {"W_enc": encoder, "W_dec": decoder, "b_enc": b_enc, "b_dec": b_dec}
    save_file(
        {name: weight.detach().contiguous() for name, weight in weights.items()}, folder / "sae_weights.safetensors"
    )
    config = {
        "architecture": "standard",
        "d_in": d_in,
        "d_sae": LATENTS,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": True,
        "normalize_activations": "none",
        "metadata": {"hook_name": HOOK, "model_name": model_name},
    }
    (folder / "cfg.json").write_text(json.dumps(config), encoding="utf-8")


def activations_of(model_name: str, texts: Path) -> Tensor:
    """[token, dimension] at the hook, of the first windows of the texts."""
    model = load_any_model(model_name)
    place = place_of_hook(HOOK)
    assert place is not None
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(texts.iterdir()))
    token_ids = torch.tensor(model.tokenizer.encode(text)[: WINDOWS * model.config.n_ctx]).reshape(WINDOWS, -1)
    with torch.inference_mode():
        tensor = model.transformer.read_places([place], token_ids)[place]
    return tensor.flatten(0, 1).float().clone()
