"""Levels, hashes, the token sample, quantile names, progress, the disk."""

import io
import itertools
import json
import platform
import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from app.archive.levels import proportional_levels, rank_levels, relative_strength, strength_level
from app.archive.snippet import normalised_word
from app.foundation.errors import ArchiveError, CorpusError, SettingsError
from app.harvest.finish.exact_statistics import faintest
from app.harvest.finish.summary import is_dead
from app.harvest.options import LARGEST_SEED, HarvestOptions
from app.harvest.progress import Progress, bar, json_lines, silent
from app.harvest.run import harvest_model, harvest_sites
from app.harvest.scan.batches import Batch
from app.harvest.scan.device import device_of
from app.harvest.scan.hashing import mixed, neighbourhood_keys
from app.harvest.scan.memory import keep_freed_memory
from app.harvest.scan.random_snippets import Draws, Pilot
from app.harvest.scan.scan import LAYERS, SITES, _in_memory, _on_device
from app.harvest.scan.token_sample import TokenSample, bound
from app.models.config import Site
from app.models.model_folder import LoadedModel
from tests.harvest.conftest import make_model


@pytest.mark.parametrize(
    ("share", "drawn"), [(0.0, 0), (0.0999, 0), (0.1, 1), (0.2, 1), (0.2001, 2), (0.6, 3), (0.81, 5), (1.0, 5)]
)
def test_levels_are_fifths_and_nothing_under_a_tenth(share: float, drawn: int) -> None:
    assert strength_level(share) == drawn


def test_strength_is_relative_and_never_negative() -> None:
    assert relative_strength(-3, 2) == 0
    assert relative_strength(1, 4) == 0.25
    assert relative_strength(1, -1) == 0
    assert proportional_levels([4, 1, -2, 0.3], 4) == (5, 2, 0, 0)


def test_rank_levels_mark_a_hundred_tokens_twenty_a_level() -> None:
    windows = [[float(60 - place) for place in range(60)], [float(place % 7) for place in range(90)]]
    levels = rank_levels(windows)
    assert levels is not None
    counts = np.bincount(np.concatenate(levels), minlength=6)
    assert counts[1:].tolist() == [20] * 5
    assert levels[0][:20] == (5,) * 20
    assert rank_levels([[1.0] * 99]) is None


@pytest.mark.parametrize("maximum", [1e-30, 0.1, 0.3, 1.0, 3.3, 1e6])
def test_the_faintest_activation_is_the_first_of_strength_a_tenth(maximum: float) -> None:
    largest = np.array([maximum], np.float32)
    value = faintest(largest)[0]
    assert relative_strength(float(value), float(largest[0])) >= 0.1
    assert relative_strength(float(np.nextafter(value, np.float32(0))), float(largest[0])) < 0.1


def test_a_neuron_that_is_never_positive_has_no_faintest_activation() -> None:
    assert np.isinf(faintest(np.array([0.0, -1.0], np.float32))).all()


def test_the_dead_rule() -> None:
    maximum = np.array([1.0, 1.0, 1.0, 0.00099, 0.0011, -1.0, 1.0, 1.0], np.float32)
    contexts = np.array([5, 4, 100, 100, 100, 0, 9, 9])
    assert is_dead(maximum, contexts).tolist() == [False, True, False, True, False, True, False, False]


def test_a_word_ignores_case_and_white_space_and_parts_of_characters_are_different_words() -> None:
    assert normalised_word(b" The") == normalised_word(b"the\n") == "the"
    assert len({normalised_word(bytes([byte])) for byte in range(128, 256)}) == 128


def test_hashes_are_spread_and_depend_on_the_seed() -> None:
    first, second = mixed(np.arange(100_000), 1), mixed(np.arange(100_000), 2)
    assert len(set(first.tolist())) == 100_000
    assert not (first == second).any()
    counts = np.bincount((first >> np.uint64(60)).astype(np.int64), minlength=16)
    assert abs(counts - 6250).max() < 6 * np.sqrt(6250)


def test_neighbourhood_keys_are_equal_exactly_for_equal_neighbourhoods() -> None:
    tokens = np.random.default_rng(0).integers(0, 3, (20, 30)).astype(np.int32)
    outside = np.zeros(tokens.shape, np.bool_)
    outside[:, 0] = True
    keys = neighbourhood_keys(tokens, outside, 2)
    around: dict[tuple[int, ...], int] = {}
    padded = np.pad(np.where(outside, -1, tokens), ((0, 0), (2, 2)), constant_values=-1)
    for row in range(20):
        for position in range(30):
            neighbours = tuple(padded[row, position : position + 5].tolist())
            assert around.setdefault(neighbours, int(keys[row, position])) == keys[row, position]
    assert len(set(around.values())) == len(around)


def test_the_token_sample_is_the_smallest_hashes_whatever_the_order() -> None:
    hashes = mixed(np.arange(1000), 3)
    values = np.arange(1000, dtype=np.float32)[:, None]
    expected = np.argsort(hashes)[:50]
    for order in (np.arange(1000), np.arange(1000)[::-1]):
        sample = TokenSample(50, 1)
        for part in np.array_split(order, 13):
            sample.offer(hashes[part], part, values[part])
        tokens, kept = sample.in_order()
        assert tokens.tolist() == expected.tolist()
        assert kept[:, 0].tolist() == expected.tolist()


def test_the_bound_is_massarts() -> None:
    assert bound(8192, 10**6) == pytest.approx(0.0150050, abs=1e-7)
    assert bound(100, 100) == 0


