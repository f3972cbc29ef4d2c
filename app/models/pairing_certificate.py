"""The pairing certificate: what the arms of a size have in common, proved by digests, and how their losses differ.

It says of arms that they had the same config but for the activation, the same initial weights (all but the extra
LayerNorm's, which start as one and zero), the same rows in the same order and the same recipe. A report quotes it.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from app.foundation.digest import sha256_of_file
from app.foundation.errors import ModelError
from app.foundation.files import write_text_atomically
from app.models.config import Activation, ModelConfig

CERTIFICATE_FILE, SUMMARY_FILE = "certificate.json", "summary.json"
T = TypeVar("T", bound=BaseModel)

COMMON_FIELDS = ("shared_config", "recipe", "initial_sha256", "order_sha256", "corpus_sha256", "steps", "tokens")


class TrainingSummary(BaseModel):
    """What one finished training run states about itself (`summary.json`)."""

    model_config = ConfigDict(frozen=True)

    activation: Activation
    shared_config: dict[str, Any]
    recipe: dict[str, Any] = {}
    """Empty for runs from before recipes were recorded."""
    steps: int
    tokens: int
    """Tokens predicted in training."""
    initial_sha256: str
    order_sha256: str
    corpus_sha256: str
    validation_loss: float
    """Nats per token over the held-out rows, of the weights as saved."""
    torch: str = ""
    """Version of the library."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The summary in a model folder. Raises ModelError if it is missing or incomplete."""
        path = folder / SUMMARY_FILE
        if not path.is_file():
            msg = f"{folder} has no {SUMMARY_FILE}, so its training is not finished; run the same command again"
            raise ModelError(msg)
        return _validated(cls, path)

    def write(self, folder: Path) -> None:
        """Write it whole."""
        write_text_atomically(folder / SUMMARY_FILE, self.model_dump_json(indent=2) + "\n")


class PairingCertificate(BaseModel):
    """What the arms of one size share, and where they ended. The first arm is the baseline."""

    model_config = ConfigDict(frozen=True)

    arms: tuple[str, ...]
    shared_config: dict[str, Any]
    recipe: dict[str, Any]
    initial_sha256: str
    order_sha256: str
    corpus_sha256: str
    steps: int
    tokens: int
    validation_loss: dict[str, float]
    """By arm, nats per token."""
    difference: dict[str, float]
    """By arm, validation loss minus the baseline's, in nats per token."""
    relative_difference: dict[str, float] = {}
    """By arm, the difference as a share of the baseline's loss."""
    weights_sha256: dict[str, str] = {}
    """By arm, the digest of `model.safetensors`: what the certificate is about."""

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The certificate in a folder, None if there is none. Raises ModelError if it cannot be read."""
        path = folder / CERTIFICATE_FILE
        return _validated(cls, path) if path.is_file() else None

    def write(self, folder: Path) -> None:
        """Write it whole."""
        write_text_atomically(folder / CERTIFICATE_FILE, self.model_dump_json(indent=2) + "\n")

    def covers(self, config: ModelConfig, weights_sha256: str) -> bool:
        """Whether it speaks of these very weights, and of this config."""
        shared = json.loads(json.dumps(config.without_activation()))
        return self.weights_sha256.get(config.activation) == weights_sha256 and self.shared_config == shared


def certify_arms(out: Path, activations: Sequence[str], weights: str = "model.safetensors") -> PairingCertificate:
    """Compare the finished arms in OUT/<activation>/ and state what they share.

    Raises ModelError if one is not finished or if they differ in more than the activation.
    """
    arms = {name: TrainingSummary.read(out / name) for name in activations}
    for key in COMMON_FIELDS:
        if len({json.dumps(getattr(arm, key), sort_keys=True) for arm in arms.values()}) > 1:
            msg = f"{out}: the arms differ in {key}, so they are not a pair; train them again into an empty folder"
            raise ModelError(msg)
    first = arms[activations[0]]
    losses = {name: arm.validation_loss for name, arm in arms.items()}
    difference = {name: loss - first.validation_loss for name, loss in losses.items()}
    return PairingCertificate(
        arms=tuple(activations),
        **{key: getattr(first, key) for key in COMMON_FIELDS},
        validation_loss=losses,
        difference=difference,
        relative_difference={name: value / first.validation_loss for name, value in difference.items()},
        weights_sha256={name: sha256_of_file(out / name / weights) for name in activations},
    )


def _validated(kind: type[T], path: Path) -> T:
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        msg = f"{path}: {place}: {first['msg']}; restore the file from where the model came from"
        raise ModelError(msg) from error
