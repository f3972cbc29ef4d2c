"""An archive: a folder with manifest.json and Parquet tables. A round needs nothing else of a model. No torch here.

    manifest.json       what was harvested, and the SHA-256 of every other file
    snippets.parquet    one row per snippet: layer, neuron, group, rank, band, window, peak, pieces, activations
    neurons.parquet     one row per neuron

Both tables open directly in pandas and in Hugging Face `datasets`. Archives are never changed in place.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from app.archive.manifest import FORMAT, Manifest
from app.archive.neuron import NeuronKey, NeuronStatistics
from app.archive.snippet import Snippet
from app.archive.tables import NEURONS_TABLE, SNIPPETS_TABLE, read_neurons, read_snippets
from app.foundation.digest import sha256_of_file
from app.foundation.errors import ArchiveError
from app.foundation.files import read_small_file

MANIFEST = "manifest.json"
PLAIN_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)
"""The name of a file of an archive: a path that leads out of no folder."""
LEFT_BY_WINDOWS = ("Thumbs.db", "desktop.ini")


class Archive:
    """A finished harvest, opened for reading."""

    path: Path
    """Its folder."""
    manifest: Manifest
    """What was harvested and how."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path, self.manifest = path, manifest

    @classmethod
    def open(cls, folder: Path | str) -> "Archive":
        """Read the manifest and check that it lists both tables, and that every file it lists is there.

        Raises ArchiveError.
        """
        path = Path(folder)
        manifest = _read_manifest(path)
        for table in (NEURONS_TABLE, SNIPPETS_TABLE):
            if table not in manifest.files:  # its digest would not be in the address: anybody could exchange it
                msg = f"{path} is no archive: its {MANIFEST} does not list {table}; harvest again"
                raise ArchiveError(msg)
        for name in sorted(manifest.files):
            if not PLAIN_PATH.fullmatch(name):
                msg = f"{path} is no archive: its {MANIFEST} lists {name!a}, which is no file in it; harvest again"
                raise ArchiveError(msg)
            if not (path / name).is_file():
                msg = f"{path} is incomplete: {name} is missing; copy the archive again or harvest again"
                raise ArchiveError(msg)
        return cls(path, manifest)

    @property
    def sha256(self) -> str:
        """The archive's content address: it covers the manifest and, through it, every file."""
        return self.manifest.address

    def verify(self) -> None:
        """Check that every file is as the harvest wrote it, and that no other is there but what systems leave behind.

        Raises ArchiveError naming the file that differs.
        """
        present = {path.relative_to(self.path) for path in self.path.rglob("*") if path.is_file()}
        names = {file.as_posix() for file in present if not _is_left_by_a_system(file)}
        for name in sorted(names - self.manifest.files.keys() - {MANIFEST}):
            msg = f"{self.path} holds {name}, which is not part of the harvest; remove it"
            raise ArchiveError(msg)
        self.verify_harvested_files()

    def verify_harvested_files(self) -> None:
        """Check that every file of the harvest is as it wrote it, whatever lies beside them. Raises ArchiveError."""
        if not self.path.is_dir():
            msg = f"there is no archive at {self.path} any more; give its new place, or copy it there again"
            raise ArchiveError(msg)
        if not (self.path / MANIFEST).is_file() or (self.path / MANIFEST).read_bytes() != manifest_bytes(self.manifest):
            msg = f"{self.path}: {MANIFEST} has been changed since the harvest; copy the archive again"
            raise ArchiveError(msg)
        for name, digest in sorted(self.manifest.files.items()):
            if not (self.path / name).is_file() or sha256_of_file(self.path / name) != digest:
                msg = f"{self.path}: {name} has been changed since the harvest; copy the archive again or harvest again"
                raise ArchiveError(msg)

    def neurons(self) -> list[NeuronStatistics]:
        """Every neuron, dead ones included, in order of layer and index. Raises ArchiveError on a damaged table."""
        model, counts = self.manifest.model, self.manifest.counts
        return read_neurons(self.path / NEURONS_TABLE, min(counts.neurons, model.n_layers * model.d_mlp))

    def snippets(self, layer: int, index: int) -> list[Snippet]:
        """One neuron's snippets by group and rank, `top` first. Raises ArchiveError if there is no such neuron."""
        return self.snippets_by_neuron([(layer, index)])[layer, index]

    def snippets_by_neuron(self, neuron_keys: Iterable[NeuronKey]) -> dict[NeuronKey, list[Snippet]]:
        """The snippets of several neurons in one read. Raises ArchiveError if there is no such neuron."""
        neuron_keys, model = list(neuron_keys), self.manifest.model
        for layer, index in neuron_keys:
            if not (0 <= layer < model.n_layers and 0 <= index < model.d_mlp):
                msg = f"{self.path} has no neuron {index} in layer {layer}; its model is {model.name}"
                raise ArchiveError(msg)
        return read_snippets(self.path / SNIPPETS_TABLE, neuron_keys, self.manifest.counts.snippets)


def find_archives(folder: Path) -> Iterator[Archive | ArchiveError]:
    """Every archive at or below a folder, in order of path; for one that cannot be opened, the error that says why.

    Folders whose names begin with a dot are left out: an interrupted harvest leaves them behind. Links to folders are
    followed; a folder that can be reached in two ways is read once.
    """
    for path in sorted(_folders_with_a_manifest(folder)):
        try:
            yield Archive.open(path)
        except ArchiveError as error:
            yield error


def _read_manifest(path: Path) -> Manifest:
    """The manifest in an archive's folder. Raises ArchiveError if it is absent, has another form, or was changed."""
    file = path / MANIFEST
    if not file.is_file():
        msg = f"{path} is no archive: {MANIFEST} is missing; make one with `firstglance harvest`"
        raise ArchiveError(msg)
    try:
        manifest = Manifest.model_validate_json(read_small_file(file))
        address = manifest.computed_address()
    except (ValueError, OSError) as error:  # ValueError: another form, or numbers of which no digest can be made
        msg = f"{file} cannot be used as format {FORMAT}; the archive is damaged or of another version, harvest again"
        raise ArchiveError(msg) from error
    if manifest.address != address:
        msg = f"{file} has been changed since the harvest; copy the archive again"
        raise ArchiveError(msg)
    return manifest


def _folders_with_a_manifest(folder: Path) -> Iterator[Path]:
    """The folders at or below a folder that hold a manifest: those in it first, then those that links lead to."""
    visited: set[Path] = set()
    starts = [folder]
    for start in starts:
        for root, folder_names, file_names in os.walk(start):
            path = Path(root)
            if path.resolve() in visited:
                folder_names.clear()
                continue
            visited.add(path.resolve())
            folder_names[:] = sorted(name for name in folder_names if not name.startswith("."))
            starts += [path / name for name in folder_names if (path / name).is_symlink()]
            if MANIFEST in file_names:
                yield path


def _is_left_by_a_system(file: Path) -> bool:
    """Whether operating systems leave such a file behind: hidden ones, and those of Windows."""
    return file.name.startswith(".") or file.name in LEFT_BY_WINDOWS


def manifest_bytes(manifest: Manifest) -> bytes:
    """The bytes of manifest.json."""
    return (manifest.model_dump_json(indent=2) + "\n").encode()
