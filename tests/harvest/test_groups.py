"""Snippets from the whole range of activation, against the full activations."""

from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from app.archive.archive import Archive
from app.archive.snippet import Snippet
from app.harvest.arms.callable_arm import Vocabulary
from app.harvest.finish.selection import FIFTH_NAMES
from app.harvest.harvests import harvest
from app.harvest.options import HarvestOptions
from app.harvest.progress import report_nothing

ROWS, POSITIONS, UNITS, TOKENS = 600, 40, 6, 50


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    """Random token ids; id 0 stands for padding at the end of some rows."""
    generator = np.random.default_rng(4)
    tokens = generator.integers(1, TOKENS, (ROWS, POSITIONS))
    tokens[::7, 30:] = 0
    return tokens


def activations(tokens: torch.Tensor) -> torch.Tensor:
    """Whole numbers in float32 from a token and the one before it: arithmetic is exact and there are many ties."""
    units = torch.arange(UNITS)
    before = torch.roll(tokens, 1, dims=1)
    mixed = tokens[:, :, None] * (units + 3) + before[:, :, None] * (units * units + 1)
    values = (mixed % 23) * (mixed % 7 == 0) - (mixed % 5)
    values[:, :, 5] = -1 - tokens % 3  # a unit that never fires
    return values.float()


@pytest.fixture(scope="module")
def full_activations(rows: np.ndarray) -> np.ndarray:
    return activations(torch.from_numpy(rows)).numpy()


