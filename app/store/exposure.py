"""SQL of the exposure register: which rounds share archives, and who did and judged what in them."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.evidence.entries import EventAction
from app.store.tables import ArchiveRow, ChainEntryRow, EvaluatorRow, EventRow


def rounds_sharing_archives(session: Session, digests: Collection[str]) -> list[str]:
    """Ids of the rounds that use any of the archives with these digests."""
    query = select(ArchiveRow.round_id).where(ArchiveRow.sha256.in_(digests)).distinct()
    return list(session.scalars(query.order_by(ArchiveRow.round_id)))


def archives_of_all_rounds(session: Session) -> Sequence[ArchiveRow]:
    """The archives of every round, by round."""
    return session.scalars(select(ArchiveRow).order_by(ArchiveRow.round_id, ArchiveRow.sha256)).all()


def events_with_actions(
    session: Session, round_ids: Collection[str], actions: Collection[EventAction]
) -> Sequence[EventRow]:
    """The events with any of these actions in the logs of these rounds, by round and number."""
    query = select(EventRow).where(EventRow.round_id.in_(round_ids), EventRow.action.in_(actions))
    return session.scalars(query.order_by(EventRow.round_id, EventRow.number)).all()


def items_judged_by(session: Session, round_id: str, names: Collection[str]) -> set[str]:
    """Codes of the items of a round that any evaluator with one of these pseudonyms judged."""
    query = (
        select(ChainEntryRow.item)
        .join(EvaluatorRow, EvaluatorRow.id == ChainEntryRow.evaluator_id)
        .where(ChainEntryRow.round_id == round_id, ChainEntryRow.kind == "judgment", EvaluatorRow.name.in_(names))
    )
    return set(session.scalars(query.distinct()))
