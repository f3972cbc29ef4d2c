"""Batches side by side keep what batches one after the other keep, to the last bit, on any number of cores."""

import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from app.archive.archive import Archive
from app.harvest.options import HarvestOptions
from app.harvest.progress import Progress, bar, silent
from app.harvest.run import harvest_model, harvest_pair
from app.harvest.scan.hashing import mixed
from app.harvest.scan.token_sample import TokenSample
from app.harvest.scan.topk import Entries, TopStore
from app.harvest.scan.worker_threads import Lanes, lanes_for
from app.models.model_folder import LoadedModel


@pytest.fixture
def cores(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("cores", [1, 3], indirect=True)
def test_an_archive_has_the_same_bytes_on_any_number_of_cores(
    cores: int, model: LoadedModel, texts: Path, options: HarvestOptions, archive: Archive, tmp_path: Path
) -> None:
    again = harvest_model(model, "tiny", str(texts), tmp_path / "out", options, silent)
    assert torch.get_num_threads() == cores
    assert again.sha256 == archive.sha256


def test_arms_written_side_by_side_are_the_arms_alone(
    model: LoadedModel, solu: LoadedModel, texts: Path, options: HarvestOptions, archive: Archive, tmp_path: Path
) -> None:
    pair = harvest_pair({"tiny": model, "solu": solu}, str(texts), tmp_path / "pair", options, silent)
    alone = harvest_model(solu, "solu", str(texts), tmp_path / "alone", options, silent)
    assert pair["tiny"].sha256 == archive.sha256
    assert pair["solu"].sha256 == alone.sha256


def test_results_come_in_the_order_given_each_computed_with_one_thread() -> None:
    here = torch.get_num_threads()
    found = list(Lanes(3).map(lambda one: (one, torch.get_num_threads()), range(40)))
    assert found == [(one, 1) for one in range(40)]
    assert torch.get_num_threads() == here


def test_what_must_not_run_side_by_side_runs_in_the_callers_thread() -> None:
    lanes = lanes_for("cpu", side_by_side=False)
    assert set(lanes.map(lambda _: threading.get_ident(), range(9))) == {threading.get_ident()}
    assert lanes.width == 1


def test_an_error_in_a_lane_reaches_the_caller() -> None:
    def fail(one: int) -> int:
        if one == 5:
            raise ValueError(one)
        return one

    with pytest.raises(ValueError, match="5"):
        list(Lanes(2).map(fail, range(9)))


def test_stores_offered_to_by_several_threads_keep_what_one_keeps() -> None:
    random = np.random.default_rng(0)
    neurons, windows = 7, 600
    values = random.integers(0, 40, (windows, neurons)).astype(np.float32)  # many ties
    hashes = mixed(np.arange(windows), 0)

    def kept(threads: int) -> tuple[TopStore, TokenSample]:
        store, sample = TopStore(neurons, 5, 1), TokenSample(50, neurons)

        def offer(first: int) -> None:
            rows = np.arange(first, first + 6)
            at, who = np.nonzero(store.beating(values[rows], rows).T)[::-1]
            chosen = values[rows[at], who]
            store.offer(Entries(who, chosen, rows[at], at * 0, mixed(rows[at], 1), chosen[:, None]))
            wanted = sample.wanted(hashes[rows])
            sample.offer(hashes[rows][wanted], rows[wanted], values[rows][wanted])

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(offer, random.permutation(np.arange(0, windows, 6)).tolist()))
        return store, sample

    for _ in range(5):
        (one, drawn), (many, drawn_too) = kept(1), kept(8)
        for name in ("values", "windows"):
            first = np.take_along_axis(getattr(one, name), one.ranked(), 1)
            assert (first == np.take_along_axis(getattr(many, name), many.ranked(), 1)).all()
        (tokens, values_drawn), (tokens_too, values_too) = drawn.in_order(), drawn_too.in_order()
        assert (tokens == tokens_too).all()
        assert (values_drawn == values_too).all()


def test_the_bar_tells_the_speed_of_the_harvest_and_not_its_own() -> None:
    """A bar begins with the first report, when a whole shard has been read: by its own clock that took no time."""
    shown = io.StringIO()
    report = bar(shown)
    report(Progress(900_000, 1_000_000, 5000, 25_000.0, 4.0, 0.8, 0.15, 0.05))
    report(Progress(1_000_000, 1_000_000, 5500, 24_000.0, 0.0, 0.8, 0.15, 0.05))
    rates = {part.split("tok/s")[0].split()[-1] for part in shown.getvalue().split("\r") if "tok/s" in part}
    assert rates <= {"25.0k", "24.0k"}
    assert "24.0ktok/s, 00:00 left" in shown.getvalue()
