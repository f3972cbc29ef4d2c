"""A training run's state on disk: its checkpoint, its log, and the plan that keeps one folder to one experiment.

Each file is written atomically, and the log before the checkpoint. So at whatever moment a run is killed, its folder
holds a checkpoint and every line of the log up to it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NotRequired

import torch
from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from app.foundation.errors import ModelError, error_summary, first_problem
from app.foundation.files import write_atomically, write_text_atomically
from app.foundation.json_file import read_json_object
from app.foundation.json_types import JsonObject
from app.models.config import ModelConfig
from app.models.recipe import Recipe
from app.models.transformer import Transformer

CHECKPOINT_FILE, LOG_FILE, PLAN_FILE = "progress.pt", "training.jsonl", "plan.json"


class TrainingLogLine(TypedDict):
    """One line of the training log."""

    step: int
    """Finished steps."""
    tokens: int
    """Tokens predicted so far."""
    rate: NotRequired[float]
    """Learning rate of the step; logs of the models that come with First Glance do not say it."""
    loss: float
    """The loss of the step's batch, in nats per token."""
    valid: NotRequired[float]
    """Validation loss in nats per token, at checkpoints."""


_LOG_LINE = TypeAdapter(TrainingLogLine)


def save_checkpoint(
    folder: Path,
    transformer: Transformer,
    optimiser: torch.optim.Optimizer,
    step: int,
    new_lines: Sequence[TrainingLogLine],
) -> None:
    """Append `new_lines` to the log and save the state. Lines of a killed run after its checkpoint are dropped."""
    first_new_step = min((line["step"] for line in new_lines), default=step + 1)
    log = [*(line for line in read_training_log(folder) if line["step"] < first_new_step), *new_lines]
    write_text_atomically(folder / LOG_FILE, "".join(json.dumps(line) + "\n" for line in log))
    state = {"step": step, "model": transformer.state_dict(), "optimiser": optimiser.state_dict()}
    write_atomically(folder / CHECKPOINT_FILE, lambda path: torch.save(state, path))


def restore_checkpoint(folder: Path, transformer: Transformer, optimiser: torch.optim.Optimizer) -> int:
    """Load the checkpoint, if there is one, and return the number of finished steps.

    Raises ModelError if the file cannot be read or belongs to another size of model.
    """
    path = folder / CHECKPOINT_FILE
    if not path.is_file():
        return 0
    try:
        state = torch.load(path, weights_only=True, map_location=transformer.embed.weight.device)
        transformer.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        return int(state["step"])
    except Exception as error:  # torch raises errors of every kind
        msg = f"{path} is not a checkpoint of this run ({error_summary(error)}); delete {folder} to train it again"
        raise ModelError(msg) from error


def delete_checkpoint(folder: Path) -> None:
    """Remove the checkpoint of a finished run."""
    (folder / CHECKPOINT_FILE).unlink(missing_ok=True)


def read_training_log(folder: Path) -> list[TrainingLogLine]:
    """The lines of the log; none if there is no log. Raises ModelError on a line that is not JSON."""
    path = folder / LOG_FILE
    if not path.is_file():
        return []
    lines = path.read_bytes().splitlines()
    try:
        return [_LOG_LINE.validate_json(line) for line in lines]
    except ValidationError as error:
        key, reason = first_problem(error)
        msg = f"{path} has a line that is none of a log ({key}: {reason}); restore the file or delete it"
        raise ModelError(msg) from error


def require_same_plan(work: Path, config: ModelConfig, recipe: Recipe, corpus_sha256: str) -> None:
    """Write the plan of an experiment when it starts, and compare with it when it goes on.

    The plan is the size, the recipe and the text. Raises ModelError, naming the first value that differs.
    """
    plan = {**config.without_activation(), **asdict(recipe), "corpus_sha256": corpus_sha256}
    path = work / PLAN_FILE
    if not path.is_file():
        write_text_atomically(path, json.dumps(plan, indent=2, sort_keys=True) + "\n")
        return
    written_plan = _read_plan(path)
    for name in sorted(plan.keys() | written_plan.keys()):
        if plan.get(name) != written_plan.get(name):
            values = f"{name} {written_plan.get(name)}, not {plan.get(name)}"
            msg = f"{work.parent} was begun with {values}; the arms of a pair share one plan, so use an empty folder"
            raise ModelError(msg)


def _read_plan(path: Path) -> JsonObject:
    try:
        return read_json_object(path)
    except ValueError as error:
        msg = f"{path} cannot be read as a plan ({error}); restore the file, or train into an empty folder"
        raise ModelError(msg) from error
