"""Any function of token ids can be harvested, and what is no such function is refused in a sentence."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from app.foundation.errors import CorpusError, ModelError
from app.harvest.archive import Archive
from app.harvest.arms import Vocabulary
from app.harvest.options import HarvestOptions
from app.harvest.progress import silent
from app.harvest.run import harvest
from app.models.checkpoints import LoadedModel

SMALL = HarvestOptions(k=3, sample=50).top_only()


def embedded(tokens: torch.Tensor) -> torch.Tensor:
    return torch.stack([tokens.float(), -tokens.float()], dim=2)


def test_a_hook_on_a_model_gives_what_the_model_gives(model: LoadedModel, tmp_path: Path) -> None:
    tokens = torch.randint(2, 300, (20, 30), generator=torch.Generator().manual_seed(0))
    vocabulary = Vocabulary(tuple(model.tokenizer.pieces), model.config.special)
    archive = harvest(
        lambda rows: model.transformer.forward_to("mlp.act", rows)[1],
        tokens,
        tmp_path / "out",
        vocabulary=vocabulary,
        options=SMALL,
        progress=silent,
    )
    with torch.inference_mode():
        expected = model.transformer.forward_to("mlp.act", tokens)[1].amax(dim=(0, 1))
    found = [one.maximum for one in archive.neurons()]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert archive.manifest.model.activation is None
    assert archive.snippets(0, 0)[0].pieces[0] in model.tokenizer.pieces


def test_lists_arrays_and_tensors_are_the_same_tokens(tmp_path: Path) -> None:
    rows = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    forms: tuple[Any, ...] = (rows, np.array(rows), torch.tensor(rows))
    archives = [
        harvest(embedded, form, tmp_path / str(number), options=SMALL, progress=silent)
        for number, form in enumerate(forms)
    ]
    assert len({one.sha256 for one in archives}) == 1
    assert archives[0].snippets(0, 0)[0].pieces == (b"<7>", b"<8>", b"<9>")


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [([], "not empty"), ([1, 2, 3], "must be"), ([[0.5, 1.5]], "whole numbers"), ([[-1, 2]], "whole numbers")],
)
def test_tokens_that_are_none_are_refused(tokens: Any, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=sentence):
        harvest(embedded, tokens, tmp_path / "out", options=SMALL, progress=silent)


def test_a_function_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"must give \[window, position, unit\]"):
        harvest(lambda rows: rows.float(), [[1, 2], [3, 4]], tmp_path / "out", options=SMALL, progress=silent)


def test_activations_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not numbers"):
        harvest(lambda rows: embedded(rows) / 0, [[0, 2], [3, 4]], tmp_path / "out", options=SMALL, progress=silent)


def test_fewer_windows_than_k_are_all_there(tmp_path: Path) -> None:
    archive: Archive = harvest(embedded, [[1, 2], [3, 4]], tmp_path / "out", options=SMALL, progress=silent)
    assert [one.peak_activation for one in archive.snippets(0, 0)] == [4.0, 2.0]
    assert all(one.dead for one in archive.neurons())
