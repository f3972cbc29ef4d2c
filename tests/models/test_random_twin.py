"""The randomly initialised twin of a model: a control that nothing has been learned by."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from app.models.loading import load_any_model
from app.models.random_twin import random_twin
from app.models.transformer import Transformer
from tests.models.recorded import LENS, LLAMA, RECORDED


@pytest.mark.parametrize("case", [LENS, LLAMA, "hf-GPT2"])
def test_a_twin_has_the_model_s_sizes_and_tokenizer_and_other_weights(case: str) -> None:
    model = load_any_model(RECORDED / case)
    state = torch.random.get_rng_state()
    twin, again, other = random_twin(model, 3), random_twin(model, 3), random_twin(model, -4)
    assert torch.equal(state, torch.random.get_rng_state())
    assert twin.config == model.config
    assert twin.tokenizer is model.tokenizer
    assert (twin.twin_seed, other.twin_seed, model.twin_seed) == (3, -4, None)
    assert len({loaded.weights_sha256 for loaded in (model, twin, again, other)}) == 3
    assert twin.weights_sha256 == again.weights_sha256
    tokens = torch.tensor([[model.config.bos, 5, 6]])
    with torch.inference_mode():
        logits = [loaded.transformer(tokens) for loaded in (model, twin, again)]
    assert torch.equal(logits[1], logits[2])
    assert not torch.allclose(logits[0], logits[1])
    assert not twin.transformer.training


def test_a_twin_of_our_transformer_is_what_a_training_begins_with() -> None:
    model = load_any_model(RECORDED / LENS)
    assert isinstance(model.transformer, Transformer)
    beginning = Transformer(model.transformer.config)
    beginning.initialise(8)
    twin = dict(random_twin(model, 8).transformer.named_parameters())
    assert all(torch.equal(twin[name], parameter) for name, parameter in beginning.named_parameters())


def test_models_and_twins_that_several_threads_make_at_once_are_what_one_thread_makes() -> None:
    cases = ["hf-GPT2", LLAMA, "hf-Gemma2"] * 3

    def digests(case: str) -> tuple[str, list[str]]:
        model = load_any_model(RECORDED / case)
        return model.weights_sha256, [random_twin(model, seed).weights_sha256 for seed in range(3)]

    expected = [digests(case) for case in cases]
    with ThreadPoolExecutor(len(cases)) as threads:
        assert list(threads.map(digests, cases)) == expected
