"""A model on disk: a folder with `model.safetensors`, `config.json`, `tokenizer.json` and, if trained here, its log."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from app.foundation.digest import sha256_of_file
from app.foundation.errors import ModelError
from app.foundation.files import write_atomically, write_text_atomically
from app.models.config import ModelConfig, ModelShape
from app.models.readable_model import ReadableModel
from app.models.tokenizer import Tokenizer
from app.models.transformer import Transformer

WEIGHTS_FILE, CONFIG_FILE, TOKENIZER_FILE = "model.safetensors", "config.json", "tokenizer.json"


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to run, with what identifies it."""

    transformer: ReadableModel
    tokenizer: Tokenizer
    weights_sha256: str
    folder: Path
    layout: str = "First Glance"
    """Whose format it was read from."""
    notes: tuple[str, ...] = ()
    """Choices made in reading it that change its values, a sentence each."""
    provenance: Mapping[str, object] = field(default_factory=dict)
    """What its config tells of its training: seed, tokenizer name and the like."""

    @property
    def config(self) -> ModelShape:
        """Sizes and choices."""
        return self.transformer.config


def save_model(transformer: Transformer, folder: Path, dtype: torch.dtype = torch.bfloat16) -> None:
    """Write weights and config; the tied unembedding is written once, as the embedding."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.to("cpu", dtype).contiguous() for name, tensor in _own_tensors(transformer).items()}
    write_atomically(folder / WEIGHTS_FILE, lambda path: save_file(tensors, path))
    write_text_atomically(folder / CONFIG_FILE, json.dumps(transformer.config.model_dump(), indent=2) + "\n")


def load_model(folder: Path) -> LoadedModel:
    """Read a folder in our own format, weights in float32; `sources.load` reads every format.

    Raises ModelError, naming the file, the key and what was expected.
    """
    config = load_config(folder)
    transformer = Transformer(config)
    path = folder / WEIGHTS_FILE
    copy_weights(transformer, read_safetensors(path), path)
    tokenizer = Tokenizer.load(folder / TOKENIZER_FILE)
    if tokenizer.size != config.d_vocab:
        msg = (
            f"{folder / TOKENIZER_FILE} has {tokenizer.size} tokens but the model was trained with {config.d_vocab}; "
            "use the tokenizer that belongs to this model"
        )
        raise ModelError(msg)
    return LoadedModel(transformer.eval(), tokenizer, sha256_of_file(path), folder)


def load_config(folder: Path) -> ModelConfig:
    """Read `config.json`. Raises ModelError if it is missing or says something unknown."""
    path = folder / CONFIG_FILE
    if not path.is_file():
        msg = f"{folder} is no model folder: {CONFIG_FILE} is missing"
        raise ModelError(msg)
    return parse_config(path.read_bytes(), path)


def parse_config(data: bytes, path: Path) -> ModelConfig:
    """A config from JSON. Raises ModelError, naming `path`, the key and what was expected."""
    try:
        return ModelConfig.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        msg = f"{path}: {place}: {first['msg']}; mend it or copy the model again"
        raise ModelError(msg) from error


def copy_weights(transformer: Transformer, tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    """Copy tensors in by name. Raises ModelError on a missing or surplus key or a wrong shape."""
    wanted = _own_tensors(transformer)
    require_exact_keys({name: tuple(place.shape) for name, place in wanted.items()}, tensors, path)
    with torch.no_grad():
        for name, place in wanted.items():
            place.copy_(tensors[name])


def require_exact_keys(wanted: Mapping[str, tuple[int, ...]], tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    """Raise ModelError, naming the key, unless `tensors` has exactly the `wanted` keys with exactly these shapes."""
    for name in sorted(wanted.keys() - tensors.keys()):
        msg = f"{path} lacks {name}, expected with shape {wanted[name]}; the file is not of this config"
        raise ModelError(msg)
    for name in sorted(tensors.keys() - wanted.keys()):
        msg = f"{path} has {name}, which this config has no place for; the file is not of this config"
        raise ModelError(msg)
    for name, shape in wanted.items():
        found = tuple(tensors[name].shape)
        if found != shape:
            msg = f"{path}: {name} has shape {found}, expected {shape}; the file is not of this config"
            raise ModelError(msg)


def read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a file. Raises ModelError if it is missing or not whole."""
    if not path.is_file():
        msg = f"{path} is missing; the model folder is incomplete, copy it again"
        raise ModelError(msg)
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        msg = f"{path} is not a whole safetensors file ({error}); copy it again"
        raise ModelError(msg) from error


def _own_tensors(transformer: Transformer) -> dict[str, torch.Tensor]:
    return {name: tensor.detach() for name, tensor in transformer.named_parameters()}
