"""Loaded models as arms: half precision."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from app.harvest.arms.direction_reader import direction_reader
from app.harvest.arms.hook_reader import hook_reader
from app.harvest.arms.sae_reader import sae_reader
from app.harvest.arms.site_reader import site_reader
from app.harvest.harvests import harvest_model, harvest_units
from app.harvest.options import Dtype, HarvestOptions
from app.harvest.progress import report_nothing
from app.models.model_folder import LoadedModel
from app.models.sparse_autoencoder import load_sparse_autoencoder
from tests.harvest.conftest import make_model
from tests.harvest.saes import write_sae

DTYPES: tuple[Dtype, ...] = ("bfloat16", "float32")


def test_a_model_in_bfloat16_is_run_in_bfloat16_and_its_activations_are_stored_exactly(
    texts: Path, tmp_path: Path
) -> None:
    half_model = make_model(tmp_path / "model")
    options = HarvestOptions(k=3, window=24, overlap=8, sample=50, dtype="bfloat16").top_only()
    archive = harvest_model(half_model, "tiny", str(texts), tmp_path / "out", options, report_nothing)
    assert archive.manifest.dtype == "bfloat16"
    maximum = archive.neurons()[0].maximum
    assert torch.tensor(maximum).bfloat16().item() == maximum


@pytest.mark.parametrize("kind_of_reader", ["sae", "hook", "stream", "directions", "directions of a site"])
def test_whatever_is_read_of_a_model_can_be_read_in_bfloat16(
    model: LoadedModel, texts: Path, tmp_path: Path, kind_of_reader: str
) -> None:
    write_sae(tmp_path / "sae", model.config.d_model)
    sae = sae_reader(load_sparse_autoencoder(tmp_path / "sae"))
    makers = {
        "sae": sae,
        "hook": hook_reader("blocks.1.attention"),
        "stream": site_reader(["resid.0"]),
        "directions": direction_reader(sae),
        "directions of a site": direction_reader(site_reader(["mlp.act"])),
    }
    options = HarvestOptions(k=3, window=24, overlap=8, sample=50, tokens=1000)
    half, single = (
        harvest_units(
            model,
            makers[kind_of_reader],
            "tiny",
            str(texts),
            tmp_path / dtype,
            replace(options, dtype=dtype),
            report_nothing,
        )
        for dtype in DTYPES
    )
    maxima = [[neuron.maximum for neuron in archive.neurons()] for archive in (half, single)]
    assert maxima[0] == pytest.approx(maxima[1], rel=0.1, abs=0.3)
    assert maxima[0] != maxima[1]


def test_a_harvest_in_bfloat16_leaves_the_callers_model_in_float32(
    model: LoadedModel, texts: Path, tmp_path: Path
) -> None:
    options = HarvestOptions(k=3, window=24, overlap=8, sample=50, batch_size=32).top_only()
    before = harvest_model(model, "tiny", str(texts), tmp_path / "before", options, report_nothing)
    harvest_model(model, "tiny", str(texts), tmp_path / "half", replace(options, dtype="bfloat16"), report_nothing)
    after = harvest_model(model, "tiny", str(texts), tmp_path / "after", options, report_nothing)
    assert after.sha256 == before.sha256
    assert all(parameter.dtype == torch.float32 for parameter in model.transformer.parameters())