def test_a_device_that_is_not_there_is_refused_and_auto_takes_what_is() -> None:
    if torch.cuda.is_available():
        assert device_of("auto") == device_of("cuda") == "cuda"
        return
    assert device_of("auto") == device_of("cpu") == "cpu"
    with pytest.raises(SettingsError, match="--device cpu"):
        device_of("cuda")


def test_freed_memory_is_kept_for_the_next_batch() -> None:
    """Page faults of allocating and freeing the same block again and again, once glibc has been told to keep it."""
    if not keep_freed_memory():
        assert platform.libc_ver()[0] != "glibc"
        return
    for _ in range(3):
        torch.ones(4_000_000)
    assert min(faults(20, 4_000_000) for _ in range(3)) < 20 * 4_000_000 * 4 / 4096 / 4  # the system takes some back


def faults(times: int, numbers: int) -> int:
    """Page faults of making and dropping so many numbers so often."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        torch.ones(numbers)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_half_precision_is_read_as_such_and_kept_in_full(texts: Path, tmp_path: Path) -> None:
    halved = make_model(tmp_path / "model")
    options = HarvestOptions(k=3, window=80, sample=50, dtype="bfloat16").top_only()
    archive = harvest_model(halved, "tiny", str(texts), tmp_path / "out", options, silent)
    assert archive.manifest.dtype == "bfloat16"
    peak = archive.neurons()[0].maximum
    assert torch.tensor(peak).bfloat16().item() == peak


def test_a_model_read_in_half_precision_stays_as_it_was(model: LoadedModel, texts: Path, tmp_path: Path) -> None:
    options = HarvestOptions(k=3, window=80, sample=50).top_only()
    before = harvest_model(model, "tiny", str(texts), tmp_path / "before", options, silent)
    harvest_model(model, "tiny", str(texts), tmp_path / "half", replace(options, dtype="bfloat16"), silent)
    after = harvest_model(model, "tiny", str(texts), tmp_path / "after", options, silent)
    assert after.sha256 == before.sha256
    assert all(one.dtype == torch.float32 for one in model.transformer.parameters())


def test_a_site_is_the_same_whatever_is_read_with_it(solu: LoadedModel, texts: Path, tmp_path: Path) -> None:
    options = HarvestOptions(k=3, window=80, sample=50)
    sites: tuple[Site, ...] = ("mlp.pre", "mlp.post_ln", "mlp.act")
    together = harvest_sites(solu, "tiny", str(texts), tmp_path / "all", sites, options, silent)
    for site in sites:
        alone = harvest_model(solu, "tiny", str(texts), tmp_path / site, replace(options, site=site), silent)
        assert alone.sha256 == together[site].sha256


def test_no_site_and_layer_has_the_draws_of_another_seed() -> None:
    pilot = Pilot.of(np.ones((4, 1), np.float32))
    salts = [LAYERS * site + layer for site in range(len(SITES)) for layer in (0, 1, 99, 100, LAYERS - 1)]
    seeds = [
        Draws(pilot, 8, HarvestOptions(seed=seed), salt).seed for seed in (-1, 0, 1, LARGEST_SEED) for salt in salts
    ]
    assert len(set(seeds)) == len(seeds)
    assert min(abs(one - other) for one, other in itertools.combinations(seeds, 2)) >= 10


def test_progress_as_json_lines_and_as_a_bar() -> None:
    seen, shown = io.StringIO(), io.StringIO()
    progress = Progress(500, 1000, 7, 250.0, 2.0, 0.8, 0.15, 0.05)
    json_lines(seen)(progress)
    bar(shown)(progress)
    assert json.loads(seen.getvalue()) == {
        "tokens": 500,
        "total": 1000,
        "windows": 7,
        "tokens_per_second": 250.0,
        "eta_seconds": 2.0,
        "forward": 0.8,
        "reduction": 0.15,
        "reading": 0.05,
    }
    assert "500" in shown.getvalue()


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond 20 kB: to a program much like a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("small_files")
def test_a_full_disk_is_a_sentence_and_loses_nothing(model: LoadedModel, texts: Path, tmp_path: Path) -> None:
    options = HarvestOptions(k=3, window=80, sample=50).top_only()
    with pytest.raises(ArchiveError, match="make room and run the same command to go on"):
        harvest_model(model, "tiny", str(texts), tmp_path / "out", options, silent)
    assert not (tmp_path / "out").exists()
    resource.setrlimit(resource.RLIMIT_FSIZE, resource.getrlimit(resource.RLIMIT_FSIZE)[1:] * 2)
    harvest_model(model, "tiny", str(texts), tmp_path / "out", options, silent).verify()


def test_a_file_that_cannot_be_read_is_named(model: LoadedModel, tmp_path: Path) -> None:
    """Reading a process's memory from its beginning fails, for whoever asks."""
    memory = Path("/proc/self/mem")
    if not memory.exists():
        memory = tmp_path
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "unreadable.txt").symlink_to(memory)
    with pytest.raises(CorpusError, match=r"unreadable\.txt cannot be read|holds no text"):
        harvest_model(model, "tiny", str(tmp_path / "texts"), tmp_path / "out", HarvestOptions(window=80), silent)
    assert not (tmp_path / "out.partial").exists()


def test_reductions_on_a_device_are_those_in_memory() -> None:
    values = torch.randn(3, 12, 5, generator=torch.Generator().manual_seed(1))
    scores = np.random.default_rng(1).random((3, 12)) < 0.5
    scores[2] = False  # a window of context alone
    nothing = np.zeros((3, 12), np.uint64)
    batch = Batch(np.zeros((3, 12), np.int32), np.arange(3), scores, nothing, nothing)
    for here, there in zip(_in_memory(values, batch), _on_device(values, batch), strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-6)
    assert _in_memory(values, batch)[0][2].max() == -np.inf
