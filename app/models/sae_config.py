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
    apply_b_dec_to_input: bool = True
    normalize_activations: str = "none"
    k: int | None = Field(default=None, ge=1, le=LARGEST_SIZE)
    rescale_acts_by_decoder_norm: bool = False
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
        if self.activation_fn not in ("relu", "topk"):
            return f"activation_fn is {shortened(self.activation_fn)}, expected relu or topk"
        if self.normalize_activations not in ("none", "layer_norm", "constant_norm_rescale"):
            return (
                f"normalize_activations is {shortened(self.normalize_activations)}, whose factors are not in the "
                "folder; fold them into the weights with SAELens and save it again"
            )
        if self.nonlinearity == "topk" and not 1 <= (self.k or 0) <= self.d_sae:
            return f"k is {self.k}, expected a whole number from 1 to {self.d_sae}"
        if self.hook_head_index is not None:
            return f"hook_head_index is {self.hook_head_index}; SAEs of a single head cannot be read"
        if self.is_transcoder and self.d_out is None:
            return "d_out is missing, expected the width of what the transcoder reconstructs"
        return None


def load_sae_config(folder: Path) -> SaeConfig:
    """Read `cfg.json`. Raises ModelError, naming the file and the key, if the latents cannot be computed from it."""
    path = folder / SAE_CONFIG_FILE
    if not path.is_file():
        msg = f"{folder} is no folder of an SAE in SAELens's format: {SAE_CONFIG_FILE} is missing"
        raise ModelError(msg)
    try:
        return SaeConfig.model_validate(_in_one_layout(read_json_object(path)))
    except ValidationError as error:
        key, reason = first_problem(error)
        msg = f"{path}: {f'{key}: ' if key else ''}{reason.removeprefix('Value error, ')}"
        raise ModelError(msg) from error
    except ValueError as error:
        msg = f"{path} cannot be read as a config ({error}); copy it again"
        raise ModelError(msg) from error


def _in_one_layout(raw_config: JsonObject) -> JsonObject:
    """A config of any version with all keys beside each other, by their present names, and without empty ones."""
    metadata = raw_config.get("metadata")
    joined = {**(metadata if isinstance(metadata, dict) else {}), **raw_config}
    renamed: JsonObject = {OLD_NAMES.get(key, key): value for key, value in joined.items() if value is not None}
    arguments = renamed.get("activation_fn_kwargs")
    if renamed.get("activation_fn") == "topk" and isinstance(arguments, dict):
        renamed |= {"architecture": "topk", "k": arguments.get("k", renamed.get("k"))}
    if isinstance(renamed.get("normalize_activations"), bool):
        renamed["normalize_activations"] = "expected_average_only_in" if renamed["normalize_activations"] else "none"
    if renamed.get("architecture") != "topk":
        renamed.pop("k", None)  # that of a batch may be a fraction, and says nothing outside of training
    return renamed
