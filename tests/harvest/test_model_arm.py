"""Loaded models as arms: half precision."""

from dataclasses import replace
from pathlib import Path

import torch

from app.harvest.harvests import harvest_model
from app.harvest.options import HarvestOptions
from app.harvest.progress import report_nothing
from app.models.model_folder import LoadedModel
from tests.harvest.conftest import make_model


def test_a_model_in_bfloat16_is_run_in_bfloat16_and_its_activations_are_stored_exactly(
    texts: Path, tmp_path: Path
) -> None:
    half_model = make_model(tmp_path / "model")
    options = HarvestOptions(k=3, window=24, overlap=8, sample=50, dtype="bfloat16").top_only()
    archive = harvest_model(half_model, "tiny", str(texts), tmp_path / "out", options, report_nothing)
    assert archive.manifest.dtype == "bfloat16"
    maximum = archive.neurons()[0].maximum
    assert torch.tensor(maximum).bfloat16().item() == maximum


def test_a_harvest_in_bfloat16_leaves_the_callers_model_in_float32(
    model: LoadedModel, texts: Path, tmp_path: Path
) -> None:
    options = HarvestOptions(k=3, window=24, overlap=8, sample=50, batch_size=32).top_only()
    before = harvest_model(model, "tiny", str(texts), tmp_path / "before", options, report_nothing)
    harvest_model(model, "tiny", str(texts), tmp_path / "half", replace(options, dtype="bfloat16"), report_nothing)
    after = harvest_model(model, "tiny", str(texts), tmp_path / "after", options, report_nothing)
    assert after.sha256 == before.sha256
    assert all(parameter.dtype == torch.float32 for parameter in model.transformer.parameters())
