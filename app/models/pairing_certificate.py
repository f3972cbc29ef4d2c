"""The pairing certificate: digests that prove what the arms of a size have in common, and their losses.

It states that the arms had the same config but for the activation, the same initial weights (except those of the extra
LayerNorm, which start as one and zero), the same rows in the same order, and the same recipe. A report quotes it.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.foundation.digest import sha256_of_file
from app.foundation.errors import ModelError
from app.foundation.files import read_small_file, write_text_atomically
from app.foundation.json_types import JsonObject
from app.models.config import Activation, ModelConfig
from app.models.folder_files import WEIGHTS_FILE
from app.models.model_folder import problem_in_file

CERTIFICATE_FILE, SUMMARY_FILE = "certificate.json", "summary.json"
Record = TypeVar("Record", bound=BaseModel)

COMMON_FIELDS = ("shared_config", "recipe", "initial_sha256", "order_sha256", "corpus_sha256", "steps", "tokens")


class TrainingSummary(BaseModel):
    """The summary that a finished training run writes (`summary.json`)."""

    model_config = ConfigDict(frozen=True)

    activation: Activation
    shared_config: JsonObject
    recipe: JsonObject = {}
    """Empty for runs of versions that did not record recipes."""
    steps: int
    tokens: int
    """Tokens predicted in training."""
    initial_sha256: str
    order_sha256: str
    corpus_sha256: str
    validation_loss: float
    """The loss of the saved weights over the held-out rows, in nats per token."""
    torch: str = ""
    """Version of the library."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The summary in a model folder. Raises ModelError if it is missing or incomplete."""
        path = folder / SUMMARY_FILE
        if not path.is_file():
            msg = f"{folder} has no {SUMMARY_FILE}, so its training is not finished; run the same command again"
            raise ModelError(msg)
        return _read_record(cls, path)

    def write(self, folder: Path) -> None:
        """Write it to a model folder, atomically."""
        write_text_atomically(folder / SUMMARY_FILE, self.model_dump_json(indent=2) + "\n")


class PairingCertificate(BaseModel):
    """What the arms of one size have in common, and the losses they reached. The first arm is the baseline."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True)

    arm_names: tuple[str, ...] = Field(alias="arms")
    shared_config: JsonObject
    recipe: JsonObject
    initial_sha256: str
    order_sha256: str
    corpus_sha256: str
    steps: int
    tokens: int
    validation_loss: dict[str, float]
    """The validation loss of each arm, in nats per token."""
    difference: dict[str, float]
    """For each arm, its validation loss minus the baseline's, in nats per token."""
    relative_difference: dict[str, float] = {}
    """For each arm, the difference as a share of the baseline's loss."""
    weights_sha256: dict[str, str] = {}
    """For each arm, the digest of `model.safetensors`, the weights that the certificate is about."""

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The certificate in a folder; None if there is none. Raises ModelError if it cannot be read."""
        path = folder / CERTIFICATE_FILE
        return _read_record(cls, path) if path.is_file() else None

    def write(self, folder: Path) -> None:
        """Write it to a folder, atomically."""
        write_text_atomically(folder / CERTIFICATE_FILE, self.model_dump_json(indent=2) + "\n")

    def covers(self, config: ModelConfig, weights_sha256: str) -> bool:
        """Whether it is about a model with this config and exactly these weights."""
        certified_weights = self.weights_sha256.get(config.activation)
        return certified_weights == weights_sha256 and self.shared_config == config.without_activation()


def certify_arms(out: Path, arm_names: Sequence[str]) -> PairingCertificate:
    """Compare the finished arms in OUT/<arm name>/ and make their certificate.

    Raises ModelError if an arm is not finished or if they differ in more than the activation.
    """
    summaries = {name: TrainingSummary.read(out / name) for name in arm_names}
    for key in COMMON_FIELDS:
        if len({json.dumps(getattr(summary, key), sort_keys=True) for summary in summaries.values()}) > 1:
            msg = f"{out}: the arms differ in {key}, so they are not a pair; train them again into an empty folder"
            raise ModelError(msg)
    baseline = summaries[arm_names[0]]
    differences = {name: summary.validation_loss - baseline.validation_loss for name, summary in summaries.items()}
    return PairingCertificate(
        arms=tuple(arm_names),
        **{key: getattr(baseline, key) for key in COMMON_FIELDS},
        validation_loss={name: summary.validation_loss for name, summary in summaries.items()},
        difference=differences,
        relative_difference={name: value / baseline.validation_loss for name, value in differences.items()},
        weights_sha256={name: sha256_of_file(out / name / WEIGHTS_FILE) for name in arm_names},
    )


def _read_record(record_class: type[Record], path: Path) -> Record:
    """A record from a JSON file. Raises ModelError, naming the key and what was expected."""
    try:
        return record_class.model_validate_json(read_small_file(path))
    except ValidationError as error:
        msg = f"{path}: {problem_in_file(error)}; restore the file from where the model came from"
        raise ModelError(msg) from error
