"""The archives from which rounds can be made. Pages name those in the data folder by digest, never by path."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.archive.archive import Archive, find_archives
from app.archive.site import site_kind
from app.archive.tables import NEURONS_TABLE, SNIPPETS_TABLE
from app.foundation.errors import ArchiveError

ARCHIVES_FOLDER = "archives"
SAME_WEIGHTS = "weights "
"""How the fingerprint begins that archives of the same units of one model share, whatever text they are of."""
OTHER_UNITS = "other units of "
"""How the fingerprint begins of a model that an archive reads, if its units are not the neurons of the MLP."""


@dataclass(frozen=True)
class AvailableArchive:
    """One archive, as the form of a new round offers it."""

    sha256: str
    path: Path
    name: str
    """The archive's path within the folder of archives."""
    activation: str
    site: str
    neuron_count: int
    token_count: int


def available_archives(data_folder: Path) -> list[AvailableArchive]:
    """Every complete archive at or below `archives` in the data folder, in order of path.

    Broken copies are left out; `firstglance archive list` says what is wrong with them.
    """
    folder = data_folder / ARCHIVES_FOLDER
    return [_available_archive(archive, folder) for archive in find_archives(folder) if isinstance(archive, Archive)]


def _available_archive(archive: Archive, folder: Path) -> AvailableArchive:
    manifest = archive.manifest
    return AvailableArchive(
        sha256=archive.sha256,
        path=archive.path.resolve(),
        name=archive.path.relative_to(folder).as_posix(),
        activation=manifest.model.activation or "unknown activation",
        site=manifest.site,
        neuron_count=manifest.counts.neurons,
        token_count=manifest.corpus.tokens,
    )


def verified_archives(paths: Mapping[str, Path]) -> dict[str, Archive]:
    """{digest: archive} of the archives at these paths. Raises ArchiveError if one does not have its digest."""
    archives = {}
    for digest, path in paths.items():
        archive = Archive.open(path)
        archive.verify()
        if archive.sha256 != digest:
            msg = f"The archive in {path} is not the one that the design names. Put the archive with that digest back."
            raise ArchiveError(msg)
        archives[digest] = archive
    return archives


def archive_fingerprints(archive: Archive) -> list[str]:
    """What two archives of the same model have in common: address, a table, or weights, also with corpus and site.

    Latents, directions and dimensions of the residual stream are other units than the neurons of the same model.
    """
    manifest = archive.manifest
    weights, reading = manifest.model.weights_sha256, manifest.reading
    has_neurons = site_kind(manifest.site) == "mlp"
    fingerprints = [
        f"address {archive.sha256}",
        f"neurons {manifest.files[NEURONS_TABLE]}",
        f"snippets {manifest.files[SNIPPETS_TABLE]}",
    ]
    if weights is not None:
        units = weights if has_neurons else f"{weights} {manifest.site}"
        fingerprints += [f"model {weights} {manifest.corpus.sha256} {manifest.site}", f"{SAME_WEIGHTS}{units}"]
    model_weights = weights if reading is None else reading.model_weights_sha256
    if model_weights is not None and not has_neurons:
        fingerprints.append(f"{OTHER_UNITS}{model_weights}")
    return fingerprints


def fingerprints_of_text(fingerprints: Iterable[str]) -> set[str]:
    """Those that archives share only if they show the same neurons in the same text."""
    return {fingerprint for fingerprint in fingerprints if not fingerprint.startswith((SAME_WEIGHTS, OTHER_UNITS))}


def fingerprints_of_units(fingerprints: Iterable[str]) -> set[str]:
    """Those that archives share only if they have the same units, in whatever text."""
    return {fingerprint for fingerprint in fingerprints if not fingerprint.startswith(OTHER_UNITS)}


def fingerprints_of_models(fingerprints: Iterable[str]) -> set[str]:
    """What archives of one model share, whatever their units and their text are."""
    return {
        fingerprint.replace(OTHER_UNITS, SAME_WEIGHTS, 1) if fingerprint.startswith(OTHER_UNITS) else fingerprint
        for fingerprint in fingerprints
    }
