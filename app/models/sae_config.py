"""The config of a sparse autoencoder or transcoder in SAELens's format, of any of its versions. No torch here.

Configs of version 6 keep what they say of the model under `metadata`, older ones beside the sizes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.foundation.errors import ModelError, first_problem
from app.foundation.json_file import read_json_object
from app.foundation.json_types import JsonObject
from app.foundation.typography import shortened
from app.models.config import LARGEST_SIZE

SAE_CONFIG_FILE = "cfg.json"
LONGEST_HOOK_NAME = 200
Nonlinearity = Literal["relu", "gated", "jumprelu", "topk"]
NONLINEARITIES: Mapping[str, Nonlinearity] = {
    "standard": "relu",
    "gated": "gated",
    "jumprelu": "jumprelu",
    "topk": "topk",
    "batchtopk": "jumprelu",
    "matryoshka_batchtopk": "jumprelu",
    "transcoder": "relu",
    "skip_transcoder": "relu",
    "jumprelu_transcoder": "jumprelu",
    "jumprelu_skip_transcoder": "jumprelu",
}
"""What each architecture computes of its pre-activations; batch-top-k has one learned threshold outside of training."""
RESCALING = ("topk", "batchtopk", "matryoshka_batchtopk")
"""The architectures for which `rescale_acts_by_decoder_norm` means something."""
REWRITINGS = ("center_writing_weights", "fold_value_biases")
"""What may have been done to the model's weights before training, on which the latents depend."""
MODEL_KEYS = ("hook_name", "hook_name_out", "hook_head_index", "model_from_pretrained_kwargs")
"""What configs of version 6 say of the model, under `metadata`."""
FIRST_WITH_METADATA = 6
"""The version of SAELens since which the architecture alone says what is computed."""
OLD_NAMES = {
    "hook_point": "hook_name",
    "hook_point_head_index": "hook_head_index",
    "activation_fn_str": "activation_fn",
}


class SaeConfig(BaseModel):
    """Sizes and choices of a sparse autoencoder or transcoder; what says nothing of its encoder is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    architecture: str = "standard"
    d_in: int = Field(ge=1, le=LARGEST_SIZE)
    """Dimensions of what is encoded."""
    d_sae: int = Field(ge=1, le=LARGEST_SIZE)
    """Number of latents."""
    d_out: int | None = Field(default=None, ge=1, le=LARGEST_SIZE)
    """Dimensions of what a transcoder reconstructs."""
    hook_name: str = Field(min_length=1, max_length=LONGEST_HOOK_NAME)
    """Where in the model the input is read, in TransformerLens's words or as the name of a module."""
    hook_name_out: str | None = Field(default=None, max_length=LONGEST_HOOK_NAME)
    """Where a transcoder's output belongs."""
    hook_head_index: int | None = Field(default=None, le=LARGEST_SIZE)
    activation_fn: str = "relu"
    apply_b_dec_to_input: bool = Field(default=True, strict=True)
    normalize_activations: str = "none"
    k: int | None = Field(default=None, ge=1, le=LARGEST_SIZE)
    rescale_acts_by_decoder_norm: bool = Field(default=False, strict=True)
    model_from_pretrained_kwargs: JsonObject = {}

    @property
    def nonlinearity(self) -> Nonlinearity:
        """What is computed of the pre-activations."""
        return NONLINEARITIES[self.architecture]

    @property
    def is_transcoder(self) -> bool:
        """Whether what is reconstructed lies elsewhere in the model than what is encoded."""
        return "transcoder" in self.architecture

    @property
    def has_skip(self) -> bool:
        """Whether the input also goes to the output by one matrix; the encoder does not depend on it."""
        return "skip" in self.architecture

    @property
    def subtracts_decoder_bias(self) -> bool:
        """Whether the decoder's bias is subtracted from the input; it has another space in a transcoder."""
        return self.apply_b_dec_to_input and not self.is_transcoder

    @property
    def rescales_by_decoder(self) -> bool:
        """Whether pre-activations are multiplied with the norms of the decoder; other kinds do not know the key."""
        return self.rescale_acts_by_decoder_norm and self.architecture in RESCALING

    @property
    def is_of_centred_model(self) -> bool:
        """Whether it was trained on a model whose residual stream has mean 0, a rewriting by TransformerLens."""
        return self.model_from_pretrained_kwargs.get("center_writing_weights") is True

    @model_validator(mode="after")
    def _can_be_computed(self) -> Self:
        problem = self._problem()
        if problem:
            raise ValueError(problem)
        return self

    def _problem(self) -> str | None:
        """Why the latents cannot be computed from the folder; None if they can."""
        if self.architecture not in NONLINEARITIES:
            return f"architecture is {shortened(self.architecture)}, expected one of {', '.join(NONLINEARITIES)}"
        activation_problem = self._activation_problem()
        if activation_problem:
            return activation_problem
        if self.normalize_activations not in ("none", "layer_norm", "constant_norm_rescale"):
            return (
                f"normalize_activations is {shortened(self.normalize_activations)}, whose factors are not in the "
                "folder; fold them into the weights with SAELens and save it again"
            )
        if self.hook_head_index is not None:
            return f"hook_head_index is {self.hook_head_index}; SAEs of a single head cannot be read"
        if self.is_transcoder and self.d_out is None:
            return "d_out is missing, expected the width of what the transcoder reconstructs"
        for name in REWRITINGS:
            if not isinstance(self.model_from_pretrained_kwargs.get(name, False), bool):
                return f"model_from_pretrained_kwargs: {name} is no truth value, expected true or false without quotes"
        return None

    def _activation_problem(self) -> str | None:
        """Why it is not clear what is computed of the pre-activations."""
        if self.activation_fn not in ("relu", "topk"):
            return f"activation_fn is {shortened(self.activation_fn)}, expected relu or topk"
        if self.activation_fn == "topk" and self.nonlinearity != "topk":
            return (
                f"activation_fn is topk, but architecture is {self.architecture}, which SAELens computes with another "
                "function; if it is a top-k SAE, write architecture topk and its k, else leave activation_fn out"
            )
        if self.nonlinearity == "topk" and not 1 <= (self.k or 0) <= self.d_sae:
            return f"k is {self.k}, expected a whole number from 1 to {self.d_sae}"
        return None


