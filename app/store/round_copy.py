"""A round copied into a database of its own, so that probing evaluators do not touch the real round."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.foundation.codes import token_digest
from app.store.tables import AdminRow, EvaluatorRow, ItemRow, RoundRow

PACING_FIELDS = ("assignment", "daily_cap")
"""The design's fields that would keep an evaluator from getting every item at once. Pages show neither."""


@dataclass(frozen=True)
class Probe:
    """A probing evaluator; it is the same in every copy, so that only the arms can make a difference."""

    id: str
    token: str
    order_seed: str


def copy_round_rows(session: Session, copy_session: Session, round_id: str, design_text: str, commitment: str) -> None:
    """Copy a round and its items as an open, crossed round with another design text."""
    row = session.get_one(RoundRow, round_id)
    copy_session.add(AdminRow(name=row.created_by, password_hash="", created_at=row.created_at))
    copy_session.flush()
    public = {name: value for name, value in row.public_design.items() if name not in PACING_FIELDS}
    copy_session.add(
        RoundRow(
            id=row.id,
            title=row.title,
            state="collecting",
            design=design_text,
            public_design=public,
            commitment=commitment,
            response_bytes=row.response_bytes,
            response_gzip_bytes=row.response_gzip_bytes,
            created_by=row.created_by,
            created_at=row.created_at,
        )
    )
    copy_session.flush()
    for item in session.scalars(select(ItemRow).where(ItemRow.round_id == round_id).order_by(ItemRow.code)):
        copy_session.add(ItemRow(**{column.name: getattr(item, column.name) for column in ItemRow.__table__.columns}))
    copy_session.flush()


def add_probes(copy_session: Session, round_id: str, probes: Sequence[Probe], now: datetime) -> list[EvaluatorRow]:
    """Insert the probing evaluators, who have consented."""
    rows = [
        EvaluatorRow(
            id=probe.id,
            round_id=round_id,
            name=f"probe {index}",
            token_sha256=token_digest(probe.token),
            order_seed=probe.order_seed,
            invited_at=now,
            consented_at=now,
        )
        for index, probe in enumerate(probes)
    ]
    copy_session.add_all(rows)
    copy_session.flush()
    return rows
