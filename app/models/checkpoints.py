"""A model on disk: a folder with `model.safetensors`, `config.json`, `tokenizer.json` and, if trained here, its log."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from app.foundation.digest import sha256_of_file
from app.foundation.errors import ModelError
from app.models.config import ModelConfig
from app.models.tokenizer import Tokenizer
from app.models.transformer import Transformer

WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to run, with what identifies it."""

    transformer: Transformer
    tokenizer: Tokenizer
    weights_sha256: str
    folder: Path

    @property
    def config(self) -> ModelConfig:
        """Sizes and choices."""
        return self.transformer.config


def save_model(transformer: Transformer, folder: Path, dtype: torch.dtype = torch.bfloat16) -> None:
    """Write weights and config; the tied unembedding is written once, as the embedding."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.to(dtype).contiguous() for name, tensor in _own_tensors(transformer).items()}
    save_file(tensors, folder / WEIGHTS)
    text = json.dumps(transformer.config.model_dump(), indent=2)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")


def load_model(folder: Path) -> LoadedModel:
    """Read a model folder, weights in float32. Raises ModelError, naming the file, the key and what was expected."""
    config = load_config(folder)
    transformer = Transformer(config)
    path = folder / WEIGHTS
    fill(transformer, _read_tensors(path), path)
    tokenizer = Tokenizer.load(folder / TOKENIZER)
    if tokenizer.size != config.d_vocab:
        msg = (
            f"{folder / TOKENIZER} has {tokenizer.size} tokens but the model was trained with {config.d_vocab}; "
            "use the tokenizer that belongs to this model"
        )
        raise ModelError(msg)
    return LoadedModel(transformer.eval(), tokenizer, sha256_of_file(path), folder)


def load_config(folder: Path) -> ModelConfig:
    """Read `config.json`. Raises ModelError if it is missing or says something unknown."""
    path = folder / CONFIG
    if not path.is_file():
        msg = f"{folder} is no model folder: {CONFIG} is missing"
        raise ModelError(msg)
    try:
        return ModelConfig.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        msg = f"{path}: {place}: {first['msg']}; mend it or copy the model again"
        raise ModelError(msg) from error


def fill(transformer: Transformer, tensors: dict[str, torch.Tensor], path: Path) -> None:
    """Copy tensors in by name. Raises ModelError on a missing or surplus key or a wrong shape."""
    wanted = _own_tensors(transformer)
    for name in sorted(wanted.keys() - tensors.keys()):
        msg = f"{path} lacks {name}, expected with shape {tuple(wanted[name].shape)}; the file is not of this config"
        raise ModelError(msg)
    for name in sorted(tensors.keys() - wanted.keys()):
        msg = f"{path} has {name}, which this config has no place for; the file is not of this config"
        raise ModelError(msg)
    for name, place in wanted.items():
        if place.shape != tensors[name].shape:
            shapes = f"{tuple(tensors[name].shape)}, expected {tuple(place.shape)}"
            msg = f"{path}: {name} has shape {shapes}; the file is not of this config"
            raise ModelError(msg)
        with torch.no_grad():
            place.copy_(tensors[name])


def _own_tensors(transformer: Transformer) -> dict[str, torch.Tensor]:
    return {name: tensor.detach() for name, tensor in transformer.named_parameters()}


def _read_tensors(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        msg = f"{path} is missing; the model folder is incomplete, copy it again"
        raise ModelError(msg)
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        msg = f"{path} is not a whole safetensors file ({error}); copy it again"
        raise ModelError(msg) from error
