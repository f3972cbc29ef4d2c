"""Small archives made by hand, in the format that a harvest writes, and the design of a round that compares two."""

import shutil
from dataclasses import asdict, replace
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from app.archive.archive import Archive, manifest_bytes
from app.archive.manifest import CorpusRecord, Counts, Manifest, ModelRecord
from app.archive.neuron import NeuronStatistics
from app.archive.snippet import Snippet
from app.archive.tables import SNIPPET_SCHEMA, write_neurons
from app.foundation.digest import sha256_of_file
from app.rounds.cell import Cell
from app.rounds.design import Design
from app.rounds.presets import design_from_preset
from tests.rounds.few_draws import FEW_DRAWS

WORDS: tuple[str, ...] = (
    "import",
    " return",
    " self",
    "(",
    ")",
    "\n",
    "    ",
    " the",
    " of",
    "caf",
    "é",
    ":",
    " = ",
    "0",
)
WORDS += tuple(
    f" {first}{last}" for first in ("bar", "cor", "dul", "fen", "gam") for last in ("ba", "de", "ki", "lo", "mu")
)
TOKENS = 40
PEAKS = 20


def make_archive(
    folder: Path,
    *,
    seed: int = 0,
    layers: int = 1,
    width: int = 24,
    dead: int = 2,
    positive: int = TOKENS,
    first: tuple[int, int] = (0, 0),
    weak: int = 0,
) -> Archive:
    """An archive of `layers` x `width` neurons, the first `dead` of each layer dead.

    The first `positive` tokens of every window have positive activations, all others negative ones.

    `first` is the (layer, index) of the first neuron. Every live neuron has `weak` snippets of the group random.
    """
    random = Random(seed)
    folder.mkdir(parents=True)
    neurons = [
        _neuron(first[0] + layer, first[1] + index, index < dead, random)
        for layer in range(layers)
        for index in range(width)
    ]
    write_neurons(folder / "neurons.parquet", neurons)
    live = [neuron for neuron in neurons if not neuron.dead]
    rows = [row for neuron in live for row in _snippet_rows(neuron, random, positive)]
    weak_draws = Random(f"weak {seed}")
    rows += [row for neuron in live for row in _weak_rows(neuron, weak_draws, weak)]
    pq.write_table(pa.Table.from_pylist(rows, schema=SNIPPET_SCHEMA), folder / "snippets.parquet")
    digests = {name: sha256_of_file(folder / name) for name in ("neurons.parquet", "snippets.parquet")}
    (folder / "manifest.json").write_bytes(manifest_bytes(_manifest(layers, width, dead, seed, digests, first, weak)))
    return Archive.open(folder)


def copy_under_another_address(archive: Archive, folder: Path) -> Archive:
    """A copy of an archive with another word in its manifest."""
    shutil.copytree(archive.path, folder)
    changed = archive.manifest.model_copy(update={"versions": {"note": folder.name}}).with_address()
    (folder / "manifest.json").write_bytes(manifest_bytes(changed))
    return Archive.open(folder)


def harvest_otherwise(archive: Archive, folder: Path, **changes: object) -> Archive:
    """A copy of an archive whose manifest says something else of the harvest; keys with __ are of a part of it."""
    shutil.copytree(archive.path, folder)
    manifest = archive.manifest
    for name, value in changes.items():
        part, _, field = name.rpartition("__")
        changed = getattr(manifest, part).model_copy(update={field: value}) if part else value
        manifest = manifest.model_copy(update={part or field: changed})
    (folder / "manifest.json").write_bytes(manifest_bytes(manifest.with_address()))
    return Archive.open(folder)


def harvest_again(archive: Archive, folder: Path, seed: int) -> Archive:
    """An archive of the same model over another text."""
    other = make_archive(folder, seed=seed).manifest
    corpus = other.corpus.model_copy(update={"sha256": "c" * 64})
    changed = other.model_copy(update={"model": archive.manifest.model, "corpus": corpus}).with_address()
    (folder / "manifest.json").write_bytes(manifest_bytes(changed))
    return Archive.open(folder)


