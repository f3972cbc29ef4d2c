"""Archives that rounds are made from. Pages choose among those in the data folder by digest, never by path."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.archive.archive import Archive
from app.foundation.errors import ArchiveError

ARCHIVES_FOLDER = "archives"


@dataclass(frozen=True)
class KnownArchive:
    """One archive, as an admin chooses it."""

    sha256: str
    path: Path
    name: str
    """Where it lies in the archives' folder."""
    model: str
    activation: str
    site: str
    neurons: int
    tokens: int
    corpus: str


def known_archives(data: Path) -> list[KnownArchive]:
    """Every whole archive at or below DATA/archives, in order of path; what is incomplete is left out."""
    found = []
    folder = data / ARCHIVES_FOLDER
    for manifest in sorted(folder.rglob("manifest.json")):
        try:
            found.append(_known(Archive.open(manifest.parent), folder))
        except ArchiveError:
            continue  # a harvest under way or a broken copy; `archive verify` says what is wrong with it
    return found


def _known(archive: Archive, folder: Path) -> KnownArchive:
    manifest = archive.manifest
    return KnownArchive(
        sha256=archive.sha256,
        path=archive.path.resolve(),
        name=archive.path.relative_to(folder).as_posix(),
        model=manifest.model.name,
        activation=manifest.model.activation or "unknown activation",
        site=manifest.site,
        neurons=manifest.counts.neurons,
        tokens=manifest.corpus.tokens,
        corpus=manifest.corpus.spec,
    )


def verified_archives(paths: Mapping[str, Path]) -> dict[str, Archive]:
    """The archives {digest: archive}, each proven to be the one that its digest names. Raises ArchiveError."""
    found = {}
    for digest, path in paths.items():
        archive = Archive.open(path)
        archive.verify()
        if archive.sha256 != digest:
            msg = f"The archive in {path} is not the one that the design names; it was replaced since. Put it back."
            raise ArchiveError(msg)
        found[digest] = archive
    return found
