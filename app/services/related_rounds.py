"""Other rounds of the server that have a model of a round: a draw that pleased could be chosen among theirs.

Archives are compared by what they hold, not by their address alone, which any changed word in a manifest changes.
"""

from pathlib import Path

from sqlalchemy.orm import Session

from app.archive.archive import Archive
from app.archive.tables import NEURONS_TABLE
from app.evidence.draws import draw_history
from app.evidence.event_details import RelatedRound
from app.foundation.errors import ArchiveError
from app.services.draw_log import logged_steps
from app.services.log import round_events
from app.store import exposure as exposure_store


def related_round_ids(session: Session, round_id: str) -> tuple[str, ...]:
    """Ids of all other rounds of the server that have an archive with the same neurons as one of this round's."""
    fingerprints: dict[str, set[str]] = {}
    by_archive: dict[str, set[str]] = {}
    for row in exposure_store.archives_of_all_rounds(session):
        if row.sha256 not in by_archive:
            by_archive[row.sha256] = _fingerprints(row.sha256, Path(row.path))
        fingerprints.setdefault(row.round_id, set()).update(by_archive[row.sha256])
    own_fingerprints = fingerprints.pop(round_id, set())
    return tuple(related_id for related_id, marks in fingerprints.items() if marks & own_fingerprints)


def related_rounds(session: Session, round_id: str) -> tuple[RelatedRound, ...]:
    """The other rounds with the same neurons, with how many draws their logs have now."""
    return tuple(_related_round(session, related_id) for related_id in related_round_ids(session, round_id))


def _related_round(session: Session, round_id: str) -> RelatedRound:
    steps = logged_steps(round_events(session, round_id))
    history = draw_history(steps)
    return RelatedRound(
        round_id=round_id,
        draw_count=history.draw_count,
        announcement_count=history.announced,
        opened=any(step.action == "opened" for step in steps),
    )


def _fingerprints(address: str, path: Path) -> set[str]:
    """What two archives of the same neurons have in common: address, table of neurons, or model, corpus and site."""
    fingerprints = {f"address {address}"}
    try:
        manifest = Archive.open(path).manifest
    except ArchiveError:
        return fingerprints  # it was moved since; its address still tells
    if NEURONS_TABLE in manifest.files:
        fingerprints.add(f"neurons {manifest.files[NEURONS_TABLE]}")
    if manifest.model.weights_sha256 is not None:
        fingerprints.add(f"model {manifest.model.weights_sha256} {manifest.corpus.sha256} {manifest.site}")
    return fingerprints
