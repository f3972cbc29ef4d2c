"""Reads causal language models of the `transformers` library, by family of architectures (extra `hf`).

The library computes the model. Hooks record what enters or leaves its modules, and the pass stops at the last of them.
`mlp.act` is what enters a layer's down-projection: after the activation, and after the product with the gate if there
is one (Shazeer, 2020).
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypedDict, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from app.foundation.digest import sha256_of_file, sha256_of_json
from app.foundation.errors import ModelError, error_summary
from app.foundation.json_types import JsonObject
from app.models.config import MOST_LAYERS, Site
from app.models.families import FAMILIES, ArchitectureFamily
from app.models.folder_files import CONFIG_FILE
from app.models.model_folder import LoadedModel, read_raw_config
from app.models.module_hooks import ModulePoint, read_module_points, require_module
from app.models.place import NORM_INPUTS, Place
from app.models.readable_model import ReadableModel
from app.models.tokenizer import Tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel

ONE_THREAD = Lock()
"""Held while a model is built. The library then replaces functions of PyTorch that all threads share: another thread's
model would lack weights, or be left without the random ones that it was to have."""
WEIGHT_FILES = ("model*.safetensors", "pytorch_model*.bin")


LAYER_COUNT_KEYS = ("num_hidden_layers", "n_layer")
"""What configs of the library call the number of blocks."""


@dataclass(frozen=True)
class HuggingFaceShape:
    """The sizes and choices of a model of the library, as `config.ModelShape` asks for them."""

    family: str
    activation: str
    n_layers: int
    d_model: int
    d_mlp: int
    d_vocab: int
    n_ctx: int
    bos: int
    special: tuple[int, ...]
    sites: tuple[Site, ...] = ("mlp.act",)


class _LoadingInfo(TypedDict):
    """The library's report on the keys of the weights that it read."""

    missing_keys: set[str]
    unexpected_keys: set[str]
    mismatched_keys: set[tuple[str, torch.Size, torch.Size]]
    """Name, shape in the file, shape expected."""


class HuggingFaceModel(ReadableModel):
    """A causal language model of the library, which is read by hooks on its modules."""

    config: HuggingFaceShape

    def __init__(self, library_model: "PreTrainedModel", config: HuggingFaceShape) -> None:
        super().__init__()
        self.model, self.config = library_model, config

    @property
    def down_projections(self) -> list[nn.Module]:
        """The down-projection of each layer."""
        return [self.family.down_projection(block) for block in self._blocks]

    @property
    def family(self) -> ArchitectureFamily:
        """Where modules lie in this architecture."""
        return FAMILIES[self.config.family]

    @property
    def centres_stream(self) -> bool:
        """Whether the norms are LayerNorms, which subtract the mean."""
        return self.family.centres_stream

    @property
    def _blocks(self) -> list[nn.Module]:
        return list(self.model.get_submodule(self.family.blocks_path).children())

    def forward(self, x: Tensor) -> Tensor:
        """Token ids [batch, token] -> logits [batch, token, d_vocab]."""
        self.require_window_fits(x.shape[1])
        logits: Tensor = self.model(input_ids=x, use_cache=False).logits
        return logits

    def read_places(self, places: Collection[Place], token_ids: Tensor) -> dict[Place, Tensor]:
        """As `ReadableModel.read_places`; modules have the names that they have in the library's model."""
        self.require_window_fits(token_ids.shape[1])
        points = {place: self._point(place) for place in places}
        # Only what a module gives after the blocks needs the head of the model.
        runs_head = any(place.module for place in places)
        library_model = self.model if runs_head else self.model.base_model
        tensors = read_module_points(points, token_ids, lambda: library_model(input_ids=token_ids, use_cache=False))
        return {place: self._normalised(place, tensor) for place, tensor in tensors.items()}

    def needs_hooks(self, places: Collection[Place]) -> bool:  # noqa: ARG002 - whatever the places are
        """Always: the library computes the model."""
        return True

    def _point(self, place: Place) -> ModulePoint:
        """The module that has a place's value. Raises ModelError if the architecture is not known to have one."""
        if place.module:
            return ModulePoint(require_module(self.model, place.module))
        self.require_layer(place.layer)
        point = self.family.point(self._blocks[place.layer], place.block_part or "")
        if point is None:
            msg = f"{place} cannot be read in a model of type {self.config.family}; read another part, or a module"
            raise ModelError(msg)
        return point

    def _normalised(self, place: Place, tensor: Tensor) -> Tensor:
        """What a norm gives before its gain and bias, from what enters it; the value of any other place as it is."""
        if place.block_part not in NORM_INPUTS:
            return tensor
        norm = self._point(place).module
        eps = next(float(getattr(norm, name)) for name in ("eps", "variance_epsilon") if hasattr(norm, name))
        if self.centres_stream:
            return functional.layer_norm(tensor, tensor.shape[-1:], eps=eps)
        return functional.rms_norm(tensor, tensor.shape[-1:], eps=eps)


def is_hugging_face_config(raw_config: JsonObject) -> bool:
    """Whether a `config.json` was written by the library."""
    return "model_type" in raw_config


