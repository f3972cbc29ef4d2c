"""The archive against full activations of the whole corpus, by plain Python that shares no code with it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch

from app.archive.archive import Archive
from app.foundation.documents import read_documents, text_files
from app.harvest.harvests import harvest_model
from app.harvest.options import HarvestOptions
from app.harvest.progress import report_nothing
from app.models.model_folder import LoadedModel

SPAN = 8


@dataclass
class Window:
    label: str
    ids: list[int]
    context_length: int
    activations: dict[int, np.ndarray]  # layer -> [token, neuron], without BOS

    def scored(self, layer: int, neuron: int) -> np.ndarray:
        """[token]"""
        activations: np.ndarray = self.activations[layer][self.context_length :, neuron]
        return activations


def read_all_windows(model: LoadedModel, texts: Path, options: HarvestOptions) -> list[Window]:
    """Every window of the corpus in order, with a forward pass of its own."""
    windows = []
    for path in Random(options.seed).sample(text_files(texts), len(text_files(texts))):
        for document in read_documents([path], texts):
            if "\0" not in document.text:
                windows += list(cut_document(model, document.name, model.tokenizer.encode(document.text), options))
    return windows


def cut_document(model: LoadedModel, name: str, ids: list[int], options: HarvestOptions) -> Iterator[Window]:
    content, begin = options.window_length_within(96) - 1, 0
    while True:
        part = ids[begin : begin + content]
        with torch.inference_mode():
            by_layer = model.transformer.read_site(options.site, torch.tensor([[model.config.bos, *part]]))
        activations_by_layer = {layer: activations[0, 1:].numpy() for layer, activations in by_layer.items()}
        yield Window(f"{name}:{begin}", part, options.overlap if begin else 0, activations_by_layer)
        if begin + content >= len(ids):
            return
        begin += content - options.overlap


@pytest.fixture(scope="module")
def windows(model: LoadedModel, texts: Path, options: HarvestOptions) -> list[Window]:
    return read_all_windows(model, texts, options)


def expected_top(windows: list[Window], layer: int, neuron: int, k: int) -> list[tuple[float, str, int]]:
    """Strongest first, the earlier window first among equals, near-duplicates of stronger ones left out."""
    ranked = []
    for number, window in enumerate(windows):
        values = window.scored(layer, neuron)
        peak = window.context_length + int(values.argmax())
        ranked.append((-float(values.max()), number, peak))
    top: list[tuple[float, str, int]] = []
    neighbourhoods = set()
    for value, number, peak in sorted(ranked):
        window = windows[number]
        neighbourhood = tuple(
            window.ids[position] if 0 <= position < len(window.ids) else None
            for position in range(peak - SPAN, peak + SPAN + 1)
        )
        if neighbourhood not in neighbourhoods:
            neighbourhoods.add(neighbourhood)
            top.append((-value, window.label, peak))
    return top[:k]


def test_top_snippets_equal_those_computed_from_all_activations(
    archive: Archive, windows: list[Window], options: HarvestOptions
) -> None:
    """To 1e-5: equal texts in other batches differ in the last bits; exact ties are tested with whole numbers."""
    by_label = {window.label: window for window in windows}
    for statistics in archive.neurons():
        layer, neuron = statistics.layer, statistics.index
        expected = expected_top(windows, layer, neuron, options.k)
        ranked = expected_top(windows, layer, neuron, 99)
        top = [snippet for snippet in archive.snippets(layer, neuron) if snippet.group == "top"]
        assert [snippet.rank for snippet in top] == list(range(options.k))
        assert [snippet.peak_activation for snippet in top] == pytest.approx(
            [value for value, _, _ in expected], abs=1e-5
        )
        for snippet, (value, label, peak) in zip(top, expected, strict=True):
            is_unique = sum(abs(value - ranked_value) < 1e-5 for ranked_value, _, _ in ranked) == 1
            assert not is_unique or (snippet.window, snippet.peak) == (label, peak)
            window = by_label[snippet.window]
            assert snippet.peak >= window.context_length
            assert window.activations[layer][snippet.peak, neuron] == pytest.approx(value, abs=1e-5)


def test_stored_activations_equal_a_new_forward_pass(
    archive: Archive, windows: list[Window], model: LoadedModel
) -> None:
    by_label = {window.label: window for window in windows}
    pieces = model.tokenizer.pieces
    for layer, neuron in ((0, 0), (0, 23), (1, 7)):
        for snippet in archive.snippets(layer, neuron):
            window = by_label[snippet.window]
            np.testing.assert_allclose(snippet.activations, window.activations[layer][:, neuron], atol=1e-5)
            assert snippet.pieces == tuple(pieces[token] for token in window.ids)


def test_statistics_equal_those_computed_from_all_activations(archive: Archive, windows: list[Window]) -> None:
    neurons = archive.neurons()
    for statistics in neurons:
        parts = [window.scored(statistics.layer, statistics.index) for window in windows]
        scored = np.concatenate(parts)
        assert statistics.maximum == pytest.approx(scored.max(), abs=1e-5)
        assert statistics.minimum == pytest.approx(scored.min(), abs=1e-5)
        assert statistics.mean == pytest.approx(scored.mean(), abs=1e-5)
        contexts = sum(part.max() / statistics.maximum >= 0.1 for part in parts)
        assert statistics.contexts == contexts
        medians = np.median([neuron.maximum for neuron in neurons if neuron.layer == statistics.layer])
        assert statistics.dead == (contexts < 5 or statistics.maximum < medians / 1000)


def test_sampled_statistics_keep_the_stated_bound(archive: Archive, windows: list[Window]) -> None:
    """The bound holds for each neuron with probability 0.95; of 48 neurons at least 40 must keep it."""
    bound, within_bound = archive.manifest.sample_bound, 0
    for statistics in archive.neurons():
        values = np.concatenate([window.scored(statistics.layer, statistics.index) for window in windows])
        density = (values / statistics.maximum >= 0.1).mean()
        sampled = np.cumsum(statistics.histogram)[:-1] / archive.manifest.sample_tokens
        true = [(values < edge).mean() for edge in statistics.edges[1:-1]]
        within_bound += abs(density - statistics.density) <= bound and np.abs(sampled - true).max() <= bound
    assert 0 < bound < 0.1
    assert within_bound >= 40


def test_with_every_token_in_the_sample_sampled_statistics_are_exact(
    model: LoadedModel, texts: Path, windows: list[Window], tmp_path: Path
) -> None:
    options = HarvestOptions(k=5, window=80, seed=7, sample=100_000, layers=(1,))
    archive = harvest_model(model, "tiny", str(texts), tmp_path / "all", options, report_nothing)
    assert archive.manifest.sample_bound == 0
    pieces = model.tokenizer.pieces
    for statistics in archive.neurons():
        ids = [token for window in windows for token in window.ids[window.context_length :]]
        values = np.concatenate([window.scored(1, statistics.index) for window in windows])
        fires = values / statistics.maximum >= 0.1
        assert statistics.density == pytest.approx(fires.mean(), abs=2e-4)
        counts = Counter(pieces[token] for token, is_firing in zip(ids, fires, strict=True) if is_firing)
        assert all(0 < token.count <= counts[token.piece] + 1 for token in statistics.tokens)
        assert all(0.1 <= token.strength <= 1 for token in statistics.tokens)
        assert sum(token.count for token in statistics.tokens) <= 64
        assert sum(statistics.histogram) == len(values)


def test_every_token_of_a_document_scores_once_with_its_context_before_it(
    archive: Archive, windows: list[Window], options: HarvestOptions
) -> None:
    assert archive.manifest.corpus.tokens == sum(len(window.ids) - window.context_length for window in windows)
    assert archive.manifest.corpus.windows == len(windows)
    for key, snippets in archive.snippets_by_neuron((1, index) for index in range(24)).items():
        for snippet in snippets:
            begin = int(snippet.window.rpartition(":")[2])
            assert snippet.peak >= options.overlap or begin == 0, key


def test_no_window_is_twice_in_a_top_list(archive: Archive) -> None:
    for statistics in archive.neurons():
        snippets = archive.snippets(statistics.layer, statistics.index)
        top = [snippet for snippet in snippets if snippet.group == "top"]
        assert len({snippet.window for snippet in top}) == len(top) == archive.manifest.k


def test_near_duplicates_are_counted(archive: Archive, windows: list[Window]) -> None:
    k = archive.manifest.k
    for statistics in archive.neurons():
        last = expected_top(windows, statistics.layer, statistics.index, k)[-1][0]
        maxima = [window.scored(statistics.layer, statistics.index).max() for window in windows]
        surely, perhaps = (sum(maximum > last + margin for maximum in maxima) for margin in (1e-5, -1e-5))
        assert surely <= statistics.suppressed + k <= perhaps
    assert archive.manifest.counts.suppressed > 0
