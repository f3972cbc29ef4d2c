"""A training run's log, checkpoint and plan on disk."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.foundation.errors import CorpusError, ModelError
from app.models.training import train_arms
from app.models.training_checkpoint import CHECKPOINT_FILE, read_training_log
from tests.models.conftest import TINY_RECIPE, tiny_config, write_text


def test_the_log_has_a_line_every_few_steps_and_a_validation_loss_at_each_checkpoint(trained: Path) -> None:
    lines = read_training_log(trained / "gelu")
    assert [line["step"] for line in lines] == [2, 4, 6, 8, 10, 12]
    assert [line["step"] for line in lines if "valid" in line] == [4, 8, 12]
    assert [line["tokens"] for line in lines] == [step * 4 * 16 for step in (2, 4, 6, 8, 10, 12)]
    assert lines[-1]["valid"] < lines[1]["valid"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recipe": replace(TINY_RECIPE, steps=13)}, "begun with steps 12, not 13"),
        ({"recipe": replace(TINY_RECIPE, seed=1)}, "begun with seed 0, not 1"),
        ({"config": tiny_config(n_layers=1)}, "begun with n_layers 2, not 1"),
        ({"config": tiny_config(d_vocab=290)}, "begun with d_vocab 300, not 290"),
    ],
)
def test_a_folder_refuses_arms_of_another_plan(
    trained: Path, text: Path, change: dict[str, object], message: str
) -> None:
    plan = {"config": tiny_config(), "recipe": TINY_RECIPE} | change
    with pytest.raises(ModelError, match=message):
        train_arms(text, trained, activations=["relu"], **plan)  # type: ignore[arg-type]  # a dict of mixed values


def test_a_folder_refuses_another_text(trained: Path, tmp_path: Path) -> None:
    other_text = write_text(tmp_path / "other", seed=1)
    with pytest.raises(CorpusError, match=r"is not the text that .* was begun with; train into an empty folder"):
        train_arms(other_text, trained, tiny_config(), ["gelu"], TINY_RECIPE)


def test_a_damaged_checkpoint_is_refused_with_what_to_delete(text: Path, tmp_path: Path) -> None:
    (tmp_path / "gelu").mkdir()
    (tmp_path / "gelu" / CHECKPOINT_FILE).write_bytes(b"PK torn")
    with pytest.raises(ModelError, match=r"progress\.pt is not a checkpoint of this run .* delete .*gelu"):
        train_arms(text, tmp_path, tiny_config(), ["gelu"], TINY_RECIPE)
