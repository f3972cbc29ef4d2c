"""Matched arms by construction: the same start, the same rows, one plan; and a killed run ends as it would have."""

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from app.foundation.digest import sha256_of_file
from app.foundation.errors import CorpusError, ModelError
from app.models.loss_curves import draw_loss_curves, write_loss_curves
from app.models.model_folder import WEIGHTS_FILE, load_model
from app.models.pairing_certificate import CERTIFICATE_FILE, SUMMARY_FILE, PairingCertificate, certify_arms
from app.models.progress import CHECKPOINT_FILE, LOG_FILE, read_training_log
from app.models.recipe import Recipe
from app.models.training import sha256_of_shared_weights, train_arms, train_replicates, validation_loss
from app.models.training_rows import prepare_training_rows
from app.models.transformer import Transformer
from tests.models.conftest import ARMS, TINY_RECIPE, tiny_config, write_text
from tests.models.killable import finish, start

FULL_COUNT, SMALL_COUNT = 25, 2


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def train_through_kills(source: Path, out: Path, recipe: Recipe, kills: int, chance: random.Random) -> int:
    """Train in processes of which the first `kills` are killed at a moment of chance; how many were."""
    log, killed = out / "solu_ln" / LOG_FILE, 0
    for _ in range(kills):
        before = log.stat().st_mtime_ns if log.is_file() else 0
        process = start(source, out, recipe)
        wait_for(
            lambda process=process, before=before: (
                process.exitcode is not None  # type: ignore[misc]  # bound at once
                or (log.is_file() and log.stat().st_mtime_ns != before)
            )
        )
        time.sleep(chance.uniform(0, 0.2))
        process.kill()
        killed += finish(process) == -signal.SIGKILL
    assert finish(start(source, out, recipe)) == 0
    return killed


def assert_kills_change_nothing(source: Path, where: Path, kills: int) -> None:
    recipe = replace(TINY_RECIPE, steps=40 * kills, save_every=3)
    chance = random.Random(os.getpid())
    assert finish(start(source, where / "whole", recipe)) == 0
    assert train_through_kills(source, where / "killed", recipe, kills, chance) > 0
    whole, killed = (where / name / "solu_ln" for name in ("whole", "killed"))
    for name in (WEIGHTS_FILE, LOG_FILE, SUMMARY_FILE, CERTIFICATE_FILE, "config.json", "tokenizer.json"):
        assert (whole / name).read_bytes() == (killed / name).read_bytes(), name
    assert not (killed / CHECKPOINT_FILE).exists()


def test_a_run_that_was_killed_ends_with_the_same_weights_bit_for_bit(text: Path, tmp_path: Path) -> None:
    assert_kills_change_nothing(text, tmp_path, SMALL_COUNT)


@pytest.mark.slow
def test_many_kills_change_nothing(text: Path, tmp_path: Path) -> None:
    assert_kills_change_nothing(text, tmp_path, FULL_COUNT)


def test_the_arms_share_everything_the_certificate_says(trained: Path) -> None:
    certificate = PairingCertificate.read(trained)
    assert certificate is not None
    assert certificate.arms == ARMS
    assert certificate.tokens == TINY_RECIPE.steps * TINY_RECIPE.batch * 16
    assert certificate.recipe == asdict(TINY_RECIPE)
    fresh = Transformer(tiny_config("relu", d_vocab=int(str(certificate.shared_config["d_vocab"]))))
    fresh.initialise(TINY_RECIPE.seed)
    assert certificate.initial_sha256 == sha256_of_shared_weights(fresh)
    for arm in ARMS:
        assert certificate.weights_sha256[arm] == sha256_of_file(trained / arm / WEIGHTS_FILE)
        assert PairingCertificate.read(trained / arm) == certificate
        own, first = certificate.validation_loss[arm], certificate.validation_loss["gelu"]
        assert certificate.difference[arm] == own - first
        assert certificate.relative_difference[arm] == (own - first) / first


