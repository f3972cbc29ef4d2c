"""A model folder: it is read as it was written; errors name the key and what was expected."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from app.foundation.errors import ModelError
from app.models.folder_files import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE
from app.models.model_folder import load_model, save_model
from app.models.tokenizer import train_tokenizer
from app.models.transformer import Transformer
from tests.models.conftest import ARMS, WORDS, random_transformer, tiny_config

WriteModelFolder = Callable[..., Path]


@pytest.mark.parametrize("activation", ARMS)
def test_a_saved_model_is_loaded_unchanged(write_model_folder: WriteModelFolder, activation: str) -> None:
    loaded = load_model(write_model_folder(activation))
    assert isinstance(loaded.transformer, Transformer)
    original = dict(random_transformer(loaded.transformer.config).named_parameters())
    read = dict(loaded.transformer.named_parameters())
    assert read.keys() == original.keys()
    assert all(torch.equal(read[name], original[name]) for name in read)
    assert loaded.config.activation == activation
    assert loaded.tokenizer.size == loaded.config.d_vocab


def test_weights_in_bfloat16_are_the_rounded_ones_and_the_tied_matrix_is_written_once(tmp_path: Path) -> None:
    transformer = random_transformer(tiny_config("solu_ln"))
    save_model(transformer, tmp_path)
    tensors = load_file(tmp_path / WEIGHTS_FILE)
    assert "unembed.weight" not in tensors
    assert all(torch.equal(tensors[name], parameter.bfloat16()) for name, parameter in transformer.named_parameters())


def change_tensors(path: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(path / WEIGHTS_FILE)
    change(tensors)
    save_file(tensors, path / WEIGHTS_FILE)


def change_config(path: Path, **values: object) -> None:
    config = json.loads((path / CONFIG_FILE).read_text())
    (path / CONFIG_FILE).write_text(
        json.dumps({key: value for key, value in (config | values).items() if value is not None})
    )


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda path: change_tensors(path, lambda tensors: tensors.pop("blocks.0.mlp.up.bias")),
            r"model\.safetensors lacks blocks\.0\.mlp\.up\.bias, expected with shape \(32,\)",
        ),
        (
            lambda path: change_tensors(path, lambda tensors: tensors.update(extra=torch.zeros(1))),
            "has extra, which a model of this config does not have",
        ),
        (
            lambda path: change_tensors(path, lambda tensors: tensors.update({"norm.bias": torch.zeros(3)})),
            r"norm\.bias has shape \(3,\), expected \(16,\)",
        ),
        (
            lambda path: (path / WEIGHTS_FILE).write_bytes((path / WEIGHTS_FILE).read_bytes()[:-40]),
            r"model\.safetensors is not a whole safetensors file",
        ),
        (lambda path: (path / WEIGHTS_FILE).write_bytes(b""), "is not a whole safetensors file"),
        (lambda path: (path / WEIGHTS_FILE).unlink(), r"model\.safetensors is missing; the model folder is incomplete"),
        (lambda path: (path / CONFIG_FILE).unlink(), r"is no model folder: config\.json is missing"),
        (
            lambda path: (path / TOKENIZER_FILE).unlink(),
            r"tokenizer\.json is missing; a model folder needs the tokenizer",
        ),
        (lambda path: (path / TOKENIZER_FILE).write_text("{}"), r"tokenizer\.json is not a tokenizer file"),
        (
            lambda path: train_tokenizer(WORDS, 264, path / TOKENIZER_FILE),
            r"tokenizer\.json has 264 tokens but the model was trained with \d+; use the tokenizer that belongs",
        ),
        (
            lambda path: change_config(path, activation="swish"),
            r"config\.json: activation: Input should be 'gelu', 'gelu_tanh', 'relu', 'solu', 'solu_ln' or 'gelu_ln'",
        ),
        (lambda path: change_config(path, d_mlp=None), r"config\.json: d_mlp: Field required"),
        (lambda path: change_config(path, d_mlp=64), r"mlp\.\w+\.\w+ has shape .*32.*, expected .*64"),
        (lambda path: change_config(path, blocks=5), "d_mlp is 32, which 5 blocks do not divide"),
        (lambda path: change_config(path, colour="red"), r"config\.json: colour: Extra inputs are not permitted"),
        (lambda path: (path / CONFIG_FILE).write_text("{"), r"config\.json cannot be read as a config"),
    ],
)
def test_a_damaged_folder_is_refused_with_the_key_and_what_was_expected(
    write_model_folder: WriteModelFolder, damage: Callable[[Path], object], message: str
) -> None:
    path = write_model_folder("gelu")
    damage(path)
    with pytest.raises(ModelError, match=message):
        load_model(path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere is no model folder: config\.json is missing"):
        load_model(tmp_path / "nowhere")
