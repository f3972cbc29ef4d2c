"""Any function of token ids can be harvested, and anything else is refused with a sentence."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from app.archive.archive import Archive
from app.foundation.errors import ArchiveError, CorpusError, ModelError
from app.harvest.arms.callable_arm import Vocabulary
from app.harvest.harvests import harvest
from app.harvest.options import HarvestOptions
from app.harvest.progress import report_nothing
from app.models.model_folder import LoadedModel

SMALL = HarvestOptions(k=3, sample=50).top_only()


def ids_and_their_negatives(tokens: torch.Tensor) -> torch.Tensor:
    return torch.stack([tokens.float(), -tokens.float()], dim=2)


def test_a_function_that_reads_a_models_activations_is_harvested_like_the_model(
    model: LoadedModel, tmp_path: Path
) -> None:
    tokens = torch.randint(2, 300, (20, 30), generator=torch.Generator().manual_seed(0))
    vocabulary = Vocabulary(tuple(model.tokenizer.pieces), model.config.special)
    archive = harvest(
        lambda rows: model.transformer.read_site("mlp.act", rows)[1],
        tokens,
        tmp_path / "out",
        vocabulary=vocabulary,
        options=SMALL,
        progress=report_nothing,
    )
    with torch.inference_mode():
        expected = model.transformer.read_site("mlp.act", tokens)[1].amax(dim=(0, 1))
    maxima = [neuron.maximum for neuron in archive.neurons()]
    np.testing.assert_allclose(maxima, expected, atol=1e-5)
    assert archive.manifest.model.activation is None
    assert archive.snippets(0, 0)[0].pieces[0] in model.tokenizer.pieces


def test_tokens_in_lists_arrays_and_tensors_give_the_same_archive(tmp_path: Path) -> None:
    rows = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    forms: tuple[Any, ...] = (rows, np.array(rows), torch.tensor(rows))
    archives = [
        harvest(ids_and_their_negatives, form, tmp_path / str(number), options=SMALL, progress=report_nothing)
        for number, form in enumerate(forms)
    ]
    assert len({archive.sha256 for archive in archives}) == 1
    assert archives[0].snippets(0, 0)[0].pieces == (b"<7>", b"<8>", b"<9>")


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [
        ([], "not empty"),
        ([1, 2, 3], "must be"),
        ([[0.5, 1.5]], "whole numbers"),
        ([[-1, 2]], "whole numbers"),
        ([[1, 2**33]], "whole numbers"),
        ([[1, 2, 3], [1, 2]], "pad the shorter ones"),
    ],
)
def test_tokens_that_are_no_token_ids_are_refused(tokens: Any, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=sentence):
        harvest(ids_and_their_negatives, tokens, tmp_path / "out", options=SMALL, progress=report_nothing)


def test_a_function_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"must return a tensor \[window, position, unit\]"):
        harvest(lambda rows: rows.float(), [[1, 2], [3, 4]], tmp_path / "out", options=SMALL, progress=report_nothing)


@pytest.mark.parametrize(
    "later",
    [
        lambda rows: ids_and_their_negatives(rows)[:, :, :1],
        lambda rows: ids_and_their_negatives(rows)[:, 1:],
        lambda rows: ids_and_their_negatives(rows)[:1],
        lambda rows: ids_and_their_negatives(rows).numpy(),
    ],
    ids=["fewer units", "fewer positions", "fewer windows", "no tensor"],
)
def test_a_function_that_gives_another_shape_after_the_first_window_is_refused(later: Any, tmp_path: Path) -> None:
    def changing(rows: torch.Tensor) -> Any:
        return ids_and_their_negatives(rows) if len(rows) == 1 else later(rows)

    with pytest.raises(ModelError, match="2 units as for the first window"):
        harvest(changing, [[1, 2], [3, 4]], tmp_path / "out", options=SMALL, progress=report_nothing)


def test_a_function_without_units_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="one unit or more"):
        harvest(
            lambda rows: torch.zeros(*rows.shape, 0), [[1, 2]], tmp_path / "out", options=SMALL, progress=report_nothing
        )


def test_a_function_with_gradients_can_be_harvested(tmp_path: Path) -> None:
    weights = torch.ones(9, 2, requires_grad=True)

    def with_gradients(rows: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode(mode=False), torch.enable_grad():
            return torch.nn.functional.embedding(rows.clone(), weights)

    harvest(with_gradients, [[1, 2], [3, 4]], tmp_path / "out", options=SMALL, progress=report_nothing).verify()


def test_tokens_of_which_none_is_scored_are_refused(tmp_path: Path) -> None:
    all_special = Vocabulary(special=(1, 2))
    with pytest.raises(CorpusError, match="no token scores"):
        harvest(
            ids_and_their_negatives,
            [[1, 2], [2, 1]],
            tmp_path / "out",
            vocabulary=all_special,
            options=SMALL,
            progress=report_nothing,
        )
    assert not (tmp_path / "out.partial").exists()


@pytest.mark.parametrize("padding", [40, 600])
def test_rows_of_padding_may_come_first(tmp_path: Path, padding: int) -> None:
    """More of them than the pilot has windows, or than the first shard has."""
    rows = np.concatenate([np.zeros((padding, 5), int), np.arange(1, 101).reshape(20, 5)])
    archive = harvest(
        ids_and_their_negatives,
        rows,
        tmp_path / "out",
        vocabulary=Vocabulary(special=(0,)),
        options=HarvestOptions(k=3, sample=50),
        progress=report_nothing,
    )
    first = archive.neurons()[0]
    assert (first.maximum, first.minimum, first.mean) == (100, 1, 50.5)
    assert [snippet.peak_activation for snippet in archive.snippets(0, 0)][:3] == [100, 95, 90]


def test_the_archives_path_may_be_text_and_an_existing_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (
        harvest(ids_and_their_negatives, [[1, 2]], str(tmp_path / "out"), options=SMALL, progress=report_nothing).path
        == tmp_path / "out"
    )
    monkeypatch.chdir(tmp_path)
    for path in (".", "/", "out"):
        with pytest.raises(ArchiveError, match="exists already"):
            harvest(ids_and_their_negatives, [[1, 2]], Path(path), options=SMALL, progress=report_nothing)


@pytest.mark.parametrize("positions", [4, 256, 5000])
def test_the_mean_is_precise_however_long_the_windows_are(tmp_path: Path, positions: int) -> None:
    rows = np.random.default_rng(0).integers(0, 900, (4, positions))
    units = torch.rand(900, 5, generator=torch.Generator().manual_seed(1)) + 5
    archive = harvest(lambda tokens: units[tokens], rows, tmp_path / "out", options=SMALL, progress=report_nothing)
    exact = units.double().numpy()[rows].mean(axis=(0, 1))
    np.testing.assert_allclose([neuron.mean for neuron in archive.neurons()], exact, rtol=1e-7)


def test_activations_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not numbers"):
        harvest(
            lambda rows: ids_and_their_negatives(rows) / 0,
            [[0, 2], [3, 4]],
            tmp_path / "out",
            options=SMALL,
            progress=report_nothing,
        )


def test_fewer_windows_than_k_are_all_in_the_top_list(tmp_path: Path) -> None:
    archive: Archive = harvest(
        ids_and_their_negatives, [[1, 2], [3, 4]], tmp_path / "out", options=SMALL, progress=report_nothing
    )
    assert [snippet.peak_activation for snippet in archive.snippets(0, 0)] == [4.0, 2.0]
    assert all(neuron.dead for neuron in archive.neurons())
