"""A small real model with a real tokenizer, and a folder of text for it to read."""

import shutil
from pathlib import Path

import pytest
import torch

from app.archive.archive import Archive
from app.harvest.harvests import harvest_model
from app.harvest.options import HarvestOptions
from app.harvest.progress import report_nothing
from app.models.config import Activation, ModelConfig
from app.models.model_folder import LoadedModel, load_model, save_model
from app.models.tokenizer import train_tokenizer
from app.models.transformer import Transformer

TEXTS = Path(__file__).parent.parent.parent / "app"


def make_model(folder: Path, activation: Activation = "gelu", layers: int = 2) -> LoadedModel:
    """A transformer with weights large enough that its neurons differ; bfloat16 weights make ties likely."""
    folder.mkdir(parents=True)
    tokenizer = train_tokenizer(
        [path.read_text() for path in sorted(TEXTS.glob("foundation/*.py"))], 400, folder / "tokenizer.json"
    )
    config = ModelConfig(
        activation=activation,
        n_layers=layers,
        d_model=16,
        n_heads=2,
        d_head=8,
        d_mlp=24,
        d_vocab=tokenizer.size,
        n_ctx=96,
    )
    transformer = Transformer(config)
    transformer.initialise(3)
    with torch.no_grad():
        for parameter in transformer.parameters():
            parameter.mul_(8 if parameter.dim() > 1 else 1)
    save_model(transformer, folder)
    return load_model(folder)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return make_model(tmp_path_factory.mktemp("models") / "gelu")


@pytest.fixture(scope="session")
def solu(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return make_model(tmp_path_factory.mktemp("models") / "solu", "solu_ln")


@pytest.fixture(scope="session")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python files, prose, lines of JSON, one document twice, one shorter than a window, one empty, one binary."""
    folder = tmp_path_factory.mktemp("texts")
    for path in sorted(TEXTS.glob("foundation/*.py")):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "again.py").write_bytes((TEXTS / "foundation" / "errors.py").read_bytes())
    (folder / "short.txt").write_text("A short one.")
    (folder / "letters.md").write_text("Žluťoučký kůň 😀 λόγος 漢字 " * 30)
    (folder / "lines.jsonl").write_text('{"text": "one line of text"}\n\n{"text": "another <|end|> line"}\n')
    (folder / "empty.txt").write_text("")
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 20)
    (folder / "broken.txt").write_bytes(b"caf\xe9 \xff\xfe and more words after it " * 20)
    return folder


@pytest.fixture(scope="session")
def options() -> HarvestOptions:
    return HarvestOptions(k=5, window=80, seed=7, sample=300, batch_size=32)


@pytest.fixture(scope="session")
def archive(
    model: LoadedModel, texts: Path, options: HarvestOptions, tmp_path_factory: pytest.TempPathFactory
) -> Archive:
    out = tmp_path_factory.mktemp("archives") / "gelu"
    return harvest_model(model, "tiny", str(texts), out, options, report_nothing)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A copy of this project's code: long enough for several shards."""
    folder = tmp_path_factory.mktemp("corpus") / "app"
    shutil.copytree(TEXTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return str(folder)
