"""Checkpoints in the format of TransformerLens: the public NeelNanda/SoLU_* and GELU_* pairs, and its own saves.

A folder with `config.json` (key `act_fn`) and a flat state dict, `model_final.pth` or any other `*final.pth`.
Matrices multiply from the right and heads have an axis of their own. Repositories whose name ends in `_old` call norms
`norm` and, in small models, transpose their matrices. The model is that of `transformer.py` with a free unembedding.
"""

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from app.foundation.digest import sha256_of_file
from app.foundation.errors import ModelError, error_summary
from app.foundation.json_types import JsonObject, JsonValue
from app.models.config import ACTIVATIONS_WITH_LAYERNORM, GeluForm, ModelConfig
from app.models.folder_files import CONFIG_FILE
from app.models.model_folder import (
    LoadedModel,
    copy_weights,
    parse_config,
    read_raw_config,
    read_safetensors,
    require_exact_keys,
)
from app.models.tokenizer import Tokenizer
from app.models.transformer import Transformer

TensorShape = tuple[int, ...]

ACTIVATIONS: Mapping[str, str] = {
    "solu_ln": "solu_ln",
    "solu": "solu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "relu": "relu",
}
SIZES = ("n_layers", "d_model", "n_heads", "d_head", "d_mlp", "d_vocab", "n_ctx")
SUPPORTED_VALUES: Mapping[str, tuple[JsonValue, ...]] = {
    "attn_only": (False,),
    "shortformer_pos": (False,),
    "neuron_temp": (1,),
    "neuron_scale": (1,),
    "normalization": ("LN", "LNPre"),
    "normalization_type": ("LN", "LNPre"),
}
"""Values of the config that our transformer computes."""
BUFFERS = ("attn.mask", "attn.IGNORE")
BOS_NAMES = ("<|BOS|>", "<|endoftext|>")
PROVENANCE_KEYS = ("tokenizer_name", "seed", "use_dropout", "fixed_init", "version")
DEEPEST_TRANSPOSED, DEEPEST_TRANSPOSED_POSITIONS = 6, 8  # layers; `_old` repositories only


def is_transformer_lens_config(raw_config: JsonObject) -> bool:
    """Whether a `config.json` is of this format."""
    return "act_fn" in raw_config and "d_model" in raw_config


def load_transformer_lens_model(folder: Path, name: str, tokenizer: Tokenizer, gelu: GeluForm = "tanh") -> LoadedModel:
    """Read a folder of this format, with weights in float32.

    Args:
        folder: the folder with config and weights.
        name: the name of the repository; in those whose name ends in `_old` weights have other names.
        tokenizer: the model's tokenizer.
        gelu: the form that the config's "gelu" means. These repositories were trained with the tanh form, though
            TransformerLens runs them with the exact one (at most 4.8e-4 apart).

    Raises:
        ModelError: the folder is not a model of this format; the message names the file and the key.
    """
    path, raw_config = folder / CONFIG_FILE, read_raw_config(folder)
    _require_supported_values(raw_config, path)
    config = _to_model_config(raw_config, tokenizer, gelu, path)
    weights_path = _find_weights_file(folder)
    tensors = _with_current_names(_read_tensors(weights_path), name, config.n_layers)
    normalization = raw_config.get("normalization", raw_config.get("normalization_type"))
    tensors = _with_all_keys(tensors, config, weights_path, norms_are_optional=normalization == "LNPre")
    transformer = Transformer(config)
    copy_weights(transformer, _to_our_layout(tensors, config), weights_path)
    return LoadedModel(
        transformer.eval(),
        tokenizer,
        sha256_of_file(weights_path),
        folder,
        layout="TransformerLens",
        notes=tuple(_notes(raw_config, config, gelu)),
        provenance={key: raw_config[key] for key in PROVENANCE_KEYS if key in raw_config},
    )


def _require_supported_values(raw_config: JsonObject, path: Path) -> None:
    """Raise ModelError if the config has a value that our transformer cannot compute."""
    for key, supported in SUPPORTED_VALUES.items():
        if key in raw_config and raw_config[key] not in supported:
            expected = " or ".join(str(value) for value in supported)
            msg = f"{path}: {key} is {raw_config[key]}, expected {expected}; models of this kind cannot be read"
            raise ModelError(msg)