def test_the_stated_loss_is_the_loss_of_the_weights_as_saved(trained: Path, text: Path) -> None:
    rows, _ = prepare_training_rows(text, trained / ".work", 16, 300, 0)
    certificate = PairingCertificate.read(trained)
    assert certificate is not None
    for arm in ARMS:
        loaded = load_model(trained / arm)
        assert isinstance(loaded.transformer, Transformer)
        assert validation_loss(loaded.transformer, rows, TINY_RECIPE) == certificate.validation_loss[arm]
        assert certificate.covers(loaded.transformer.config, loaded.weights_sha256)


def test_the_log_has_a_line_every_so_often_with_a_validation_loss_at_each_checkpoint(trained: Path) -> None:
    lines = read_training_log(trained / "gelu")
    assert [line["step"] for line in lines] == [2, 4, 6, 8, 10, 12]
    assert [line["step"] for line in lines if "valid" in line] == [4, 8, 12]
    assert [line["tokens"] for line in lines] == [step * 4 * 16 for step in (2, 4, 6, 8, 10, 12)]
    assert lines[-1]["valid"] < lines[1]["valid"]


def test_bfloat16_arithmetic_trains_as_well(text: Path, tmp_path: Path) -> None:
    certificate = train_arms(text, tmp_path, tiny_config(), ["gelu"], replace(TINY_RECIPE, autocast=True))
    assert 5 < certificate.validation_loss["gelu"] < 5.7


def test_replicates_differ_in_seed_and_share_the_rows(text: Path, tmp_path: Path) -> None:
    seeded = [replace(TINY_RECIPE, seed=seed) for seed in (1, 2)]
    one, two = train_replicates(text, tmp_path, tiny_config(), ["gelu", "solu_ln"], seeded)
    assert one.corpus_sha256 == two.corpus_sha256
    assert one.initial_sha256 != two.initial_sha256
    assert one.order_sha256 != two.order_sha256
    assert (tmp_path / "seed-2" / "solu_ln" / WEIGHTS_FILE).is_file()
    assert len(list(tmp_path.rglob("rows.npz"))) == 1


def test_replicates_that_differ_in_more_than_the_seed_are_refused(text: Path, tmp_path: Path) -> None:
    for seeded in ([replace(TINY_RECIPE, seed=1), replace(TINY_RECIPE, seed=2, steps=13)], [TINY_RECIPE, TINY_RECIPE]):
        with pytest.raises(ModelError, match="replicates differ in their seed and in nothing else"):
            train_replicates(text, tmp_path, tiny_config(), ["gelu"], seeded)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"recipe": replace(TINY_RECIPE, steps=13)}, "begun with steps 12, not 13"),
        ({"recipe": replace(TINY_RECIPE, seed=1)}, "begun with seed 0, not 1"),
        ({"config": tiny_config(n_layers=1)}, "begun with n_layers 2, not 1"),
        ({"config": tiny_config(d_vocab=290)}, "begun with d_vocab 300, not 290"),
    ],
)
def test_a_folder_refuses_arms_of_another_plan(trained: Path, text: Path, change: dict[str, object], says: str) -> None:
    plan = {"config": tiny_config(), "recipe": TINY_RECIPE} | change
    with pytest.raises(ModelError, match=says):
        train_arms(text, trained, activations=["relu"], **plan)  # type: ignore[arg-type]  # a dict of mixed values


def test_a_folder_refuses_another_text(trained: Path, tmp_path: Path) -> None:
    other = write_text(tmp_path / "other", seed=1)
    with pytest.raises(CorpusError, match=r"is not the text that .* was begun with; train into an empty folder"):
        train_arms(other, trained, tiny_config(), ["gelu"], TINY_RECIPE)


def test_an_arm_trained_otherwise_gets_no_certificate(trained: Path, text: Path, tmp_path: Path) -> None:
    train_arms(text, tmp_path, tiny_config(), ["gelu"], replace(TINY_RECIPE, seed=3))
    (tmp_path / "solu_ln").symlink_to(trained / "solu_ln")
    with pytest.raises(ModelError, match="the arms differ in recipe, so they are not a pair"):
        certify_arms(tmp_path, ["gelu", "solu_ln"])
    with pytest.raises(ModelError, match=r"has no summary\.json, so its training is not finished"):
        certify_arms(tmp_path, ["gelu", "relu"])


