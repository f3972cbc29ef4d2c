"""A harvest on a graphics card gives the archive of a harvest on the processor. Skipped where there is no card."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from app.archive.archive import Archive
from app.archive.site import UNNAMED_CALLABLE
from app.harvest.arms.callable_arm import Activate, callable_arm
from app.harvest.harvests import harvest, harvest_model
from app.harvest.options import Device, HarvestOptions
from app.harvest.pipeline import run_harvest
from app.harvest.plan import HarvestPlan
from app.harvest.progress import report_nothing
from app.harvest.text.source import TokenRows
from app.models.loading import load_any_model
from tests.models.recorded import LLAMA, RECORDED

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a graphics card")

TOKENS = np.random.default_rng(1).integers(0, 500, (700, 64), dtype=np.int32)
OPTIONS = HarvestOptions(k=8, sample=500, batch_size=5)


def sums_of_neighbours(device: Device) -> Activate:
    """A function whose activations are multiples of 1/128, so that no sum of them is rounded on any device."""
    numbers = np.random.default_rng(0).integers(-64, 192, (500, 300)).astype(np.float32) / 64
    table = torch.from_numpy(numbers).to(device)

    def activate(token_ids: torch.Tensor) -> torch.Tensor:
        embedded = table[token_ids.to(device)]
        return embedded + torch.roll(embedded, 1, dims=1) / 2

    return activate


def harvest_in_worker_threads(device: Device, out: Path, options: HarvestOptions) -> Archive:
    trial_window = torch.from_numpy(TOKENS[:1].astype(np.int64))
    arm = callable_arm(sums_of_neighbours(device), "sums", trial_window, [b"%d" % token_id for token_id in range(500)])
    paths = [{UNNAMED_CALLABLE: out}]
    thread_safe_arm = replace(arm, is_thread_safe=True)
    plan = HarvestPlan([thread_safe_arm], TokenRows(TOKENS, ()), paths, out.with_suffix(".partial"), options)
    return run_harvest(plan, "rows", report_nothing)[0][UNNAMED_CALLABLE]


@pytest.mark.parametrize("options", [OPTIONS, OPTIONS.top_only()], ids=["every group", "top lists alone"])
def test_a_function_gives_the_same_bytes_on_the_card_and_on_the_processor(
    options: HarvestOptions, tmp_path: Path
) -> None:
    digests = {
        device: harvest(
            sums_of_neighbours(device),
            TOKENS,
            tmp_path / device,
            options=replace(options, device=device),
            progress=report_nothing,
        ).sha256
        for device in ("cpu", "cuda")
    }
    assert digests["cuda"] == digests["cpu"]


def test_threads_with_streams_of_their_own_give_the_same_bytes(tmp_path: Path) -> None:
    on_processor = harvest_in_worker_threads("cpu", tmp_path / "cpu", OPTIONS)
    for repetition in range(5):
        on_card = harvest_in_worker_threads("cuda", tmp_path / f"cuda{repetition}", replace(OPTIONS, device="cuda"))
        assert on_card.sha256 == on_processor.sha256


def test_a_model_read_by_hooks_gives_the_same_maxima_to_float32s_accuracy(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    words = np.random.default_rng(2).choice(["the", "a", "cat", "sat", "mat", "on", "and", "dog"], (40, 200))
    for number, row in enumerate(words):
        (tmp_path / "text" / f"{number}.txt").write_text(" ".join(row))
    options = HarvestOptions(k=4, window=24, overlap=4, sample=200, batch_size=3)
    model = load_any_model(RECORDED / LLAMA)
    maxima = {}
    for device in ("cpu", "cuda"):
        archive = harvest_model(
            model, "llama", str(tmp_path / "text"), tmp_path / device, replace(options, device=device), report_nothing
        )
        maxima[device] = [neuron.maximum for neuron in archive.neurons()]
    np.testing.assert_allclose(maxima["cuda"], maxima["cpu"], rtol=1e-4, atol=1e-6)
