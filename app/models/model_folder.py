"""A model on disk: a folder with `model.safetensors`, `config.json`, `tokenizer.json` and, if trained here, its log."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from app.foundation.digest import sha256_of_file
from app.foundation.errors import ModelError, first_problem
from app.foundation.files import write_atomically, write_text_atomically
from app.foundation.json_file import read_json_object
from app.foundation.json_types import JsonObject
from app.models.config import ModelConfig, ModelShape
from app.models.folder_files import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE
from app.models.readable_model import ReadableModel
from app.models.tokenizer import Tokenizer
from app.models.transformer import Transformer


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to run, with its tokenizer, digest and origin."""

    transformer: ReadableModel
    tokenizer: Tokenizer
    weights_sha256: str
    folder: Path
    layout: str = "First Glance"
    """The name of the format it was read from."""
    notes: tuple[str, ...] = ()
    """Sentences about choices of the reader that change the model's values."""
    provenance: JsonObject = field(default_factory=dict)
    """Facts from its config about its training, such as the seed and the tokenizer's name."""
    twin_seed: int | None = None
    """For the random twin of a model, the seed from which its weights were drawn; None for a model that was trained."""

    @property
    def config(self) -> ModelShape:
        """Sizes and choices."""
        return self.transformer.config


def save_model(transformer: Transformer, folder: Path) -> None:
    """Write weights, in bfloat16, and config; a tied unembedding is written once, as the embedding."""
    folder.mkdir(parents=True, exist_ok=True)
    parameters = _parameters_by_name(transformer)
    tensors = {name: tensor.to("cpu", torch.bfloat16).contiguous() for name, tensor in parameters.items()}
    write_atomically(folder / WEIGHTS_FILE, lambda path: save_file(tensors, path))
    write_text_atomically(folder / CONFIG_FILE, json.dumps(transformer.config.model_dump(), indent=2) + "\n")


def load_model(folder: Path) -> LoadedModel:
    """Read a folder in First Glance's own format, with weights in float32; `loading.load_any_model` reads every format.

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
    """Read `config.json`. Raises ModelError if it is missing or has an unknown key or value."""
    return parse_config(read_raw_config(folder), folder / CONFIG_FILE)


def read_raw_config(folder: Path) -> JsonObject:
    """`config.json` in any format. Raises ModelError if it is missing or no JSON object."""
    path = folder / CONFIG_FILE
    if not path.is_file():
        msg = f"{folder} is no model folder: {CONFIG_FILE} is missing"
        raise ModelError(msg)
    try:
        return read_json_object(path)
    except ValueError as error:
        msg = f"{path} cannot be read as a config ({error}); copy it again"
        raise ModelError(msg) from error


def parse_config(raw_config: JsonObject, path: Path) -> ModelConfig:
    """A config from JSON values. Raises ModelError, naming `path`, the key and what was expected."""
    try:
        return ModelConfig.model_validate(raw_config)
    except ValidationError as error:
        msg = f"{path}: {problem_in_file(error)}; repair it or copy the model again"
        raise ModelError(msg) from error


def problem_in_file(validation_error: ValidationError) -> str:
    """The first key that pydantic refused, and why: "d_mlp: Field required"."""
    key, reason = first_problem(validation_error)
    return f"{key or 'the file'}: {reason}"


def copy_weights(transformer: Transformer, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Copy `tensors`, read from `path`, into the transformer by name.

    Raises ModelError if a key is missing or surplus or has the wrong shape.
    """
    parameters = _parameters_by_name(transformer)
    require_exact_keys({name: tuple(parameter.shape) for name, parameter in parameters.items()}, tensors, path)
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(tensors[name])


def require_exact_keys(expected: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Tensor], path: Path) -> None:
    """Raise ModelError, naming the key, unless `tensors` has exactly the `expected` keys with exactly these shapes."""
    for name in sorted(expected.keys() - tensors.keys()):
        msg = f"{path} lacks {name}, expected with shape {expected[name]}; use the file that belongs to this config"
        raise ModelError(msg)
    for name in sorted(tensors.keys() - expected.keys()):
        msg = f"{path} has {name}, which a model of this config does not have; use the file that belongs to it"
        raise ModelError(msg)
    for name, expected_shape in expected.items():
        actual_shape = tuple(tensors[name].shape)
        if actual_shape != expected_shape:
            msg = (
                f"{path}: {name} has shape {actual_shape}, expected {expected_shape}; "
                "use the file that belongs to this config"
            )
            raise ModelError(msg)


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file. Raises ModelError if the file is missing or damaged."""
    if not path.is_file():
        msg = f"{path} is missing; the model folder is incomplete, copy it again"
        raise ModelError(msg)
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        msg = f"{path} is not a whole safetensors file ({error}); copy it again"
        raise ModelError(msg) from error


def _parameters_by_name(transformer: Transformer) -> dict[str, Tensor]:
    return {name: parameter.detach() for name, parameter in transformer.named_parameters()}
