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
from app.harvest.options import HarvestOptions
from app.harvest.progress import silent
from app.harvest.run import harvest_model
from app.models.model_folder import LoadedModel

SPAN = 8


@dataclass
class Window:
    label: str
    ids: list[int]
    context: int
    activations: dict[int, np.ndarray]  # layer -> [token, neuron], without BOS


def windows(model: LoadedModel, texts: Path, options: HarvestOptions) -> list[Window]:
    """Every window of the corpus in order, with a forward pass of its own."""
    found = []
    for path in Random(options.seed).sample(text_files(texts), len(text_files(texts))):
        for document in read_documents([path], texts):
            if "\0" not in document.text:
                found += list(_cut(model, document.name, model.tokenizer.encode(document.text), options))
    return found


def _cut(model: LoadedModel, name: str, ids: list[int], options: HarvestOptions) -> Iterator[Window]:
    content, begin = options.window_for(96) - 1, 0
    while True:
        part = ids[begin : begin + content]
        with torch.inference_mode():
            read = model.transformer.read_site(options.site, torch.tensor([[model.config.bos, *part]]))
        activations = {layer: values[0, 1:].numpy() for layer, values in read.items()}
        yield Window(f"{name}:{begin}", part, options.overlap if begin else 0, activations)
        if begin + content >= len(ids):
            return
        begin += content - options.overlap


@pytest.fixture(scope="module")
def everything(model: LoadedModel, texts: Path, options: HarvestOptions) -> list[Window]:
    return windows(model, texts, options)


def expected_top(everything: list[Window], layer: int, neuron: int, k: int) -> list[tuple[float, str, int]]:
    """Strongest first, the earlier window first among equals, near-duplicates of what stands already left out."""
    ranked = []
    for number, window in enumerate(everything):
        values = window.activations[layer][window.context :, neuron]
        peak = window.context + int(values.argmax())
        ranked.append((-float(values.max()), number, peak))
    kept: list[tuple[float, str, int]] = []
    seen = set()
    for value, number, peak in sorted(ranked):
        window = everything[number]
        around = tuple(
            window.ids[place] if 0 <= place < len(window.ids) else None for place in range(peak - SPAN, peak + SPAN + 1)
        )
        if around not in seen:
            seen.add(around)
            kept.append((-value, window.label, peak))
    return kept[:k]


def test_top_snippets_are_those_of_the_full_activations(
    archive: Archive, everything: list[Window], options: HarvestOptions
) -> None:
    """To 1e-5: equal texts in other batches differ in the last bits; exact ties are tested with whole numbers."""
    by_label = {one.label: one for one in everything}
    for statistics in archive.neurons():
        layer, neuron = statistics.layer, statistics.index
        expected = expected_top(everything, layer, neuron, options.k)
        top = [one for one in archive.snippets(layer, neuron) if one.group == "top"]
        assert [one.rank for one in top] == list(range(options.k))
        assert [one.peak_activation for one in top] == pytest.approx([value for value, _, _ in expected], abs=1e-5)
        for snippet, (value, label, peak) in zip(top, expected, strict=True):
            alone = sum(abs(value - other) < 1e-5 for other, _, _ in expected_top(everything, layer, neuron, 99)) == 1
            assert not alone or (snippet.window, snippet.peak) == (label, peak)
            window = by_label[snippet.window]
            assert snippet.peak >= window.context
            assert window.activations[layer][snippet.peak, neuron] == pytest.approx(value, abs=1e-5)


def test_stored_windows_are_a_fresh_forward_pass(
    archive: Archive, everything: list[Window], model: LoadedModel
) -> None:
    by_label = {window.label: window for window in everything}
    pieces = model.tokenizer.pieces
    for layer, neuron in ((0, 0), (0, 23), (1, 7)):
        for snippet in archive.snippets(layer, neuron):
            window = by_label[snippet.window]
            np.testing.assert_allclose(snippet.activations, window.activations[layer][:, neuron], atol=1e-5)
            assert snippet.pieces == tuple(pieces[one] for one in window.ids)


