"""Comparisons with other libraries, in an environment of their own (`make test-peers`); ignored where they are absent.

With `--record` each comparison is written to tests/data/peers, where `make test` checks it without the library.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models

from app.models.model_folder import LoadedModel

PEERS_OF_TESTS = {
    "test_transformerlens.py": "transformer_lens",
    "test_transformers.py": "transformer_lens",
    "test_saelens.py": "sae_lens",
}
"""The library that each file needs; SAELens has an environment of its own, with a newer TransformerLens."""
collect_ignore_glob = [name for name, library in PEERS_OF_TESTS.items() if not find_spec(library)]

RECORDED = Path(__file__).resolve().parents[1] / "data" / "peers"
TOLERANCE = 1e-5
VOCABULARY = 40

Compare = Callable[[LoadedModel, torch.Tensor, list[torch.Tensor], torch.Tensor], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="write each comparison to tests/data/peers")


@pytest.fixture
def case_folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where the peer's checkpoint goes: a folder named after the case, which stays if recording."""
    name: str = request.node.name.partition("[")[2].rstrip("]")
    target = (RECORDED if request.config.getoption("--record") else tmp_path) / name
    target.mkdir(parents=True, exist_ok=True)
    return target


@pytest.fixture
def compare(request: pytest.FixtureRequest, case_folder: Path) -> Compare:
    """Assert that our reading of `case_folder` agrees with the peer's values, and write them down if recording."""

    def check(loaded: LoadedModel, tokens: torch.Tensor, activations: list[torch.Tensor], logits: torch.Tensor) -> None:
        with torch.inference_mode():
            read = loaded.transformer.read_site("mlp.act", tokens)
            assert sorted(read) == list(range(len(activations)))
            for layer, expected in enumerate(activations):
                torch.testing.assert_close(read[layer], expected, atol=TOLERANCE, rtol=0)
            torch.testing.assert_close(loaded.transformer(tokens), logits, atol=TOLERANCE, rtol=0)
        if request.config.getoption("--record"):
            arrays = {f"act{layer}": values.numpy() for layer, values in enumerate(activations)}
            arrays |= {"tokens": tokens.numpy(), "logits": logits.numpy()}
            np.savez_compressed(case_folder / "expected.npz", allow_pickle=False, **arrays)

    return check


def write_tokenizer(folder: Path) -> None:
    """A tokenizer of the right size; which text its ids stand for does not matter here."""
    names = ["<|EOS|>", "<|BOS|>", "<|PAD|>", *(f"w{index}" for index in range(VOCABULARY - 3))]
    engine = Tokenizer(models.WordLevel({name: index for index, name in enumerate(names)}, unk_token="w0"))
    engine.add_special_tokens(names[:3])
    engine.save(str(folder / "tokenizer.json"))


def some_tokens(length: int = 10) -> torch.Tensor:
    return torch.randint(0, VOCABULARY, (2, length), generator=torch.Generator().manual_seed(11))


def randomise(model: torch.nn.Module, scale: float = 0.2) -> None:
    """Draw every parameter from N(0, scale²), so that a gain or bias in the wrong place is noticed."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)