def _to_model_config(raw_config: JsonObject, tokenizer: Tokenizer, gelu: GeluForm, path: Path) -> ModelConfig:
    act_fn = raw_config["act_fn"]
    gelu_activation = "gelu_tanh" if gelu == "tanh" else "gelu"
    activation = gelu_activation if act_fn == "gelu" else ACTIVATIONS.get(str(act_fn))
    if activation is None:
        msg = f"{path}: act_fn is {act_fn}, expected one of gelu, {', '.join(ACTIVATIONS)}"
        raise ModelError(msg)
    for key in SIZES:
        if key not in raw_config:
            msg = f"{path}: {key} is missing, expected a whole number; copy the file again"
            raise ModelError(msg)
    bos = next((tokenizer.token_id(name) for name in BOS_NAMES if tokenizer.has_token(name)), 0)
    converted: JsonObject = {
        **{key: raw_config[key] for key in SIZES},
        "activation": activation,
        "tied": False,
        "final_norm": "rms" if raw_config.get("final_rms") else "layernorm",
        "bos": bos,
        "special": list[JsonValue](sorted({bos, *tokenizer.special})),
    }
    return parse_config(converted, path)


def _find_weights_file(folder: Path) -> Path:
    """The trained weights, not a checkpoint of early training. Raises ModelError unless there is exactly one file."""
    paths = sorted(folder.glob("*final.pth")) or sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.pth"))
    if len(paths) != 1:
        names = ", ".join(path.name for path in paths) or "none"
        msg = f"{folder} should hold one weights file, model_final.pth; it holds {names}"
        raise ModelError(msg)
    return paths[0]


def _read_tensors(path: Path) -> dict[str, Tensor]:
    """Read a state dict without running code from it. Raises ModelError if the file holds anything but tensors."""
    if path.suffix == ".safetensors":
        return read_safetensors(path)
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        msg = f"{path} holds more than tensors, so it is not opened, since it could run code; ask for it as safetensors"
        raise ModelError(msg) from error
    except (RuntimeError, EOFError, OSError) as error:
        msg = f"{path} is not a whole checkpoint ({error_summary(error)}); copy it again"
        raise ModelError(msg) from error
    if not isinstance(tensors, dict) or not all(isinstance(tensor, Tensor) for tensor in tensors.values()):
        msg = f"{path} is not a flat table of tensors; save the state_dict() of the model instead"
        raise ModelError(msg)
    return tensors


def _with_current_names(tensors: Mapping[str, Tensor], repository: str, n_layers: int) -> dict[str, Tensor]:
    """The weights in float32 by today's names, with matrices that multiply from the right, and without buffers."""
    weights = {name: tensor.float() for name, tensor in tensors.items() if not name.endswith(BUFFERS)}
    if "_old" not in repository and not any("norm" in name for name in weights):
        return weights
    renamed = {}
    for old_name, tensor in weights.items():
        name = old_name.replace("norm", "ln")
        name = "ln_final." + name.removeprefix("ln.") if name.startswith("ln.") else name
        deepest = DEEPEST_TRANSPOSED_POSITIONS if name.endswith("W_pos") else DEEPEST_TRANSPOSED
        renamed[name] = tensor.mT if "W_" in name and n_layers <= deepest else tensor
    return renamed


def _with_all_keys(
    tensors: Mapping[str, Tensor], config: ModelConfig, path: Path, *, norms_are_optional: bool
) -> dict[str, Tensor]:
    """The weights with every key of this format, where norms without gain and bias get ones and zeros.

    Raises ModelError if a key is missing or surplus or has the wrong shape; `unembed.b_U` may always be missing.
    """
    shapes = _expected_shapes(config)
    norms = {name for name in shapes if ".ln" in name or name.startswith("ln_final")}
    with_bias = {"unembed.b_U": torch.zeros(config.d_vocab), **tensors}
    required = {name: shape for name, shape in shapes.items() if not (norms_are_optional and name in norms)}
    require_exact_keys(required, with_bias, path)
    neutral = {name: (torch.ones if name.endswith(".w") else torch.zeros)(shapes[name]) for name in norms}
    return {**neutral, **with_bias}