def test_a_torn_checkpoint_says_what_to_delete(text: Path, tmp_path: Path) -> None:
    (tmp_path / "gelu").mkdir()
    (tmp_path / "gelu" / CHECKPOINT_FILE).write_bytes(b"PK torn")
    with pytest.raises(ModelError, match=r"progress\.pt is not a checkpoint of this run .* delete .*gelu"):
        train_arms(text, tmp_path, tiny_config(), ["gelu"], TINY_RECIPE)


def test_rows_begin_with_bos_hold_the_text_and_are_held_out_by_document(text: Path, tmp_path: Path) -> None:
    rows, tokenizer = prepare_training_rows(text, tmp_path, 16, 300, seed=0)
    assert (rows.training_tokens[:, 0] == 0).all()
    assert (rows.validation_tokens[:, 0] == 0).all()
    joined = b"".join(tokenizer.pieces[index] for index in rows.validation_tokens[:, 1:].flatten())
    held_out = [path.read_bytes() for path in text.iterdir()]
    assert sum(document in joined for document in held_out) == 1
    trained_on = b"".join(tokenizer.pieces[index] for index in rows.training_tokens[:, 1:].flatten())
    assert not any(document in joined and document in trained_on for document in held_out)


def test_every_row_is_seen_once_before_any_is_seen_again(text: Path, tmp_path: Path) -> None:
    rows, _ = prepare_training_rows(text, tmp_path, 16, 300, seed=0)
    order, size = rows.row_order(seed=4), 4
    steps = len(order) // size
    seen = np.concatenate([order[np.arange(step * size, (step + 1) * size)] for step in range(steps)])
    assert len(set(seen.tolist())) == len(seen)
    assert np.array_equal(rows.batch(order, 0, size), rows.training_tokens[order[:size]])
    assert np.array_equal(rows.batch(np.arange(6), 1, size), rows.training_tokens[[4, 5, 0, 1]])
    assert rows.order_sha256(order, steps, size) != rows.order_sha256(rows.row_order(seed=5), steps, size)


@pytest.mark.parametrize(
    ("files", "words", "vocabulary", "says"),
    [
        (0, 0, 300, "holds no text"),
        (1, 200, 300, "at least two documents"),
        (2, 3, 300, "too short for one row of 16 tokens"),
        (2, 200, 70_000, "use at most 65536"),
    ],
)
def test_too_little_text_gets_a_sentence(files: int, words: int, vocabulary: int, says: str, tmp_path: Path) -> None:
    source = write_text(tmp_path / "text", files, words)
    with pytest.raises(CorpusError, match=says):
        prepare_training_rows(source, tmp_path / "work", 16, vocabulary, seed=0)


def test_the_learning_rate_rises_to_its_peak_and_falls_to_a_tenth() -> None:
    recipe = Recipe(steps=1000, learning_rate=1.0, warmup=100)
    rates = [recipe.learning_rate_at(step) for step in range(1000)]
    assert rates[0] == pytest.approx(0.01)
    assert max(rates) == rates[99] == rates[100] == 1.0
    assert rates[550] == pytest.approx(0.55)
    assert rates[-1] == pytest.approx(0.1, abs=1e-4)
    assert rates[100:] == sorted(rates[100:], reverse=True)


def test_the_loss_plot_is_the_same_bytes_for_the_same_logs(trained: Path, tmp_path: Path) -> None:
    folders: dict[str, Path] = {arm: trained / arm for arm in ARMS}
    write_loss_curves(folders, tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_bytes() == (trained / "losses.svg").read_bytes()
    (axes,) = draw_loss_curves(folders).axes
    lines = axes.get_lines()
    assert len(lines) == 2 * len(ARMS)
    assert np.asarray(lines[1].get_ydata()).tolist() == [
        line["valid"] for line in read_training_log(trained / "gelu") if "valid" in line
    ]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's compiler warns of torch's own past
def test_a_compiled_step_gives_the_loss_of_the_plain_one(text: Path, tmp_path: Path) -> None:
    plain = train_arms(text, tmp_path / "plain", tiny_config(), ["solu_ln"], TINY_RECIPE)
    compiled = train_arms(text, tmp_path / "fast", tiny_config(), ["solu_ln"], replace(TINY_RECIPE, compiled=True))
    assert compiled.validation_loss["solu_ln"] == pytest.approx(plain.validation_loss["solu_ln"], abs=1e-3)
