"""An archive: a folder with manifest.json and Parquet tables. All that a round needs of a model; no torch.

    manifest.json       what was harvested, and the SHA-256 of every other file
    snippets.parquet    one row per snippet: layer, neuron, group, rank, band, window, peak, pieces, activations
    neurons.parquet     one row per neuron

Both tables open directly in pandas and in Hugging Face `datasets`. Archives are never changed in place.
"""

import operator
from collections.abc import Iterable
from functools import reduce
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError

from app.archive.manifest import FORMAT, Manifest
from app.archive.neuron import FiringToken, LogitEffect, NeuronStatistics
from app.archive.snippet import Snippet
from app.foundation.digest import sha256_of_file
from app.foundation.errors import ArchiveError

MANIFEST, SNIPPETS, NEURONS = "manifest.json", "snippets.parquet", "neurons.parquet"
Pair = tuple[int, int]


class Archive:
    """A finished harvest, opened for reading."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path, self.manifest = path, manifest

    @classmethod
    def open(cls, path: Path) -> "Archive":
        """Read the manifest and see that its files are there. Raises ArchiveError."""
        file = path / MANIFEST
        if not file.is_file():
            msg = f"{path} is no archive: {MANIFEST} is missing; make one with `firstglance harvest`"
            raise ArchiveError(msg)
        try:
            manifest = Manifest.model_validate_json(file.read_bytes())
        except (ValidationError, OSError) as error:
            msg = (
                f"{file} cannot be used as format {FORMAT}; the archive is damaged or of another version, harvest again"
            )
            raise ArchiveError(msg) from error
        if manifest.address != manifest.computed_address():
            msg = f"{file} has been changed since the harvest; copy the archive again"
            raise ArchiveError(msg)
        for name in sorted(manifest.files):
            if not (path / name).is_file():
                msg = f"{path} is incomplete: {name} is missing; copy the archive again or harvest again"
                raise ArchiveError(msg)
        return cls(path, manifest)

    @property
    def sha256(self) -> str:
        """The archive's content address: it covers the manifest and, through it, every file."""
        return self.manifest.address

    def verify(self) -> None:
        """Compare every byte with what was written. Raises ArchiveError naming the file that differs."""
        if (self.path / MANIFEST).read_bytes() != manifest_bytes(self.manifest):
            msg = f"{self.path}: {MANIFEST} has been changed since the harvest; copy the archive again"
            raise ArchiveError(msg)
        present = {path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file()}
        for name in sorted(present - self.manifest.files.keys() - {MANIFEST}):
            msg = f"{self.path} holds {name}, which is not part of the harvest; remove it"
            raise ArchiveError(msg)
        for name, digest in sorted(self.manifest.files.items()):
            if not (self.path / name).is_file() or sha256_of_file(self.path / name) != digest:
                msg = f"{self.path}: {name} is not as it was written; copy the archive again or harvest again"
                raise ArchiveError(msg)

    def neurons(self) -> list[NeuronStatistics]:
        """Every neuron, dead ones included, in order of layer and index. Raises ArchiveError on a damaged table."""
        return [_neuron(row) for row in self._read(NEURONS, None).to_pylist()]

    def snippets(self, layer: int, neuron: int) -> list[Snippet]:
        """One neuron's snippets by group and rank, `top` first. Raises ArchiveError if there is no such neuron."""
        return self.snippets_of([(layer, neuron)])[layer, neuron]

    def snippets_of(self, pairs: Iterable[Pair]) -> dict[Pair, list[Snippet]]:
        """Snippets of several neurons (layer, index) in one read. Raises ArchiveError if one does not exist."""
        found: dict[Pair, list[Snippet]] = {pair: [] for pair in pairs}
        for layer, neuron in found:
            if not (0 <= layer < self.manifest.model.n_layers and 0 <= neuron < self.manifest.model.d_mlp):
                msg = f"{self.path} has no neuron {neuron} in layer {layer}; its model is {self.manifest.model.name}"
                raise ArchiveError(msg)
        if found:
            for row in self._read(SNIPPETS, _filter(found)).to_pylist():
                found[row["layer"], row["neuron"]].append(_snippet(row))
        return found

    def _read(self, name: str, rows: pc.Expression | None) -> pa.Table:
        try:
            return pq.read_table(self.path / name, filters=rows)
        except (pa.ArrowException, OSError, ValueError) as error:
            msg = f"{self.path / name} cannot be read; the archive is damaged, copy it again or harvest again"
            raise ArchiveError(msg) from error


def manifest_bytes(manifest: Manifest) -> bytes:
    """manifest.json as it is written."""
    return (manifest.model_dump_json(indent=2) + "\n").encode()


def _filter(pairs: Iterable[Pair]) -> pc.Expression:
    layers: dict[int, list[int]] = {}
    for layer, neuron in pairs:
        layers.setdefault(layer, []).append(neuron)
    parts = [(pc.field("layer") == layer) & pc.field("neuron").isin(neurons) for layer, neurons in layers.items()]
    return reduce(operator.or_, parts)


def _snippet(row: dict[str, Any]) -> Snippet:
    return Snippet(
        pieces=tuple(row["pieces"]),
        activations=tuple(row["activations"]),
        peak=row["peak"],
        group=row["group"],
        rank=row["rank"],
        window=row["window"],
        band=row["band"],
    )


def _neuron(row: dict[str, Any]) -> NeuronStatistics:
    parts = {
        "tokens": tuple(FiringToken(**one) for one in row["tokens"]),
        "promoted": tuple(LogitEffect(**one) for one in row["promoted"]),
        "suppressed_tokens": tuple(LogitEffect(**one) for one in row["suppressed_tokens"]),
    }
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return NeuronStatistics(**(plain | parts))