def _expected_shapes(config: ModelConfig) -> dict[str, TensorShape]:
    """The shape of every weight, by its name in this format."""
    d, heads, head, mlp = config.d_model, config.n_heads, config.d_head, config.d_mlp
    block: dict[str, TensorShape] = {"ln1.w": (d,), "ln1.b": (d,), "ln2.w": (d,), "ln2.b": (d,)}
    for projection in "QKV":
        block |= {f"attn.W_{projection}": (heads, d, head), f"attn.b_{projection}": (heads, head)}
    block |= {"attn.W_O": (heads, head, d), "attn.b_O": (d,)}
    block |= {"mlp.W_in": (d, mlp), "mlp.b_in": (mlp,), "mlp.W_out": (mlp, d), "mlp.b_out": (d,)}
    if config.activation in ACTIVATIONS_WITH_LAYERNORM:
        block |= {"mlp.ln.w": (mlp,), "mlp.ln.b": (mlp,)}
    shapes: dict[str, TensorShape] = {
        f"blocks.{layer}.{name}": shape for layer in range(config.n_layers) for name, shape in block.items()
    }
    shapes |= {"embed.W_E": (config.d_vocab, d), "pos_embed.W_pos": (config.n_ctx, d), "ln_final.w": (d,)}
    shapes |= {"ln_final.b": (d,)} if config.final_norm == "layernorm" else {}
    return shapes | {"unembed.W_U": (d, config.d_vocab), "unembed.b_U": (config.d_vocab,)}


def _to_our_layout(lens: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """The weights by the names of `transformer.py`, with matrices that multiply from the left and heads joined."""
    weights = {
        "embed.weight": lens["embed.W_E"],
        "position.weight": lens["pos_embed.W_pos"],
        "norm.weight": lens["ln_final.w"],
        "unembed.weight": lens["unembed.W_U"].T,
        "unembed.bias": lens["unembed.b_U"],
    }
    if config.final_norm == "layernorm":
        weights["norm.bias"] = lens["ln_final.b"]
    for layer in range(config.n_layers):
        prefix = f"blocks.{layer}."
        lens_block = {name.removeprefix(prefix): tensor for name, tensor in lens.items() if name.startswith(prefix)}
        weights |= {prefix + name: tensor for name, tensor in _block_to_our_layout(lens_block, config).items()}
    return weights


def _block_to_our_layout(lens: Mapping[str, Tensor], config: ModelConfig) -> dict[str, Tensor]:
    """The weights of one block in our layout, under names without the block's prefix."""
    joined = config.n_heads * config.d_head
    qkv_weights = [lens[f"attn.W_{name}"].mT.reshape(joined, config.d_model) for name in "QKV"]
    qkv_biases = [lens[f"attn.b_{name}"].reshape(joined) for name in "QKV"]
    weights = {
        "attention.qkv.weight": torch.cat(qkv_weights),
        "attention.qkv.bias": torch.cat(qkv_biases),
        "attention.out.weight": lens["attn.W_O"].reshape(joined, config.d_model).T,
        "attention.out.bias": lens["attn.b_O"],
        "mlp.up.weight": lens["mlp.W_in"].T,
        "mlp.up.bias": lens["mlp.b_in"],
        "mlp.down.weight": lens["mlp.W_out"].T,
        "mlp.down.bias": lens["mlp.b_out"],
    }
    norms = {"norm1": "ln1", "norm2": "ln2"}
    norms |= {"mlp.norm": "mlp.ln"} if config.activation in ACTIVATIONS_WITH_LAYERNORM else {}
    for our_name, lens_name in norms.items():
        weights |= {f"{our_name}.weight": lens[f"{lens_name}.w"], f"{our_name}.bias": lens[f"{lens_name}.b"]}
    return weights


def _notes(raw_config: JsonObject, config: ModelConfig, gelu: GeluForm) -> list[str]:
    """Sentences about choices that were made when the config was read."""
    notes = []
    if raw_config["act_fn"] == "gelu":
        reason = "the form it was trained with" if gelu == "tanh" else "TransformerLens's reading"
        notes.append(f"GELU is computed in its {gelu} form, {reason}; the other differs by at most 4.8e-4")
    if config.final_norm == "rms":
        notes.append("the final norm is RMS, not LayerNorm")
    if raw_config.get("use_dropout"):
        notes.append("it was trained with dropout; check that its partner was too before calling them a pair")
    return notes