def two_arms(plum: Archive, fig: Archive, neurons: int) -> Design:
    """A design of two arms with canary names, so many neurons each."""
    cells = [Cell(arm="quokka", archive_sha256=plum.sha256), Cell(arm="axolotl", archive_sha256=fig.sha256)]
    return design_from_preset(
        "quick", title="A first look", arms=cells, reference="axolotl", neurons=neurons, analysis=FEW_DRAWS
    )


def make_snippet(random: Random, rank: int, peak: float, positive: int = TOKENS, window: str = "") -> Snippet:
    """A window whose largest activation is `peak`; two of its tokens are halves of one character."""
    pieces = [random.choice(WORDS).encode() for _ in range(TOKENS)]
    pieces[3:5] = [b"\xc3", b"\xa9"]
    index = random.randrange(positive)
    activations = [
        random.uniform(0.01, 0.8) * peak if token < positive else -random.random() for token in range(TOKENS)
    ]
    activations[index] = peak
    window = window or f"file{random.randrange(400)}.py:0"
    return Snippet(tuple(pieces), tuple(activations), index, "top", rank, window)


def _snippet_rows(neuron: NeuronStatistics, random: Random, positive: int) -> list[dict[str, object]]:
    rows = []
    for rank in range(PEAKS):
        snippet = make_snippet(random, rank, neuron.maximum * (1 - rank / 50), positive)
        columns = {"layer": neuron.layer, "neuron": neuron.index, "peak_activation": snippet.peak_activation}
        rows.append(asdict(snippet) | columns)
    return rows


def _weak_rows(neuron: NeuronStatistics, random: Random, count: int) -> list[dict[str, object]]:
    rows = []
    for rank in range(count):
        snippet = replace(make_snippet(random, rank, 0.2 * neuron.maximum), group="random")
        columns = {"layer": neuron.layer, "neuron": neuron.index, "peak_activation": snippet.peak_activation}
        rows.append(asdict(snippet) | columns)
    return rows


def _neuron(layer: int, index: int, dead: bool, random: Random) -> NeuronStatistics:
    return NeuronStatistics(
        layer=layer,
        index=index,
        maximum=0.0 if dead else random.uniform(1, 30),
        minimum=-0.17,
        mean=0.0,
        density=0.0 if dead else 0.02,
        contexts=0 if dead else 500,
        dead=dead,
        same_token_share=0.0 if dead else random.choice([0.25, 0.5, 0.9]),
        suppressed=index % 3,
        histogram=(1, 2),
        edges=(0.0, 1.0, 2.0),
        quantiles=(0.0,) * 11,
        tokens=(),
        promoted=(),
        suppressed_tokens=(),
    )


def _manifest(
    layers: int, width: int, dead: int, seed: int, digests: dict[str, str], first: tuple[int, int], weak: int
) -> Manifest:
    return Manifest(
        model=ModelRecord(
            name=f"model {seed}",
            activation="gelu",
            n_layers=first[0] + layers,
            d_mlp=first[1] + width,
            weights_sha256=f"{seed:064d}",
            tokenizer_sha256="0" * 64,
        ),
        corpus=CorpusRecord(spec="by hand", sha256="0" * 64, documents=400, windows=400, tokens=400 * TOKENS),
        site="mlp.act",
        window=TOKENS,
        overlap=0,
        k=PEAKS,
        seed=seed,
        duplicate_span=None,
        groups={"top": PEAKS} | ({"random": weak} if weak else {}),
        counts=Counts(
            neurons=layers * width,
            live=layers * (width - dead),
            dead=layers * dead,
            snippets=layers * (width - dead) * (PEAKS + weak),
            suppressed=0,
            skipped_documents=0,
            masked_tokens=0,
        ),
        sample_tokens=0,
        sample_bound=1.0,
        versions={},
        files=digests,
    ).with_address()
