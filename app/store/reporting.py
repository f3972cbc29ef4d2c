"""SQL for reports and exports: everything a locked or unblinded round recorded."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.store.sealed import SealedRow, UnblindedRow
from app.store.tables import EvaluatorRow, EventRow, ItemRow, JudgmentRow, RoundRow


def round_row(session: Session, round_id: str) -> RoundRow | None:
    """The round, if there is one."""
    return session.get(RoundRow, round_id)


def sealed_sha256(session: Session, round_id: str) -> str | None:
    """The digest of what the seal holds, if the round is sealed."""
    row = session.get(SealedRow, round_id)
    return None if row is None else row.sealed_sha256


def unblinded(session: Session, round_id: str) -> UnblindedRow | None:
    """The newest version of what unblinding produced, if it happened."""
    query = select(UnblindedRow).where(UnblindedRow.round_id == round_id).order_by(UnblindedRow.version.desc())
    return session.scalars(query.limit(1)).first()


def items(session: Session, round_id: str) -> list[tuple[dict[str, Any], str]]:
    """Content and digest of every item, in order of code."""
    query = select(ItemRow.content, ItemRow.digest).where(ItemRow.round_id == round_id).order_by(ItemRow.code)
    return [(json.loads(content), digest) for content, digest in session.execute(query)]


def judgments(session: Session, round_id: str) -> Sequence[tuple[str, JudgmentRow]]:
    """Every judgment with its evaluator's pseudonym, chain after chain."""
    query = (
        select(EvaluatorRow.name, JudgmentRow)
        .join(EvaluatorRow, EvaluatorRow.id == JudgmentRow.evaluator_id)
        .where(JudgmentRow.round_id == round_id)
        .order_by(EvaluatorRow.name, JudgmentRow.number)
    )
    return [(name, row) for name, row in session.execute(query)]


def evaluators(session: Session, round_id: str) -> Sequence[EvaluatorRow]:
    """Everyone who was invited, in order of pseudonym."""
    query = select(EvaluatorRow).where(EvaluatorRow.round_id == round_id).order_by(EvaluatorRow.name)
    return session.scalars(query).all()


def events(session: Session, round_id: str) -> Sequence[EventRow]:
    """The round's log, in order."""
    return session.scalars(select(EventRow).where(EventRow.round_id == round_id).order_by(EventRow.number)).all()