def test_statistics_are_those_of_the_full_activations(archive: Archive, everything: list[Window]) -> None:
    for statistics in archive.neurons():
        parts = [one.activations[statistics.layer][one.context :, statistics.index] for one in everything]
        scored = np.concatenate(parts)
        assert statistics.maximum == pytest.approx(scored.max(), abs=1e-5)
        assert statistics.minimum == pytest.approx(scored.min(), abs=1e-5)
        assert statistics.mean == pytest.approx(scored.mean(), abs=1e-5)
        contexts = sum(part.max() / statistics.maximum >= 0.1 for part in parts)
        assert statistics.contexts == contexts
        medians = np.median([one.maximum for one in archive.neurons() if one.layer == statistics.layer])
        assert statistics.dead == (contexts < 5 or statistics.maximum < medians / 1000)


def test_sampled_statistics_keep_the_stated_bound(archive: Archive, everything: list[Window]) -> None:
    """The bound holds for each neuron with probability 0.95; of 48 neurons at least 40 must keep it."""
    bound, kept = archive.manifest.sample_bound, 0
    for statistics in archive.neurons():
        values = np.concatenate(
            [one.activations[statistics.layer][one.context :, statistics.index] for one in everything]
        )
        density = (values / statistics.maximum >= 0.1).mean()
        sampled = np.cumsum(statistics.histogram)[:-1] / archive.manifest.sample_tokens
        true = [(values < edge).mean() for edge in statistics.edges[1:-1]]
        kept += abs(density - statistics.density) <= bound and np.abs(sampled - true).max() <= bound
    assert 0 < bound < 0.1
    assert kept >= 40


def test_with_every_token_in_the_sample_the_sketch_is_exact(
    model: LoadedModel, texts: Path, everything: list[Window], tmp_path: Path
) -> None:
    options = HarvestOptions(k=5, window=80, seed=7, sample=100_000, layers=(1,))
    archive = harvest_model(model, "tiny", str(texts), tmp_path / "all", options, silent)
    assert archive.manifest.sample_bound == 0
    pieces = model.tokenizer.pieces
    for statistics in archive.neurons():
        ids = [token for one in everything for token in one.ids[one.context :]]
        values = np.concatenate([one.activations[1][one.context :, statistics.index] for one in everything])
        fires = values / statistics.maximum >= 0.1
        assert statistics.density == pytest.approx(fires.mean(), abs=2e-4)
        counts = Counter(pieces[token] for token, one in zip(ids, fires, strict=True) if one)
        assert all(0 < token.count <= counts[token.piece] + 1 for token in statistics.tokens)
        assert all(0.1 <= token.strength <= 1 for token in statistics.tokens)
        assert sum(token.count for token in statistics.tokens) <= 64
        assert sum(statistics.histogram) == len(values)


def test_every_token_of_a_document_scores_once_with_its_context_before_it(
    archive: Archive, everything: list[Window], options: HarvestOptions
) -> None:
    assert archive.manifest.corpus.tokens == sum(len(one.ids) - one.context for one in everything)
    assert archive.manifest.corpus.windows == len(everything)
    for pair, snippets in archive.snippets_by_neuron((1, index) for index in range(24)).items():
        for snippet in snippets:
            begins = int(snippet.window.rpartition(":")[2])
            assert snippet.peak >= options.overlap or begins == 0, pair


def test_the_distinct_windows_of_a_top_list_are_as_many_as_its_snippets(archive: Archive) -> None:
    for statistics in archive.neurons():
        top = [one for one in archive.snippets(statistics.layer, statistics.index) if one.group == "top"]
        assert len({one.window for one in top}) == len(top) == archive.manifest.k


def test_near_duplicates_are_counted(archive: Archive, everything: list[Window]) -> None:
    k = archive.manifest.k
    for statistics in archive.neurons():
        last = expected_top(everything, statistics.layer, statistics.index, k)[-1][0]
        maxima = [one.activations[statistics.layer][one.context :, statistics.index].max() for one in everything]
        surely, perhaps = (sum(one > last + margin for one in maxima) for margin in (1e-5, -1e-5))
        assert surely <= statistics.suppressed + k <= perhaps
    assert archive.manifest.counts.suppressed > 0
