"""SQL of evaluators' chains. Entries are added and read; there is no function that changes one."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.evidence.entries import EntryKind
from app.store.tables import ChainEntryRow, EvaluatorRow

SELECT_NEWEST = (
    select(ChainEntryRow)
    .where(ChainEntryRow.evaluator_id == bindparam("evaluator"))
    .order_by(ChainEntryRow.number.desc())
    .limit(1)
)
SELECT_LATEST_ON_ITEM = SELECT_NEWEST.where(ChainEntryRow.kind == "judgment", ChainEntryRow.item == bindparam("item"))
"""These queries run on every save, so they are built once."""


def newest_entry(session: Session, evaluator_id: str) -> ChainEntryRow | None:
    """The newest entry of an evaluator's chain; None if it is empty."""
    return session.scalar(SELECT_NEWEST, {"evaluator": evaluator_id})


def latest_judgment(session: Session, evaluator_id: str, item_code: str) -> ChainEntryRow | None:
    """The evaluator's latest judgment on one item; None if there is none."""
    return session.scalar(SELECT_LATEST_ON_ITEM, {"evaluator": evaluator_id, "item": item_code})


def judgment_by_answer_id(session: Session, evaluator_id: str, answer_id: str) -> ChainEntryRow:
    """The evaluator's judgment that was sent under this id."""
    query = select(ChainEntryRow).where(ChainEntryRow.evaluator_id == evaluator_id, ChainEntryRow.key == answer_id)
    return session.scalars(query).one()


def add_entry(session: Session, entry_row: ChainEntryRow) -> None:
    """Append an entry to its evaluator's chain."""
    session.add(entry_row)
    session.flush()


def entries_of_evaluator(session: Session, evaluator_id: str, kind: EntryKind | None = None) -> Sequence[ChainEntryRow]:
    """An evaluator's entries in order, of one kind or of all."""
    query = select(ChainEntryRow).where(ChainEntryRow.evaluator_id == evaluator_id)
    if kind is not None:
        query = query.where(ChainEntryRow.kind == kind)
    return session.scalars(query.order_by(ChainEntryRow.number)).all()


def entries_of_round(session: Session, round_id: str) -> list[tuple[str, ChainEntryRow]]:
    """Every entry of the round with its evaluator's pseudonym, chain after chain; for services after the lock only."""
    query = (
        select(EvaluatorRow.name, ChainEntryRow)
        .join(EvaluatorRow, EvaluatorRow.id == ChainEntryRow.evaluator_id)
        .where(ChainEntryRow.round_id == round_id)
        .order_by(ChainEntryRow.evaluator_id, ChainEntryRow.number)
    )
    return [(evaluator, entry_row) for evaluator, entry_row in session.execute(query)]


def latest_time(session: Session, round_id: str) -> datetime | None:
    """When the round's latest entry was made; None if there is none."""
    return session.scalar(select(func.max(ChainEntryRow.at)).where(ChainEntryRow.round_id == round_id))
