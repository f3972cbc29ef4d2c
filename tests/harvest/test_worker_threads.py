"""Batches at the same time give the archive of batches one after the other, bit for bit, on any number of cores."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from app.archive.archive import Archive
from app.harvest.harvests import harvest_model, harvest_pair
from app.harvest.options import HarvestOptions
from app.harvest.progress import report_nothing
from app.harvest.scan.hashing import hash_numbers
from app.harvest.scan.priority_store import PriorityStore, StoreEntries
from app.harvest.scan.token_sample import TokenSample
from app.harvest.scan.worker_threads import WorkerThreads, worker_threads_for_device
from app.models.model_folder import LoadedModel
from tests.harvest.stores import columns_by_rank, sample_by_hash


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
    again = harvest_model(model, "tiny", str(texts), tmp_path / "out", options, report_nothing)
    assert torch.get_num_threads() == cores
    assert again.sha256 == archive.sha256


def test_a_model_harvested_in_a_pair_gives_the_same_archive_as_alone(
    model: LoadedModel, solu: LoadedModel, texts: Path, options: HarvestOptions, archive: Archive, tmp_path: Path
) -> None:
    pair = harvest_pair({"tiny": model, "solu": solu}, str(texts), tmp_path / "pair", options, report_nothing)
    alone = harvest_model(solu, "solu", str(texts), tmp_path / "alone", options, report_nothing)
    assert pair["tiny"].sha256 == archive.sha256
    assert pair["solu"].sha256 == alone.sha256


def test_outcomes_are_in_the_order_of_the_tasks_and_each_is_computed_with_one_thread() -> None:
    before = torch.get_num_threads()
    outcomes = list(WorkerThreads(3).map(lambda task: (task, torch.get_num_threads()), range(40)))
    assert outcomes == [(task, 1) for task in range(40)]
    assert torch.get_num_threads() == before


def test_calls_that_are_not_thread_safe_run_in_the_callers_thread() -> None:
    threads = worker_threads_for_device("cpu", is_thread_safe=False)
    assert set(threads.map(lambda _: threading.get_ident(), range(9))) == {threading.get_ident()}
    assert threads.calls_at_once == 1


def test_an_error_in_a_thread_reaches_the_caller() -> None:
    def fail(task: int) -> int:
        if task == 5:
            raise ValueError(task)
        return task

    with pytest.raises(ValueError, match="5"):
        list(WorkerThreads(2).map(fail, range(9)))


def fill_stores(thread_count: int, random: np.random.Generator) -> tuple[PriorityStore, TokenSample]:
    """A store and a sample to which many batches are offered, in any order, by several threads."""
    neuron_count, window_count = 7, 600
    values = np.random.default_rng(0).integers(0, 40, (window_count, neuron_count)).astype(np.float32)  # many ties
    hashes = hash_numbers(np.arange(window_count), 0)
    store, sample = PriorityStore(neuron_count, 5, 1), TokenSample(50, neuron_count)

    def offer(first: int) -> None:
        windows = np.arange(first, first + 6)
        rows, neurons = np.nonzero(store.would_enter(values[windows], windows).T)[::-1]
        entering = values[windows[rows], neurons]
        keys = hash_numbers(windows[rows], 1)
        store.offer(StoreEntries(neurons, entering, windows[rows], rows * 0, keys, entering[:, None]))
        is_sampled = sample.would_enter(hashes[windows])
        sample.offer(hashes[windows][is_sampled], values[windows][is_sampled])

    with ThreadPoolExecutor(thread_count) as pool:
        list(pool.map(offer, random.permutation(np.arange(0, window_count, 6)).tolist()))
    return store, sample


def test_eight_threads_fill_a_store_with_the_same_entries_as_one() -> None:
    random = np.random.default_rng(1)
    for _ in range(5):
        (store, sample), (shared_store, shared_sample) = fill_stores(1, random), fill_stores(8, random)
        for name in ("priorities", "entry_numbers"):
            expected = np.take_along_axis(getattr(store, name), columns_by_rank(store), 1)
            actual = np.take_along_axis(getattr(shared_store, name), columns_by_rank(shared_store), 1)
            assert (actual == expected).all()
        (hashes, sampled), (shared_hashes, shared_sampled) = sample_by_hash(sample), sample_by_hash(shared_sample)
        assert (shared_hashes == hashes).all()
        assert (shared_sampled == sampled).all()