def load_hugging_face_model(folder: Path, tokenizer: Tokenizer) -> LoadedModel:
    """Read a folder that the library saved, with weights in float32, from safetensors or a file that has only tensors.

    Raises ModelError on an architecture that is not in `FAMILIES`, on a missing, surplus or wrongly shaped key, and on
    a damaged file.
    """
    raw_config = read_raw_config(folder)
    model_type = str(raw_config["model_type"])
    if model_type not in FAMILIES:
        msg = f"{folder / CONFIG_FILE}: model_type is {model_type}, expected one of {', '.join(sorted(FAMILIES))}"
        raise ModelError(msg)
    _require_possible_layers(raw_config, folder / CONFIG_FILE)
    library_model = _load_with_library(folder)
    reader = HuggingFaceModel(library_model, _shape_of_model(model_type, library_model, tokenizer, folder))
    return LoadedModel(
        reader.eval(),
        tokenizer,
        _weights_sha256(folder),
        folder,
        layout=f"transformers ({model_type})",
        notes=("mlp.act is the product of gate and up-projection",) if FAMILIES[model_type].gated else (),
        provenance={
            "architectures": raw_config.get("architectures"),
            "transformers_version": raw_config.get("transformers_version"),
        },
    )


def _require_possible_layers(raw_config: JsonObject, path: Path) -> None:
    """Raise ModelError for a count of layers that no model has; the library would build them all first."""
    for key in LAYER_COUNT_KEYS:
        layers = raw_config.get(key, 1)
        if not isinstance(layers, int) or not 1 <= layers <= MOST_LAYERS:
            msg = f"{path}: {key} is {layers}, expected a whole number from 1 to {MOST_LAYERS}; copy the file again"
            raise ModelError(msg)


def _load_with_library(folder: Path) -> "PreTrainedModel":
    """The library's model. Raises ModelError if it is damaged, or if the library is not installed."""
    with ONE_THREAD:
        library_model, loading_info = _read_with_library(folder)
    _require_all_keys_read(loading_info, folder)
    return library_model


def _read_with_library(folder: Path) -> "tuple[PreTrainedModel, _LoadingInfo]":
    try:
        from transformers import AutoModelForCausalLM, logging
    except ImportError as error:
        msg = "models of the transformers library need the extra hf: pip install 'firstglance[hf]'"
        raise ModelError(msg) from error
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    try:
        loaded = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=torch.float32,
            local_files_only=True,
            trust_remote_code=False,
            weights_only=True,
            ignore_mismatched_sizes=True,  # they are refused below, by name
            output_loading_info=True,
        )
    except Exception as error:  # the library raises errors of every kind
        msg = f"{folder} cannot be read as a whole model ({error_summary(error)}); copy it again"
        raise ModelError(msg) from error
    # With `output_loading_info` the library returns a pair, which its types leave out.
    return cast("tuple[PreTrainedModel, _LoadingInfo]", loaded)


def _require_all_keys_read(loading_info: _LoadingInfo, folder: Path) -> None:
    """Raise ModelError for keys that the library would fill at random or ignore without saying so."""
    problems = [f"lacks {key}, which its architecture has" for key in sorted(loading_info["missing_keys"])]
    problems += [f"has {key}, which its architecture does not have" for key in sorted(loading_info["unexpected_keys"])]
    problems += [
        f"has {key} in shape {tuple(actual)}, expected {tuple(expected)}"
        for key, actual, expected in sorted(loading_info["mismatched_keys"])
    ]
    if problems:
        msg = f"{folder} {problems[0]}; these weights do not belong to this config"
        raise ModelError(msg)


def _shape_of_model(
    model_type: str, library_model: "PreTrainedModel", tokenizer: Tokenizer, folder: Path
) -> HuggingFaceShape:
    """Sizes and choices from the library's config and from the weights.

    Raises ModelError if the config names no token that begins a window.
    """
    config, family = library_model.config, FAMILIES[model_type]
    blocks = list(library_model.get_submodule(family.blocks_path).children())
    bos = next((token for token in (config.bos_token_id, config.eos_token_id) if isinstance(token, int)), None)
    if bos is None:
        msg = f"{folder / CONFIG_FILE}: bos_token_id is missing, expected the token id that begins a window; add it"
        raise ModelError(msg)
    eos_tokens = config.eos_token_id if isinstance(config.eos_token_id, list) else [config.eos_token_id]
    named_tokens = [config.bos_token_id, config.pad_token_id, *eos_tokens]
    embedding = library_model.get_input_embeddings().weight
    assert isinstance(embedding, Tensor)
    activation = _first_attribute(config, "hidden_activation", "hidden_act", "activation_function")
    return HuggingFaceShape(
        family=model_type,
        activation=f"{activation} times up" if family.gated else activation,
        n_layers=len(blocks),
        d_model=embedding.shape[1],
        d_mlp=_input_size(blocks[0].get_submodule(family.down_path)),
        d_vocab=embedding.shape[0],
        n_ctx=int(config.max_position_embeddings),
        bos=bos,
        special=tuple(sorted({*tokenizer.special, *(token for token in named_tokens if token is not None)})),
    )


def _first_attribute(library_config: "PreTrainedConfig", *names: str) -> str:
    """The first of these attributes that the config has and that is not None."""
    return next(str(value) for name in names if (value := getattr(library_config, name, None)))


def _input_size(projection: nn.Module) -> int:
    """The size of a projection's input: rows of GPT-2's Conv1D [in, out], columns of a Linear [out, in]."""
    weight = projection.weight
    assert isinstance(weight, Tensor)
    return weight.shape[1] if isinstance(projection, nn.Linear) else weight.shape[0]


def _weights_sha256(folder: Path) -> str:
    """The digest of the weights file, or of the names and digests of several shards."""
    paths = next(paths for pattern in WEIGHT_FILES if (paths := sorted(folder.glob(pattern))))
    if len(paths) == 1:
        return sha256_of_file(paths[0])
    return sha256_of_json({path.name: sha256_of_file(path) for path in paths})