@pytest.fixture(scope="module")
def archive(rows: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    options = HarvestOptions(k=8, seed=2, duplicate_span=None, sample=4000, batch_size=16)
    out = tmp_path_factory.mktemp("callable") / "archive"
    return harvest(
        activations, rows, out, vocabulary=Vocabulary(special=(0,)), options=options, progress=report_nothing
    )


def snippets_of_group(archive: Archive, unit: int, name: str) -> list[Snippet]:
    return [snippet for snippet in archive.snippets(0, unit) if snippet.group == name]


def row_number(snippet: Snippet) -> int:
    return int(snippet.window.removeprefix("row:"))


def scored_values(rows: np.ndarray, full_activations: np.ndarray, unit: int) -> np.ndarray:
    values: np.ndarray = full_activations[:, :, unit][rows != 0]
    return values


def test_top_snippets_equal_brute_force_ties_included(
    archive: Archive, rows: np.ndarray, full_activations: np.ndarray
) -> None:
    """Stronger windows come first, then earlier ones; within a window the earliest of equal tokens is the peak."""
    for unit in range(UNITS):
        masked = np.where(rows != 0, full_activations[:, :, unit], -np.inf)
        order = sorted(range(ROWS), key=lambda row: (-masked[row].max(), row))[:8]
        expected = [(row, int(masked[row].argmax()), masked[row].max()) for row in order]
        top = snippets_of_group(archive, unit, "top")
        assert [(row_number(snippet), snippet.peak, snippet.peak_activation) for snippet in top] == expected
    values = [snippet.peak_activation for snippet in snippets_of_group(archive, 0, "top")]
    assert len(set(values)) < len(values)


def test_every_snippet_has_the_tokens_and_activations_of_its_window(
    archive: Archive, rows: np.ndarray, full_activations: np.ndarray
) -> None:
    for unit in range(UNITS):
        for snippet in archive.snippets(0, unit):
            row = row_number(snippet)
            is_shown = rows[row] != 0
            np.testing.assert_array_equal(snippet.activations, full_activations[row, is_shown, unit])
            assert snippet.pieces == tuple(f"<{token}>".encode() for token in rows[row, is_shown])


def test_quantile_snippets_lie_in_their_bands_within_the_bound(
    archive: Archive, rows: np.ndarray, full_activations: np.ndarray
) -> None:
    bound = archive.manifest.sample_bound
    assert 0 < bound < 0.03
    for unit in range(UNITS):
        values = np.sort(scored_values(rows, full_activations, unit))
        snippets = snippets_of_group(archive, unit, "quantile")
        assert len(snippets) >= 6
        for snippet in snippets:
            low, high = (float(part) for part in snippet.band.split("-"))
            lowest = np.quantile(values, max(0, low - bound), method="inverted_cdf")
            highest = np.quantile(values, min(1, high + bound), method="inverted_cdf")
            assert lowest <= snippet.peak_activation <= highest
        assert max(Counter(snippet.band for snippet in snippets).values()) <= 3


@pytest.fixture(scope="module")
def sparse_archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Units of a ReLU that fire on one token in two hundred; 0 to 7 are silent in the windows of the pilot."""
    generator = np.random.default_rng(1)
    tokens = np.concatenate([generator.integers(0, 100, (32, 40)), generator.integers(0, 5000, (3000, 40))])
    table = torch.relu(torch.randn(5000, 16, generator=torch.Generator().manual_seed(3)) - 2.5)
    table[:100, :8] = 0
    table[0, 8:] = 1
    options = HarvestOptions(k=5, sample=4000)
    out = tmp_path_factory.mktemp("sparse") / "archive"
    return harvest(lambda tokens: table[tokens], tokens, out, options=options, progress=report_nothing)


def test_zeros_that_lie_at_several_cuts_belong_to_the_lowest_band(sparse_archive: Archive) -> None:
    snippets = [snippet for unit in range(16) for snippet in snippets_of_group(sparse_archive, unit, "quantile")]
    assert {snippet.band for snippet in snippets if snippet.peak_activation == 0} == {"0-0.5"}
    assert {snippet.band for snippet in snippets if snippet.peak_activation > 0} == {"0.99-0.999", "0.999-1"}
    assert all(snippets_of_group(sparse_archive, unit, "quantile")[0].peak_activation > 0 for unit in range(16))


def test_the_draws_of_a_unit_that_is_silent_in_the_first_windows_are_spread_too(sparse_archive: Archive) -> None:
    for unit in range(16):
        assert len({snippet.band for snippet in snippets_of_group(sparse_archive, unit, "value_bin")}) >= 4
        assert sparse_archive.neurons()[unit].tokens


def test_value_bins_are_fifths_of_the_largest_activation(
    archive: Archive, rows: np.ndarray, full_activations: np.ndarray
) -> None:
    bands = set()
    for unit in range(UNITS - 1):
        largest = scored_values(rows, full_activations, unit).max()
        snippets = snippets_of_group(archive, unit, "value_bin")
        for snippet in snippets:
            low, high = (float(part) for part in snippet.band.split("-"))
            assert low * largest < snippet.peak_activation <= high * largest
            window = full_activations[row_number(snippet), rows[row_number(snippet)] != 0, unit]
            assert snippet.peak == int(window.argmax())
        assert len({snippet.band for snippet in snippets}) >= 3
        bands |= {snippet.band for snippet in snippets}
    assert len(bands) == 5
    assert snippets_of_group(archive, UNITS - 1, "value_bin") == []


def test_with_enough_snippets_no_fifth_that_the_text_reaches_is_empty(
    rows: np.ndarray, full_activations: np.ndarray, tmp_path: Path
) -> None:
    """An activation bin may lie in two fifths. Two draws may all come from the same one of them; eight do not."""
    options = replace(HarvestOptions(k=8, seed=2, duplicate_span=None, sample=400).top_only(), value_bin=8)
    special = Vocabulary(special=(0,))
    many_per_fifth = harvest(
        activations, rows, tmp_path / "out", vocabulary=special, options=options, progress=report_nothing
    )
    for unit in range(UNITS - 1):
        peaks = np.where(rows == 0, -np.inf, full_activations[:, :, unit]).max(axis=1)
        fifths = np.ceil(5 * peaks[peaks > 0] / peaks.max()).clip(1, 5)
        reached = {FIFTH_NAMES[int(fifth) - 1] for fifth in fifths}
        assert {snippet.band for snippet in snippets_of_group(many_per_fifth, unit, "value_bin")} == reached


def test_random_snippets_are_spread_over_the_corpus_and_are_each_neurons_own(archive: Archive) -> None:
    drawn = {
        unit: [row_number(snippet) for snippet in snippets_of_group(archive, unit, "random")] for unit in range(UNITS)
    }
    assert all(len(set(rows)) == 5 for rows in drawn.values())
    assert len({row for rows in drawn.values() for row in rows}) > 20
    assert max(row for rows in drawn.values() for row in rows) > ROWS * 0.8


def test_random_draws_are_uniform_over_tokens(rows: np.ndarray, tmp_path: Path) -> None:
    """Peaks of 400 units' draws fall on early and late positions alike; the bound is six standard deviations."""

    def repeat_ids_in_all_units(tokens: torch.Tensor) -> torch.Tensor:
        return tokens[:, :, None].float() * torch.ones(400)

    options = HarvestOptions(k=1, random=5, quantile=0, value_bin=0, contrast=0, sample=100)
    vocabulary = Vocabulary(special=(0,))
    archive = harvest(
        repeat_ids_in_all_units, rows, tmp_path / "out", vocabulary=vocabulary, options=options, progress=report_nothing
    )
    snippets = archive.snippets_by_neuron((0, unit) for unit in range(400))
    peaks = [snippet.peak for drawn in snippets.values() for snippet in drawn if snippet.group == "random"]
    late = (rows[:, 20:] != 0).sum() / (rows != 0).sum()
    share = np.mean(np.array(peaks) >= 20)
    assert len(peaks) == 2000
    assert abs(share - late) < 6 * np.sqrt(late * (1 - late) / 2000)


def test_contrast_shows_the_favourite_token_where_the_neuron_is_quiet_on_every_occurrence_of_it(
    archive: Archive, rows: np.ndarray, full_activations: np.ndarray
) -> None:
    for unit in range(UNITS - 1):
        peaks = Counter(snippet.pieces[snippet.peak] for snippet in snippets_of_group(archive, unit, "top"))
        for snippet in snippets_of_group(archive, unit, "contrast"):
            token = snippet.pieces[snippet.peak]
            assert peaks[token] == max(peaks.values())
            assert snippet.peak == snippet.pieces.index(token)
            activations_on_token = [
                value for piece, value in zip(snippet.pieces, snippet.activations, strict=True) if piece == token
            ]
            assert max(activations_on_token) < 0.1 * scored_values(rows, full_activations, unit).max()
    assert sum(len(snippets_of_group(archive, unit, "contrast")) for unit in range(UNITS)) >= 6


def test_contrast_finds_windows_even_for_neurons_that_mostly_fire_on_their_token(tmp_path: Path) -> None:
    """Units 0 to 3 fire on token 7 in three of four windows; in two of them only on its second occurrence."""
    generator = np.random.default_rng(0)
    rows = generator.integers(10, 40, (4000, 30))
    rows[:, [5, 20]] = 7
    rows[:, 0] = np.arange(4000) % 4

    def fires(tokens: torch.Tensor) -> torch.Tensor:
        kind, position = tokens[:, :1], torch.arange(tokens.shape[1])
        fires_at = ((kind == 1) & (position == 5)) | ((kind >= 2) & (position == 20))
        return (((tokens == 7) & fires_at)[:, :, None] * torch.ones(4)).float()

    options = HarvestOptions(k=5, random=0, quantile=0, value_bin=0, firing=0, sample=100)
    archive = harvest(fires, rows, tmp_path / "out", options=options, progress=report_nothing)
    snippets = [snippet for unit in range(4) for snippet in snippets_of_group(archive, unit, "contrast")]
    assert len(snippets) == 12
    assert {snippet.pieces[0] for snippet in snippets} == {b"<0>"}


def test_no_group_repeats_a_window_in_a_band(archive: Archive) -> None:
    for unit in range(UNITS):
        windows: dict[tuple[str, str], set[str]] = defaultdict(set)
        for snippet in archive.snippets(0, unit):
            assert snippet.window not in windows[snippet.group, snippet.band]
            windows[snippet.group, snippet.band].add(snippet.window)


def test_ranks_count_up_within_a_group(archive: Archive) -> None:
    for name, count in archive.manifest.groups.items():
        by_unit = [snippets_of_group(archive, unit, name) for unit in range(UNITS)]
        assert sum(len(snippets) for snippets in by_unit) == count
        for snippets in by_unit:
            assert [snippet.rank for snippet in snippets] == list(range(len(snippets)))


def test_a_unit_that_never_fires_is_dead_and_counted(archive: Archive) -> None:
    statistics = archive.neurons()
    assert [neuron.dead for neuron in statistics] == [False] * 5 + [True]
    assert statistics[5].contexts == 0
    assert statistics[5].density == 0
    assert statistics[5].tokens == ()
    assert archive.manifest.counts.dead == 1


def test_top_snippets_are_the_same_without_the_other_groups(archive: Archive, rows: np.ndarray, tmp_path: Path) -> None:
    options = HarvestOptions(k=8, seed=9, duplicate_span=None, sample=10, batch_size=5).top_only()
    vocabulary = Vocabulary(special=(0,))
    top_only = harvest(
        activations, rows, tmp_path / "out", vocabulary=vocabulary, options=options, progress=report_nothing
    )
    assert top_only.manifest.groups == {"top": 48}
    for unit in range(UNITS):
        assert top_only.snippets(0, unit) == snippets_of_group(archive, unit, "top")
