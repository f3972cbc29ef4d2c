"""Loads a model by name: a folder in one of three formats, a model that comes with First Glance, or one on the hub."""

from functools import partial
from pathlib import Path
from typing import get_args

from app.foundation.choices import require_choice
from app.foundation.errors import ModelError, error_summary
from app.foundation.json_types import JsonObject
from app.foundation.paths import resource_folder
from app.models.config import GeluForm
from app.models.folder_files import CONFIG_FILE, TOKENIZER_FILE
from app.models.hugging_face import is_hugging_face_config, load_hugging_face_model
from app.models.model_folder import LoadedModel, load_model, read_raw_config
from app.models.tokenizer import Tokenizer
from app.models.transformer_lens import is_transformer_lens_config, load_transformer_lens_model

TEXT_FILES = ["*.json"]
TENSOR_FILES = ["*final.pth", "*.safetensors"]
OTHER_TENSOR_FILES = ["pytorch_model*.bin"]


def load_any_model(name: str | Path, gelu: GeluForm = "tanh") -> LoadedModel:
    """Load a model of any format, with weights in float32, ready to run.

    Args:
        name: a folder, a model that comes with First Glance ("1L-gelu"), or OWNER/NAME on the Hugging Face hub, with
            @REVISION to fix a commit.
        gelu: what "gelu" means in TransformerLens's format; see `load_transformer_lens_model`.

    Raises:
        ModelError: there is no such model, or it cannot be read; the message says what to do.
        SettingsError: there is no such form of GELU.
    """
    require_choice("gelu", gelu, get_args(GeluForm))
    folder = find_model_folder(name)
    raw_config = read_raw_config(folder)
    if is_transformer_lens_config(raw_config):
        tokenizer = _load_tokenizer(folder, raw_config)
        loaded = load_transformer_lens_model(folder, Path(name).name, tokenizer, gelu)
    elif is_hugging_face_config(raw_config):
        loaded = load_hugging_face_model(folder, _load_tokenizer(folder, raw_config))
    else:
        return load_model(folder)
    _require_known_tokens(loaded)
    return loaded


def find_model_folder(name: str | Path) -> Path:
    """The folder of the model called `name`, downloaded if it is on the hub. Raises ModelError if there is none."""
    for folder in (Path(name), resource_folder("demo") / name):
        if folder.is_dir():
            return folder
    owner, slash, repository = str(name).partition("/")
    if not slash or not owner or "/" in repository or owner in (".", "..", "~"):
        shipped = sorted(path.parent.name for path in resource_folder("demo").glob(f"*/{CONFIG_FILE}"))
        msg = (
            f"there is no model {name}; name a folder, a model on the hub (OWNER/NAME), or one of those that come with "
            f"First Glance: {', '.join(shipped) or 'none'}"
        )
        raise ModelError(msg)
    return _download_from_hub(str(name))


def _download_from_hub(name: str) -> Path:
    """The folder with a repository's text files and weights, from the hub or from an earlier download."""
    from huggingface_hub import snapshot_download  # slow to import, and needed for downloads only

    repository, _, revision = name.partition("@")
    try:
        download = partial(snapshot_download, repository, revision=revision or None)
        folder = Path(download(allow_patterns=[*TEXT_FILES, *TENSOR_FILES]))
        if not any(next(folder.glob(pattern), None) for pattern in TENSOR_FILES):
            download(allow_patterns=OTHER_TENSOR_FILES)
    except Exception as error:  # the hub's client raises errors of several libraries
        reason = error_summary(error)
        msg = f"there is no folder {name}, and it cannot be downloaded from the hub ({reason}); check name and network"
        raise ModelError(msg) from error
    return folder


def _load_tokenizer(folder: Path, raw_config: JsonObject) -> Tokenizer:
    """The folder's own tokenizer; without one, the tokenizer that its config names."""
    tokenizer_name = raw_config.get("tokenizer_name")
    if (folder / TOKENIZER_FILE).is_file() or not tokenizer_name:
        return Tokenizer.load(folder / TOKENIZER_FILE)
    return Tokenizer.load(find_model_folder(str(tokenizer_name)) / TOKENIZER_FILE)


def _require_known_tokens(loaded: LoadedModel) -> None:
    """Raise ModelError if the tokenizer has ids that the model does not know; that a model knows more ids is common."""
    if loaded.tokenizer.size > loaded.config.d_vocab:
        msg = (
            f"{loaded.folder}: the tokenizer has {loaded.tokenizer.size} tokens but the model knows "
            f"{loaded.config.d_vocab}; use the tokenizer that belongs to this model"
        )
        raise ModelError(msg)
