"""The parts of blocks add up in every architecture: what is read at one place is what others make of it."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor

from app.foundation.errors import ModelError
from app.models.families import FAMILIES
from app.models.hugging_face import HuggingFaceModel, HuggingFaceShape
from app.models.place import PARTS_OF_HOOKS, Place, place_of_hook, place_of_module
from app.models.readable_model import ReadableModel
from tests.models.conftest import random_transformer, tiny_config

pytestmark = pytest.mark.usefixtures("inference")
IDS: dict[str, Any] = {"bos_token_id": 1, "eos_token_id": 0, "pad_token_id": 2}
SIZES: dict[str, Any] = {
    "vocab_size": 40,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 8,
    "max_position_embeddings": 32,
}
GPT_SIZES: dict[str, Any] = {"vocab_size": 40, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 32}
OWN_SIZES: dict[str, dict[str, Any]] = {
    "gpt2": GPT_SIZES,
    "gptj": GPT_SIZES | {"rotary_dim": 4},
    "gpt_neo": {
        "vocab_size": 40,
        "hidden_size": 16,
        "num_layers": 2,
        "num_heads": 2,
        "max_position_embeddings": 32,
        "attention_types": [[["global"], 2]],
    },
    "opt": SIZES | {"ffn_dim": 24, "word_embed_proj_dim": 16},
    "stablelm": SIZES | {"use_parallel_residual": True},
}
"""Sizes of configs whose keys have names of their own."""


@pytest.fixture
def inference() -> Iterator[None]:
    with torch.inference_mode():
        yield


def library_model(family: str) -> HuggingFaceModel:
    """A model of the family with random weights, gains and biases."""
    config = transformers.AutoConfig.for_model(family, **OWN_SIZES.get(family, SIZES), **IDS)
    auto: Any = transformers.AutoModelForCausalLM
    model = auto.from_config(config).eval()
    generator = torch.Generator().manual_seed(5)
    for parameter in model.parameters():
        parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    shape = HuggingFaceShape(family, "gelu", 2, 16, 24, 40, 32, bos=1, special=(1,))
    return HuggingFaceModel(model, shape)


def read_parts(model: ReadableModel, layer: int, *parts: str) -> dict[str, Tensor]:
    tokens = torch.randint(3, 40, (2, 7), generator=torch.Generator().manual_seed(1))
    places: dict[str, Any] = {part: Place(layer, part) for part in parts}  # type: ignore[arg-type]
    read = model.read_places(places.values(), tokens)
    return {part: read[place] for part, place in places.items()}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("layer", [0, 1])
def test_a_block_adds_what_attention_and_mlp_give_to_the_stream(family: str, layer: int) -> None:
    model = library_model(family)
    read = read_parts(model, layer, "resid_pre", "attn_out", "mlp_out", "resid_post", "attn_z", "mlp.act", "mlp.last")
    together = read["resid_pre"] + read["attn_out"] + read["mlp_out"]
    torch.testing.assert_close(together, read["resid_post"], atol=1e-4, rtol=1e-4)
    assert torch.equal(read["mlp.act"], read["mlp.last"])
    assert read["attn_z"].shape == (2, 7, 16)
    block = model.model.get_submodule(model.family.blocks_path).get_submodule(str(layer))
    projected = block.get_submodule(model.family.heads_path)(read["attn_z"])
    if model.family.attention_path in model.family.heads_path:  # no norm lies between them
        torch.testing.assert_close(projected, read["attn_out"], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_stream_between_attention_and_mlp_is_read_where_there_is_one(family: str) -> None:
    model = library_model(family)
    if model.family.is_parallel or model.family.norm2_path is None:
        with pytest.raises(ModelError, match=f"resid_mid of layer 1 cannot be read in a model of type {family}"):
            read_parts(model, 1, "resid_mid")
        return
    read = read_parts(model, 1, "resid_pre", "attn_out", "resid_mid")
    torch.testing.assert_close(read["resid_pre"] + read["attn_out"], read["resid_mid"], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("family", [name for name, family in FAMILIES.items() if family.norm1_path])
def test_a_norm_multiplies_what_is_read_before_its_gain_and_bias(family: str) -> None:
    model = library_model(family)
    read = read_parts(model, 1, "resid_pre", "ln1")
    block = model.model.get_submodule(model.family.blocks_path).get_submodule("1")
    norm: Any = block.get_submodule(model.family.norm1_path or "")
    gain = norm.weight + 1 if family.startswith("gemma") else norm.weight
    bias = getattr(norm, "bias", 0)
    torch.testing.assert_close(read["ln1"] * gain + bias, norm(read["resid_pre"]), atol=1e-4, rtol=1e-4)
    assert model.centres_stream == (read["ln1"].mean(dim=-1).abs().max() < 1e-4)


@pytest.mark.parametrize("layer", [0, 2])
def test_the_parts_of_our_own_blocks_add_up(layer: int) -> None:
    model = random_transformer(tiny_config("solu_ln", n_layers=3))
    read = read_parts(model, layer, *dict.fromkeys(PARTS_OF_HOOKS.values()), "mlp.post_ln")
    block = model.layers[layer]
    torch.testing.assert_close(read["resid_pre"] + read["attn_out"], read["resid_mid"], atol=0, rtol=0)
    torch.testing.assert_close(read["resid_mid"] + read["mlp_out"], read["resid_post"], atol=0, rtol=0)
    torch.testing.assert_close(block.attention.out(read["attn_z"]), read["attn_out"], atol=0, rtol=0)
    torch.testing.assert_close(block.mlp.down(read["mlp.last"]), read["mlp_out"], atol=0, rtol=0)
    assert torch.equal(read["mlp.last"], read["mlp.post_ln"])
    for norm, before, normal in ((block.norm1, "resid_pre", "ln1"), (block.norm2, "resid_mid", "ln2")):
        torch.testing.assert_close(read[normal] * norm.weight + norm.bias, norm(read[before]))


def test_a_part_that_our_model_does_not_have_is_refused() -> None:
    model = random_transformer(tiny_config("gelu"))
    with pytest.raises(ModelError, match=r"a gelu model has no mlp\.post_ln, asked for in layer 1"):
        read_parts(model, 1, "mlp.post_ln")


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("blocks.3.hook_resid_pre", Place(3, "resid_pre")),
        ("blocks.11.ln2.hook_normalized", Place(11, "ln2")),
        ("blocks.0.mlp.hook_post", Place(0, "mlp.last")),
        ("blocks.0.hook_q", None),
        ("blocks.x.hook_resid_pre", None),
        ("blocks.03.hook_resid_pre", None),
        ("hook_embed", None),
    ],
)
def test_a_hook_of_transformerlens_is_a_part_of_a_block(name: str, place: Place | None) -> None:
    assert place_of_hook(name) == place


@pytest.mark.parametrize(
    ("name", "layer"),
    [("blocks.1.mlp", 1), ("model.layers.0.mlp.act_fn", 0), ("lm_head", 0), ("model.layers.7", 0), ("h.²", 0)],
)
def test_a_module_lies_in_the_layer_that_its_name_says(name: str, layer: int) -> None:
    assert place_of_module(name, n_layers=2) == Place(layer, module=name)
