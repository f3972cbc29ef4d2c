"""Randomly initialised models of the transformers library: what enters their down-projections, written out by hand."""

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor
from torch.nn import functional

from app.models.loading import load_any_model
from tests.peers.conftest import VOCABULARY, Compare, randomise, some_tokens, write_tokenizer

IDS: dict[str, Any] = {"bos_token_id": 1, "eos_token_id": 0, "pad_token_id": 2}
COMMON: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    **IDS,
}
GATED: dict[str, Any] = {
    **COMMON,
    "intermediate_size": 24,
    "num_key_value_heads": 1,
    "head_dim": 8,
    "max_position_embeddings": 32,
}


def make_config(name: str) -> Any:
    if name == "GPT2":
        sizes: dict[str, Any] = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32}
        return transformers.GPT2Config(vocab_size=VOCABULARY, **sizes, **IDS)
    if name == "GPTNeoX":
        return transformers.GPTNeoXConfig(**COMMON, intermediate_size=24, max_position_embeddings=32)
    return getattr(transformers, f"{name}Config")(**GATED)


def values_entering_down_projections(name: str, model: Any, tokens: Tensor) -> tuple[list[Tensor], Tensor]:
    """What enters each down-projection, from what entered the MLP and the MLP's own weights; and the logits."""
    blocks_path = {"GPT2": "transformer.h", "GPTNeoX": "gpt_neox.layers"}.get(name, "model.layers")
    mlps = [block.mlp for block in model.get_submodule(blocks_path)]
    inputs: list[Tensor] = []
    handles = [mlp.register_forward_pre_hook(lambda _, arguments: inputs.append(arguments[0])) for mlp in mlps]
    with torch.inference_mode():
        logits = model(tokens).logits
        activations = [compute_activation(name, mlp, x) for mlp, x in zip(mlps, inputs, strict=True)]
    for handle in handles:
        handle.remove()
    return activations, logits


def compute_activation(name: str, mlp: Any, x: Tensor) -> Tensor:
    if name == "GPT2":
        return functional.gelu(x @ mlp.c_fc.weight + mlp.c_fc.bias, approximate="tanh")
    if name == "GPTNeoX":
        return functional.gelu(x @ mlp.dense_h_to_4h.weight.T + mlp.dense_h_to_4h.bias)
    gate = x @ mlp.gate_proj.weight.T
    is_gemma = name.startswith("Gemma")
    act = functional.gelu(gate, approximate="tanh") if is_gemma else gate * torch.sigmoid(gate)
    product: Tensor = act * (x @ mlp.up_proj.weight.T)
    return product


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=f"hf-{name}")
        for name in ("GPT2", "GPTNeoX", "Llama", "Gemma", "Mistral", "Qwen2", "Qwen3", "Gemma2")
    ],
)
def test_what_enters_the_down_projection_is_the_activation(name: str, case_folder: Path, compare: Compare) -> None:
    library: Any = transformers.AutoModelForCausalLM
    model = library.from_config(make_config(name)).eval()
    randomise(model)
    model.save_pretrained(case_folder)
    (case_folder / "generation_config.json").unlink(missing_ok=True)
    write_tokenizer(case_folder)
    compare(load_any_model(case_folder), some_tokens(), *values_entering_down_projections(name, model, some_tokens()))