def load_sae_config(folder: Path) -> SaeConfig:
    """Read `cfg.json`. Raises ModelError, naming the file and the key, if the latents cannot be computed from it."""
    path = folder / SAE_CONFIG_FILE
    if not path.is_file():
        msg = f"{folder} is no folder of an SAE in SAELens's format: {SAE_CONFIG_FILE} is missing"
        raise ModelError(msg)
    try:
        raw_config = read_json_object(path)
    except ValueError as error:
        msg = f"{path} cannot be read as a config ({error}); copy it again"
        raise ModelError(msg) from error
    contradiction = _contradiction(raw_config)
    if contradiction:
        msg = f"{path}: {contradiction}"
        raise ModelError(msg)
    try:
        return SaeConfig.model_validate(_in_one_layout(raw_config))
    except ValidationError as error:
        key, reason = first_problem(error)
        msg = f"{path}: {f'{key}: ' if key else ''}{reason.removeprefix('Value error, ')}"
        raise ModelError(msg) from error


def _contradiction(raw_config: JsonObject) -> str | None:
    """What the config says twice and differently, so that versions of SAELens would read it differently, or not at all.

    A config of version 6 has to name its architecture: without it nothing tells a top-k SAE from a standard one.
    """
    metadata, renamed = _part(raw_config, "metadata"), _renamed(raw_config)
    for key in MODEL_KEYS:
        if None not in (renamed.get(key), metadata.get(key)) and renamed[key] != metadata[key]:
            return f"{key} is given twice, beside the sizes and in metadata, and differs; delete the wrong one"
    named_k, other_k = renamed.get("k"), _part(renamed, "activation_fn_kwargs").get("k")
    if renamed.get("architecture") == "topk" and None not in (named_k, other_k) and named_k != other_k:
        return "k is given twice, beside the sizes and in activation_fn_kwargs, and differs; delete the wrong one"
    if _is_of_version_6(raw_config) and renamed.get("architecture") is None:
        return f"architecture is missing, expected one of {', '.join(NONLINEARITIES)}; copy the file again"
    return None


def _in_one_layout(raw_config: JsonObject) -> JsonObject:
    """A config of any version with all keys beside each other, by their present names, and without empty ones."""
    of_model: JsonObject = {key: value for key, value in _part(raw_config, "metadata").items() if key in MODEL_KEYS}
    joined: JsonObject = {key: value for key, value in (of_model | _renamed(raw_config)).items() if value is not None}
    top_k = _part(joined, "activation_fn_kwargs").get("k")
    says_top_k = joined.get("activation_fn") == "topk" and joined.get("architecture", "standard") == "standard"
    if says_top_k and top_k is not None and not _is_of_version_6(raw_config):
        joined["architecture"] = "topk"
    if joined.get("architecture") != "topk":
        joined.pop("k", None)  # that of a batch may be a fraction, and says nothing outside of training
    elif top_k is not None:
        joined["k"] = top_k
    if isinstance(joined.get("normalize_activations"), bool):
        joined["normalize_activations"] = "expected_average_only_in" if joined["normalize_activations"] else "none"
    return joined


def _is_of_version_6(raw_config: JsonObject) -> bool:
    """Whether SAELens 6 or newer wrote the config; one that names no version is older."""
    version = raw_config.get("sae_lens_version") or _part(raw_config, "metadata").get("sae_lens_version")
    major = str(version or "").partition(".")[0]
    return major.isdecimal() and int(major) >= FIRST_WITH_METADATA


def _renamed(raw_config: JsonObject) -> JsonObject:
    return {OLD_NAMES.get(key, key): value for key, value in raw_config.items()}


def _part(raw_config: JsonObject, key: str) -> JsonObject:
    """An object in the config; empty if there is none."""
    part = raw_config.get(key)
    return part if isinstance(part, dict) else {}
