"""A round copied into a database of its own, so that probing evaluators do not touch the real round."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.foundation.codes import token_digest
from app.store import rounds as round_store
from app.store.base import Base
from app.store.tables import AdminRow, EvaluatorRow, ItemRow, RoundRow

PACING_FIELDS = ("assignment", "daily_cap", "training_pass")
"""The design's fields that would keep an evaluator from getting every item at once. Pages show none of them."""


@dataclass(frozen=True)
class Probe:
    """A probing evaluator; it is the same in every copy, so that only the arms can make a difference."""

    id: str
    token: str
    order_seed: str


@dataclass(frozen=True)
class CopiedRound:
    """What of a round is copied: its row and its items, whether a database has them yet or not."""

    round_row: RoundRow
    item_rows: Sequence[ItemRow]
    """Sorted by code."""


def detached_row(round_row: RoundRow) -> RoundRow:
    """A row with the same values that belongs to no session."""
    return RoundRow(**_values(round_row))


def read_round(session: Session, round_id: str) -> CopiedRound:
    """A sealed round as the database has it. Raises NotFoundError if there is no such round."""
    return CopiedRound(round_store.find_round(session, round_id), round_store.items_of_round(session, round_id))


def add_copied_round(copy_session: Session, copied: CopiedRound, design_text: str, commitment: str) -> None:
    """Store a round and its items as an open, crossed round with another design text."""
    row = copied.round_row
    copy_session.add(AdminRow(name=row.created_by, password_hash="", created_at=row.created_at))
    copy_session.flush()
    public = {name: value for name, value in row.public_design.items() if name not in PACING_FIELDS}
    opened = {"state": "collecting", "design": design_text, "public_design": public, "commitment": commitment}
    copy_session.add(RoundRow(**{**_values(row), **opened}))
    copy_session.flush()
    copy_session.add_all(ItemRow(**_values(item_row)) for item_row in copied.item_rows)
    copy_session.flush()


def _values(stored: Base) -> dict[str, object]:
    """{column: value} of a row."""
    return {column.name: getattr(stored, column.name) for column in stored.__table__.columns}


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
