"""A small text, a small model and a small trained size; all of it is real, in seconds instead of minutes."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from app.models.config import Activation, ModelConfig
from app.models.folder_files import TOKENIZER_FILE, WEIGHTS_FILE
from app.models.model_folder import save_model
from app.models.recipe import Recipe
from app.models.tokenizer import Tokenizer, train_tokenizer
from app.models.training import train_arms
from app.models.transformer import Transformer
from tests.models.recorded import RECORDED, CopyRecorded

torch.set_num_threads(1)  # these models are so small that a second thread only waits

ARMS: tuple[Activation, ...] = ("gelu", "solu_ln", "gelu_ln", "solu")
SENTENCE = "the cat sat on a mat and then it ran to the red house by the sea where naïve cafés sell 12 ☕"
WORDS = SENTENCE.split(" ")
TINY_RECIPE = Recipe(steps=12, batch=4, warmup=3, save_every=4, log_every=2, validation_rows=8)


def tiny_config(activation: Activation = "gelu", **changes: Any) -> ModelConfig:
    sizes = {"n_layers": 2, "d_model": 16, "n_heads": 2, "d_head": 8, "d_mlp": 32, "d_vocab": 300, "n_ctx": 16}
    return ModelConfig(activation=activation, **{**sizes, **changes})


def random_transformer(config: ModelConfig, seed: int = 0) -> Transformer:
    """Every parameter is random, gains and biases too, so that a mixed-up name is noticed."""
    transformer = Transformer(config).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _, parameter in sorted(transformer.named_parameters()):
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return transformer


def write_text(folder: Path, files: int = 60, words: int = 200, seed: int = 0) -> Path:
    folder.mkdir(parents=True)
    generator = random.Random(seed)
    for index in range(files):
        (folder / f"{index}.txt").write_text(" ".join(generator.choices(WORDS, k=words)), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_text(tmp_path_factory.mktemp("text") / "text")


@pytest.fixture(scope="session")
def trained(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four arms of a two-layer size, trained for a dozen steps."""
    out = tmp_path_factory.mktemp("trained")
    train_arms(text, out, tiny_config(), ARMS, TINY_RECIPE)
    return out


@pytest.fixture(scope="session")
def tokenizer_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer") / TOKENIZER_FILE
    train_tokenizer([" ".join(WORDS)] * 3, 300, path)
    return path


@pytest.fixture
def copy_recorded(tmp_path: Path) -> CopyRecorded:
    """A recorded checkpoint, to be damaged."""
    return lambda case: Path(shutil.copytree(RECORDED / case, tmp_path / case))


@pytest.fixture
def write_model_folder(tmp_path: Path, tokenizer_file: Path) -> Callable[..., Path]:
    """Writes a model folder of our own format with random weights, and returns its path."""

    def write(activation: Activation = "gelu", **changes: Any) -> Path:
        size = Tokenizer.load(tokenizer_file).size
        target = tmp_path / activation
        config = tiny_config(activation, **{"d_vocab": size, **changes})
        transformer = random_transformer(config)
        save_model(transformer, target)
        save_file(dict(transformer.named_parameters()), target / WEIGHTS_FILE)  # with every bit, not in bfloat16
        (target / TOKENIZER_FILE).write_bytes(tokenizer_file.read_bytes())
        return target

    return write
