"""Checkpoints in the layout of TransformerLens: the public NeelNanda/SoLU_* and GELU_* pairs, and its own saves.

A folder with `config.json` (key `act_fn`) and a flat state dict, `model_final.pth` or any other `*final.pth`.
Matrices multiply from the right and heads have an axis of their own; `_old` repositories name norms `norm` and, in
small models, transpose their matrices. The model is the one of `transformer.py` with a free unembedding.
"""

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from app.foundation.digest import sha256_of_file
from app.foundation.errors import ModelError, error_summary
from app.models.config import WITH_LAYERNORM, ModelConfig
from app.models.model_folder import (
    CONFIG_FILE,
    LoadedModel,
    copy_weights,
    parse_config,
    read_safetensors,
    require_exact_keys,
)
from app.models.tokenizer import Tokenizer
from app.models.transformer import Transformer

GeluForm = Literal["tanh", "exact"]

ACTIVATIONS = {"solu_ln": "solu_ln", "solu": "solu", "gelu_new": "gelu_tanh", "gelu_fast": "gelu_tanh", "relu": "relu"}
BUFFERS = ("attn.mask", "attn.IGNORE")
BOS_NAMES = ("<|BOS|>", "<|endoftext|>")
KEPT = ("tokenizer_name", "seed", "use_dropout", "fixed_init", "version")
LAST_TRANSPOSED, LAST_TRANSPOSED_POSITIONS = 6, 8  # layers; `_old` repositories only


def is_transformer_lens_config(config: Mapping[str, Any]) -> bool:
    """Whether a `config.json` is of this layout."""
    return "act_fn" in config and "d_model" in config


def load_transformer_lens_model(folder: Path, name: str, tokenizer: Tokenizer, gelu: GeluForm = "tanh") -> LoadedModel:
    """Read a folder of this layout, weights in float32.

    `gelu` says what the config's "gelu" means: these repositories were trained with the tanh form, though
    TransformerLens runs them with the exact one (at most 4.8e-4 apart). Raises ModelError, naming file and key.
    """
    path = folder / CONFIG_FILE
    given: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    _refuse_the_unusual(given, path)
    config = _config(given, tokenizer, gelu, path)
    weights = _weights_file(folder)
    tensors = _renamed(_read(weights), name, config.n_layers)
    bare = given.get("normalization", given.get("normalization_type")) == "LNPre"
    transformer = Transformer(config)
    copy_weights(transformer, _ours(_whole(tensors, config, weights, bare=bare), config), weights)
    return LoadedModel(
        transformer.eval(),
        tokenizer,
        sha256_of_file(weights),
        folder,
        layout="TransformerLens",
        notes=tuple(_notes(given, config, gelu)),
        provenance={key: given[key] for key in KEPT if key in given},
    )


def _refuse_the_unusual(given: Mapping[str, Any], path: Path) -> None:
    """Raise ModelError for what our transformer does not compute."""
    expected: dict[str, tuple[object, ...]] = {
        "attn_only": (False,),
        "shortformer_pos": (False,),
        "neuron_temp": (1,),
        "neuron_scale": (1,),
    }
    expected |= {"normalization": ("LN", "LNPre"), "normalization_type": ("LN", "LNPre")}
    for key, allowed in expected.items():
        if key in given and given[key] not in allowed:
            wanted = " or ".join(str(one) for one in allowed)
            msg = f"{path}: {key} is {given[key]}, expected {wanted}; models of this kind cannot be read"
            raise ModelError(msg)


def _config(given: Mapping[str, Any], tokenizer: Tokenizer, gelu: GeluForm, path: Path) -> ModelConfig:
    named = given["act_fn"]
    activation = ("gelu_tanh" if gelu == "tanh" else "gelu") if named == "gelu" else ACTIVATIONS.get(named)
    if activation is None:
        msg = f"{path}: act_fn is {named}, expected one of gelu, {', '.join(ACTIVATIONS)}"
        raise ModelError(msg)
    sizes = ("n_layers", "d_model", "n_heads", "d_head", "d_mlp", "d_vocab", "n_ctx")
    for key in sizes:
        if key not in given:
            msg = f"{path}: {key} is missing, expected a whole number; copy the file again"
            raise ModelError(msg)
    bos = next((tokenizer.token_id(one) for one in BOS_NAMES if tokenizer.has(one)), 0)
    config = {
        **{key: given[key] for key in sizes},
        "activation": activation,
        "tied": False,
        "final_norm": "rms" if given.get("final_rms") else "layernorm",
        "bos": bos,
        "special": sorted({bos, *tokenizer.special}),
    }
    return parse_config(json.dumps(config).encode(), path)


def _weights_file(folder: Path) -> Path:
    """The trained weights, not a checkpoint of early training. Raises ModelError if there is none, or a choice."""
    found = sorted(folder.glob("*final.pth")) or sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.pth"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        msg = f"{folder} should hold one weights file, model_final.pth; it holds {names}"
        raise ModelError(msg)
    return found[0]


def _read(path: Path) -> dict[str, Tensor]:
    """A state dict without running code from it. Raises ModelError if the file holds anything but tensors."""
    if path.suffix == ".safetensors":
        return read_safetensors(path)
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        msg = f"{path} holds more than tensors, so it is not opened; ask for it as safetensors"
        raise ModelError(msg) from error
    except (RuntimeError, EOFError, OSError) as error:
        msg = f"{path} is not a whole checkpoint ({error_summary(error)}); copy it again"
        raise ModelError(msg) from error
    if not isinstance(tensors, dict) or not all(isinstance(one, Tensor) for one in tensors.values()):
        msg = f"{path} is not a flat table of tensors; save the model's state_dict()"
        raise ModelError(msg)
    return tensors


