"""Other rounds of the server that have a model of a round: a draw that pleased could be chosen among theirs.

Archives are compared by what they hold, not by their address alone, which any changed word in a manifest changes. A
round remembers it since it was made, so that its archives may be moved away. For a round of version 0.1 they are
opened; if that fails, the round is counted as one that may be related.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session

from app.archive.archive import Archive
from app.evidence.draws import draw_history
from app.evidence.event_details import RelatedRound
from app.foundation.errors import ArchiveError
from app.services.archives import (
    archive_fingerprints,
    fingerprints_of_models,
    fingerprints_of_text,
    fingerprints_of_units,
)
from app.services.draw_log import logged_steps
from app.services.log import round_events
from app.store import exposure as exposure_store
from app.store.tables import ArchiveRow


@dataclass
class _RoundArchives:
    """What is known of the archives of one round."""

    fingerprints: set[str] = field(default_factory=set)
    is_complete: bool = True
    """Whether every archive could be read: if not, it may have more in common with others."""


def related_round_ids(session: Session, round_id: str) -> tuple[str, ...]:
    """Ids of all other rounds of the server that have an archive with the same neurons as one of this round's."""
    own_archives = _archives_by_round(session).get(round_id, _RoundArchives())
    related_ids = rounds_with_fingerprints(session, fingerprints_of_text(own_archives.fingerprints))
    return tuple(related_id for related_id in related_ids if related_id != round_id)


def rounds_on_same_models(session: Session, round_id: str) -> tuple[str, ...]:
    """Ids of the round and of all others with one of its models, whatever units and text their archives are of."""
    return rounds_of_models(session, _archives_by_round(session).get(round_id, _RoundArchives()).fingerprints)


def rounds_of_models(session: Session, fingerprints: Collection[str]) -> tuple[str, ...]:
    """Ids of all rounds with the model of one of the archives that have these fingerprints."""
    models = fingerprints_of_models(fingerprints)
    return tuple(
        round_id
        for round_id, archives in _archives_by_round(session).items()
        if not models.isdisjoint(fingerprints_of_models(archives.fingerprints))
    )


def rounds_with_fingerprints(session: Session, fingerprints: Collection[str]) -> tuple[str, ...]:
    """Ids of all rounds of the server with an archive that has one of these fingerprints."""
    archives = _archives_by_round(session)
    return tuple(round_id for round_id, own in archives.items() if not own.fingerprints.isdisjoint(fingerprints))


def archives_of_same_neurons(
    session: Session, fingerprints_by_address: Mapping[str, Collection[str]]
) -> dict[str, set[str]]:
    """{address of any round's archive: which of these archives are of the same neurons}, for those that have any.

    A neuron has the same layer and index at every site of the MLP; a latent or a dimension is no neuron.
    """
    of_all_rounds = _fingerprints_by_address(exposure_store.archives_of_all_rounds(session))
    shared: dict[str, set[str]] = {}
    for address, fingerprints in [*of_all_rounds.items(), *fingerprints_by_address.items()]:
        for own_address, own_fingerprints in fingerprints_by_address.items():
            if not fingerprints_of_units(fingerprints).isdisjoint(own_fingerprints):
                shared.setdefault(address, set()).add(own_address)
    return shared


def known_fingerprints(session: Session, addresses: Collection[str]) -> dict[str, list[str]]:
    """{address: fingerprints} of archives; the address alone of one that cannot be read."""
    of_all_rounds = _fingerprints_by_address(exposure_store.archives_of_all_rounds(session))
    return {address: of_all_rounds.get(address, [f"address {address}"]) for address in addresses}


def possibly_related_round_ids(session: Session, round_id: str) -> tuple[str, ...]:
    """Ids of the other rounds of which nobody can tell, because archives of theirs or of this round cannot be read."""
    archives, related_ids = _archives_by_round(session), related_round_ids(session, round_id)
    own_archives = archives.pop(round_id, _RoundArchives())
    return tuple(
        other_id
        for other_id, others in archives.items()
        if other_id not in related_ids and not (others.is_complete and own_archives.is_complete)
    )


def related_rounds(session: Session, round_id: str) -> tuple[RelatedRound, ...]:
    """The other rounds with the same neurons, or possibly so, with how many draws their logs have now."""
    related = [_related_round(session, related_id, unread=False) for related_id in related_round_ids(session, round_id)]
    possible_ids = possibly_related_round_ids(session, round_id)
    return (*related, *(_related_round(session, possible_id, unread=True) for possible_id in possible_ids))


def _related_round(session: Session, round_id: str, *, unread: bool) -> RelatedRound:
    steps = logged_steps(round_events(session, round_id))
    history = draw_history(steps)
    return RelatedRound(
        round_id=round_id,
        draw_count=history.draw_count,
        announcement_count=history.announced,
        opened=any(step.action == "opened" for step in steps),
        unread=unread,
    )


def _archives_by_round(session: Session) -> dict[str, _RoundArchives]:
    """{round id: its archives}, by id; an archive that several rounds use is opened once at most."""
    by_round: dict[str, _RoundArchives] = {}
    archive_rows = exposure_store.archives_of_all_rounds(session)
    fingerprints_by_address = _fingerprints_by_address(archive_rows)
    for row in archive_rows:
        round_archives = by_round.setdefault(row.round_id, _RoundArchives())
        fingerprints = fingerprints_by_address.get(row.sha256)
        round_archives.fingerprints.update(fingerprints or [f"address {row.sha256}"])
        round_archives.is_complete &= fingerprints is not None
    return by_round


def _fingerprints_by_address(archive_rows: Sequence[ArchiveRow]) -> dict[str, list[str]]:
    """{address: fingerprints} of the archives that some round remembers, or that can be opened where one has them."""
    fingerprints = {row.sha256: row.fingerprints for row in archive_rows if row.fingerprints}
    for row in archive_rows:
        if row.sha256 not in fingerprints and (archive := _archive_at(Path(row.path))) is not None:
            fingerprints[archive.sha256] = archive_fingerprints(archive)
    return fingerprints


def _archive_at(path: Path) -> Archive | None:
    """The archive at this path, which may be another one by now; None if there is none that can be opened."""
    try:
        return Archive.open(path)
    except ArchiveError:
        return None
