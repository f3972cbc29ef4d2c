"""Any model by name: a folder in one of three formats, a model that comes with First Glance, or a name on the hub."""

import json
from functools import partial
from pathlib import Path
from typing import Any

from app.foundation.errors import ModelError, error_summary
from app.foundation.paths import resource_folder
from app.models.hugging_face import is_hugging_face_config, load_hugging_face_model
from app.models.model_folder import CONFIG_FILE, TOKENIZER_FILE, LoadedModel, load_model
from app.models.tokenizer import Tokenizer
from app.models.transformer_lens import GeluForm, is_transformer_lens_config, load_transformer_lens_model

TEXT_FILES = ["*.json"]
TENSOR_FILES = ["*final.pth", "*.safetensors"]
OTHER_TENSOR_FILES = ["pytorch_model*.bin"]


def load_any_model(name: str | Path, gelu: GeluForm = "tanh", cache: Path | None = None) -> LoadedModel:
    """A model ready to run, weights in float32, whatever its format.

    `name` is a folder, a model that comes with First Glance ("1L-gelu"), or OWNER/NAME on the Hugging Face hub, with
    @REVISION to fix a commit. `gelu` is explained at `lens.load_lens`; `cache` is the hub's folder of downloads.
    Raises ModelError with what to do.
    """
    folder = find_model_folder(name, cache)
    config = _config(folder)
    if is_transformer_lens_config(config):
        return _with_known_tokens(
            load_transformer_lens_model(folder, Path(name).name, _tokenizer(folder, config, cache), gelu)
        )
    if is_hugging_face_config(config):
        return _with_known_tokens(load_hugging_face_model(folder, _tokenizer(folder, config, cache)))
    return load_model(folder)


def find_model_folder(name: str | Path, cache: Path | None = None) -> Path:
    """The folder that `name` means, downloaded if it is a name on the hub. Raises ModelError if it means nothing."""
    for folder in (Path(name), resource_folder("demo") / name):
        if folder.is_dir():
            return folder
    owner, slash, rest = str(name).partition("/")
    if not slash or not owner or "/" in rest or owner in (".", "..", "~"):
        shipped = (
            ", ".join(sorted(path.parent.name for path in resource_folder("demo").glob(f"*/{CONFIG_FILE}"))) or "none"
        )
        msg = f"{name} is no folder, no name on the hub (OWNER/NAME) and not among the models here: {shipped}"
        raise ModelError(msg)
    return _download(str(name), cache)


def _download(name: str, cache: Path | None) -> Path:
    """A repository's text files and weights, from the hub or from what was downloaded before."""
    from huggingface_hub import snapshot_download

    repository, _, revision = name.partition("@")
    try:
        fetch = partial(snapshot_download, repository, revision=revision or None, cache_dir=cache)
        folder = Path(fetch(allow_patterns=[*TEXT_FILES, *TENSOR_FILES]))
        if not any(next(folder.glob(pattern), None) for pattern in TENSOR_FILES):
            fetch(allow_patterns=OTHER_TENSOR_FILES)
    except Exception as error:  # the hub's client raises errors of several libraries
        msg = (
            f"{name} is no folder here and cannot be had from the hub ({error_summary(error)}); check name and network"
        )
        raise ModelError(msg) from error
    return folder


def _config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG_FILE
    if not path.is_file():
        msg = f"{folder} is no model folder: {CONFIG_FILE} is missing"
        raise ModelError(msg)
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        msg = f"{path} is not JSON ({error}); copy it again"
        raise ModelError(msg) from error
    return config if isinstance(config, dict) else {}


def _tokenizer(folder: Path, config: dict[str, Any], cache: Path | None) -> Tokenizer:
    """The folder's own tokenizer, else the one that its config names."""
    named = config.get("tokenizer_name")
    if (folder / TOKENIZER_FILE).is_file() or not named:
        return Tokenizer.load(folder / TOKENIZER_FILE)
    return Tokenizer.load(find_model_folder(str(named), cache) / TOKENIZER_FILE)


def _with_known_tokens(loaded: LoadedModel) -> LoadedModel:
    """Raise ModelError if the tokenizer has ids that the model has no row for; spare rows are common."""
    if loaded.tokenizer.size > loaded.config.d_vocab:
        msg = (
            f"{loaded.folder}: the tokenizer has {loaded.tokenizer.size} tokens but the model knows "
            f"{loaded.config.d_vocab}; use the tokenizer that belongs to this model"
        )
        raise ModelError(msg)
    return loaded