def _renamed(tensors: Mapping[str, Tensor], repository: str, n_layers: int) -> dict[str, Tensor]:
    """Today's names, right-multiplying matrices, no buffers; `_old` repositories need more than that."""
    kept = {name: one.float() for name, one in tensors.items() if not name.endswith(BUFFERS)}
    if "_old" not in repository and not any("norm" in name for name in kept):
        return kept
    found = {}
    for old, tensor in kept.items():
        name = old.replace("norm", "ln")
        name = "ln_final." + name.removeprefix("ln.") if name.startswith("ln.") else name
        limit = LAST_TRANSPOSED_POSITIONS if name.endswith("W_pos") else LAST_TRANSPOSED
        found[name] = tensor.mT if "W_" in name and n_layers <= limit else tensor
    return found


def _whole(tensors: dict[str, Tensor], config: ModelConfig, path: Path, *, bare: bool) -> dict[str, Tensor]:
    """Every key of this layout in its shape, with ones and zeros where norms have no gain and bias.

    Raises ModelError on a missing or surplus key or a wrong shape; only `unembed.b_U` may be left out.
    """
    shapes = _shapes(config)
    norms = {name for name in shapes if ".ln" in name or name.startswith("ln_final")}
    require_exact_keys(
        {name: one for name, one in shapes.items() if not (bare and name in norms)},
        {"unembed.b_U": torch.zeros(config.d_vocab), **tensors},
        path,
    )
    blank = {name: (torch.ones if name.endswith(".w") else torch.zeros)(shapes[name]) for name in norms}
    return {**blank, "unembed.b_U": torch.zeros(config.d_vocab), **tensors}


def _shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    d, heads, head, mlp = config.d_model, config.n_heads, config.d_head, config.d_mlp
    block: dict[str, tuple[int, ...]] = {"ln1.w": (d,), "ln1.b": (d,), "ln2.w": (d,), "ln2.b": (d,)}
    for one in "QKV":
        block |= {f"attn.W_{one}": (heads, d, head), f"attn.b_{one}": (heads, head)}
    block |= {"attn.W_O": (heads, head, d), "attn.b_O": (d,)}
    block |= {"mlp.W_in": (d, mlp), "mlp.b_in": (mlp,), "mlp.W_out": (mlp, d), "mlp.b_out": (d,)}
    if config.activation in WITH_LAYERNORM:
        block |= {"mlp.ln.w": (mlp,), "mlp.ln.b": (mlp,)}
    whole: dict[str, tuple[int, ...]] = {
        f"blocks.{layer}.{name}": shape for layer in range(config.n_layers) for name, shape in block.items()
    }
    whole |= {"embed.W_E": (config.d_vocab, d), "pos_embed.W_pos": (config.n_ctx, d), "ln_final.w": (d,)}
    whole |= {"ln_final.b": (d,)} if config.final_norm == "layernorm" else {}
    return whole | {"unembed.W_U": (d, config.d_vocab), "unembed.b_U": (config.d_vocab,)}


def _ours(tensors: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """The same weights by our names, left-multiplying, heads side by side."""
    found = {
        "embed.weight": tensors["embed.W_E"],
        "position.weight": tensors["pos_embed.W_pos"],
        "norm.weight": tensors["ln_final.w"],
        "unembed.weight": tensors["unembed.W_U"].T,
        "unembed.bias": tensors["unembed.b_U"],
    }
    if config.final_norm == "layernorm":
        found["norm.bias"] = tensors["ln_final.b"]
    for layer in range(config.n_layers):
        start = f"blocks.{layer}."
        theirs = {name.removeprefix(start): one for name, one in tensors.items() if name.startswith(start)}
        block = _our_block(theirs, config)
        found |= {f"blocks.{layer}.{name}": tensor for name, tensor in block.items()}
    return found


def _our_block(theirs: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    inner = config.n_heads * config.d_head
    qkv = [
        theirs[f"attn.W_{one}"].mT.reshape(inner, config.d_model) for one in "QKV"
    ]  # [head, d_head, d_model], joined
    found = {
        "attention.qkv.weight": torch.cat(qkv),
        "attention.qkv.bias": torch.cat([theirs[f"attn.b_{one}"].reshape(inner) for one in "QKV"]),
        "attention.out.weight": theirs["attn.W_O"].reshape(inner, config.d_model).T,
        "attention.out.bias": theirs["attn.b_O"],
        "mlp.up.weight": theirs["mlp.W_in"].T,
        "mlp.up.bias": theirs["mlp.b_in"],
        "mlp.down.weight": theirs["mlp.W_out"].T,
        "mlp.down.bias": theirs["mlp.b_out"],
    }
    norms = {"norm1": "ln1", "norm2": "ln2"} | ({"mlp.norm": "mlp.ln"} if config.activation in WITH_LAYERNORM else {})
    for ours, other in norms.items():
        found |= {f"{ours}.weight": theirs[f"{other}.w"], f"{ours}.bias": theirs[f"{other}.b"]}
    return found


def _notes(given: Mapping[str, Any], config: ModelConfig, gelu: GeluForm) -> list[str]:
    notes = []
    if given["act_fn"] == "gelu":
        why = "the form it was trained with" if gelu == "tanh" else "TransformerLens's reading"
        notes.append(f"GELU is computed in its {gelu} form, {why}; the other differs by at most 4.8e-4")
    if config.final_norm == "rms":
        notes.append("the final norm is RMS, not LayerNorm")
    if given.get("use_dropout"):
        notes.append("it was trained with dropout; check that its partner was too before calling them a pair")
    return notes
