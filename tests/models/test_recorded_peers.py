"""Comparisons with other libraries, recorded by tests/peers: our loader gives their values from their checkpoints."""

import numpy as np
import pytest
import torch

from app.models.loading import load_any_model
from tests.models.recorded import RECORDED

CASES = sorted(path.parent.name for path in RECORDED.glob("*/expected.npz"))
TOLERANCE = 1e-5


def test_every_kind_of_checkpoint_is_recorded() -> None:
    kinds = {"lens-1L-solu_ln", "lens-3L-solu_ln", "lens-1L-gelu-exact", "lens-3L-gelu-exact"}
    assert kinds | {"hf-GPT2", "hf-GPTNeoX", "hf-Llama", "hf-Gemma"} <= set(CASES)


@pytest.mark.parametrize("case", CASES)
def test_a_recorded_checkpoint_gives_the_values_that_were_recorded_with_it(case: str) -> None:
    loaded = load_any_model(RECORDED / case, gelu="exact" if case.endswith("exact") else "tanh")
    with np.load(RECORDED / case / "expected.npz") as expected, torch.inference_mode():
        tokens = torch.from_numpy(expected["tokens"])
        read = loaded.transformer.read_site("mlp.act", tokens)
        assert len(read) == sum(name.startswith("act") for name in expected)
        for layer, values in read.items():
            assert values.numpy() == pytest.approx(expected[f"act{layer}"], abs=TOLERANCE)
        assert loaded.transformer(tokens).numpy() == pytest.approx(expected["logits"], abs=TOLERANCE)
