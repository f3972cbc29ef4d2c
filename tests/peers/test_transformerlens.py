"""Random weights in TransformerLens's own format, saved by torch.save, read by our loader: the same activations."""

import json
from pathlib import Path

import pytest
import torch
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformer_lens.pretrained.weight_conversions.neel_solu_old import convert_neel_solu_old_weights

from app.models.loading import load_any_model
from tests.peers.conftest import VOCABULARY, Compare, randomise, some_tokens, write_tokenizer

CONFIG_KEYS = (
    "d_model",
    "n_layers",
    "d_mlp",
    "d_head",
    "n_heads",
    "n_ctx",
    "d_vocab",
    "act_fn",
    "attn_only",
    "final_rms",
)


def random_hooked_transformer(n_layers: int, act_fn: str, **choices: object) -> HookedTransformer:
    config = HookedTransformerConfig(
        n_layers=n_layers,
        d_model=16,
        n_ctx=12,
        d_head=6,  # heads times d_head is not d_model, as in SoLU_2L_v10_old
        n_heads=2,
        d_mlp=24,
        d_vocab=VOCABULARY,
        act_fn=act_fn,
        **{"normalization_type": "LN", **choices},
    )
    model = HookedTransformer(config)
    randomise(model)
    return model


def write_config(model: HookedTransformer, folder: Path, normalization_key: str) -> None:
    config = {key: getattr(model.cfg, key) for key in CONFIG_KEYS} | {normalization_key: model.cfg.normalization_type}
    (folder / "config.json").write_text(json.dumps(config | {"tokenizer_name": "not/needed", "shortformer_pos": False}))


def activations_and_logits(model: HookedTransformer, tokens: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
    """The peer's activations before any extra LayerNorm, by layer, and its logits."""
    hook = "hook_mid" if model.cfg.act_fn.endswith("_ln") else "hook_post"
    with torch.inference_mode():
        logits, cache = model.run_with_cache(tokens)
    return [cache[f"blocks.{layer}.mlp.{hook}"] for layer in range(model.cfg.n_layers)], logits


@pytest.mark.parametrize(
    ("n_layers", "act_fn"),
    [
        pytest.param(1, "solu_ln", id="lens-1L-solu_ln"),
        pytest.param(3, "solu_ln", id="lens-3L-solu_ln"),
        pytest.param(1, "gelu", id="lens-1L-gelu-exact"),
        pytest.param(3, "gelu", id="lens-3L-gelu-exact"),
    ],
)
def test_a_saved_checkpoint_gives_the_library_s_activations_and_logits(
    n_layers: int, act_fn: str, case_folder: Path, compare: Compare
) -> None:
    model = random_hooked_transformer(n_layers, act_fn)
    torch.save(model.state_dict(), case_folder / "model_final.pth")
    write_config(model, case_folder, "normalization")
    write_tokenizer(case_folder)
    compare(load_any_model(case_folder, gelu="exact"), some_tokens(), *activations_and_logits(model, some_tokens()))


@pytest.mark.parametrize(
    ("n_layers", "choices"),
    [
        pytest.param(1, {"normalization_type": "LN", "final_rms": True}, id="lens-1L-rms_old"),
        pytest.param(2, {"normalization_type": "LNPre", "final_rms": True}, id="lens-2L-bare-rms_old"),
        pytest.param(8, {"normalization_type": "LNPre"}, id="lens-8L-bare_old"),
    ],
)
def test_an_old_checkpoint_gives_what_the_library_s_conversion_gives(
    n_layers: int, choices: dict[str, object], case_folder: Path, compare: Compare
) -> None:
    model = random_hooked_transformer(n_layers, "solu_ln", **choices)
    old_state = with_old_layout(model)
    converted = random_hooked_transformer(n_layers, "solu_ln", **choices)
    converted.load_state_dict(convert_neel_solu_old_weights(dict(old_state), converted.cfg), strict=False)
    torch.save(old_state, case_folder / "SoLU_v9_final.pth")
    write_config(model, case_folder, "normalization_type")
    write_tokenizer(case_folder)
    compare(load_any_model(case_folder), some_tokens(), *activations_and_logits(converted, some_tokens()))


def with_old_layout(model: HookedTransformer) -> dict[str, torch.Tensor]:
    """The state dict in the old layout: norms are called `norm`, and small models multiply from the left."""
    old_state = {}
    for name, tensor in model.state_dict().items():
        deepest = 8 if name.endswith("W_pos") else 6
        transposed = tensor.mT if "W_" in name and model.cfg.n_layers <= deepest else tensor
        old_state[name.replace("ln_final.", "norm.").replace("ln", "norm")] = transposed.contiguous()
    return old_state
