"""Arms have the same initial weights, rows and plan, and a killed run ends with the same weights as any other."""

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.foundation.errors import ModelError
from app.models.folder_files import WEIGHTS_FILE
from app.models.model_folder import load_model
from app.models.pairing_certificate import CERTIFICATE_FILE, SUMMARY_FILE, PairingCertificate
from app.models.recipe import Recipe
from app.models.training import train_arms, train_replicates, validation_loss
from app.models.training_checkpoint import CHECKPOINT_FILE, LOG_FILE
from app.models.training_rows import prepare_training_rows
from app.models.transformer import Transformer
from tests.models.conftest import ARMS, TINY_RECIPE, tiny_config
from tests.models.training_process import start_training, wait_for_exit_code

FULL_COUNT, SMALL_COUNT = 25, 2


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def train_through_kills(source: Path, out: Path, recipe: Recipe, kill_count: int, generator: random.Random) -> int:
    """Train in processes, kill the first `kill_count` at random moments, and return how many were killed."""
    log, killed_count = out / "solu_ln" / LOG_FILE, 0
    for _ in range(kill_count):
        before = log.stat().st_mtime_ns if log.is_file() else 0
        process = start_training(source, out, recipe)
        wait_for(
            lambda process=process, before=before: (
                process.exitcode is not None  # type: ignore[misc]  # bound at once
                or (log.is_file() and log.stat().st_mtime_ns != before)
            )
        )
        time.sleep(generator.uniform(0, 0.2))
        process.kill()
        killed_count += wait_for_exit_code(process) == -signal.SIGKILL
    assert wait_for_exit_code(start_training(source, out, recipe)) == 0
    return killed_count


def assert_kills_change_nothing(source: Path, folder: Path, kill_count: int) -> None:
    recipe = replace(TINY_RECIPE, steps=40 * kill_count, save_every=3)
    generator = random.Random(os.getpid())
    assert wait_for_exit_code(start_training(source, folder / "undisturbed", recipe)) == 0
    assert train_through_kills(source, folder / "killed", recipe, kill_count, generator) > 0
    undisturbed, killed = (folder / name / "solu_ln" for name in ("undisturbed", "killed"))
    for name in (WEIGHTS_FILE, LOG_FILE, SUMMARY_FILE, CERTIFICATE_FILE, "config.json", "tokenizer.json"):
        assert (undisturbed / name).read_bytes() == (killed / name).read_bytes(), name
    assert not (killed / CHECKPOINT_FILE).exists()


def test_a_run_that_was_killed_ends_with_the_same_weights_bit_for_bit(text: Path, tmp_path: Path) -> None:
    assert_kills_change_nothing(text, tmp_path, SMALL_COUNT)


@pytest.mark.slow
def test_a_run_that_was_killed_many_times_ends_with_the_same_weights_bit_for_bit(text: Path, tmp_path: Path) -> None:
    assert_kills_change_nothing(text, tmp_path, FULL_COUNT)


def test_the_loss_in_the_summary_is_that_of_the_saved_weights(trained: Path, text: Path) -> None:
    rows, _ = prepare_training_rows(text, trained / ".work", 16, 300, 0)
    certificate = PairingCertificate.read(trained)
    assert certificate is not None
    for arm in ARMS:
        loaded = load_model(trained / arm)
        assert isinstance(loaded.transformer, Transformer)
        assert validation_loss(loaded.transformer, rows, TINY_RECIPE) == certificate.validation_loss[arm]
        assert certificate.covers(loaded.transformer.config, loaded.weights_sha256)


def test_training_in_bfloat16_reaches_a_similar_loss(text: Path, tmp_path: Path) -> None:
    certificate = train_arms(text, tmp_path, tiny_config(), ["gelu"], replace(TINY_RECIPE, autocast=True))
    assert 5 < certificate.validation_loss["gelu"] < 5.7


def test_replicates_differ_in_seed_and_share_the_rows(text: Path, tmp_path: Path) -> None:
    recipes = [replace(TINY_RECIPE, seed=seed) for seed in (1, 2)]
    first, second = train_replicates(text, tmp_path, tiny_config(), ["gelu", "solu_ln"], recipes)
    assert first.corpus_sha256 == second.corpus_sha256
    assert first.initial_sha256 != second.initial_sha256
    assert first.order_sha256 != second.order_sha256
    assert (tmp_path / "seed-2" / "solu_ln" / WEIGHTS_FILE).is_file()
    assert len(list(tmp_path.rglob("rows.npz"))) == 1


def test_replicates_that_differ_in_more_than_the_seed_are_refused(text: Path, tmp_path: Path) -> None:
    for recipes in ([replace(TINY_RECIPE, seed=1), replace(TINY_RECIPE, seed=2, steps=13)], [TINY_RECIPE, TINY_RECIPE]):
        with pytest.raises(ModelError, match="replicates differ in their seed and in nothing else"):
            train_replicates(text, tmp_path, tiny_config(), ["gelu"], recipes)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's compiler warns of torch's own past
def test_compiled_training_reaches_the_loss_of_plain_training(text: Path, tmp_path: Path) -> None:
    plain = train_arms(text, tmp_path / "plain", tiny_config(), ["solu_ln"], TINY_RECIPE)
    compiled = train_arms(text, tmp_path / "compiled", tiny_config(), ["solu_ln"], replace(TINY_RECIPE, compiled=True))
    assert compiled.validation_loss["solu_ln"] == pytest.approx(plain.validation_loss["solu_ln"], abs=1e-3)
