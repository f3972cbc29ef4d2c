"""The sealed table, here and not in tables.py, so that evaluator modules have no way to name it."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.store.base import Base, UtcDateTime


class SealedRow(Base):
    """The encrypted allocation, sampling seed and nonce of one round."""

    __tablename__ = "sealed"

    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_sha256: Mapped[str]
    """SHA-256 of the plaintext's canonical bytes; in the commitment."""


class UnblindedRow(Base):
    """What unblinding produced, frozen: the opened allocation and the analysis. A correction is a new version."""

    __tablename__ = "unblinded"

    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    opened: Mapped[str] = mapped_column(Text)
    """Canonical JSON of {allocation, seed, nonce}."""
    analysis: Mapped[str] = mapped_column(Text)
    """analysis.json."""
    frame: Mapped[str] = mapped_column(Text)
    """frame.json: the counts and the plan that the analysis was run with."""
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def add_seal(session: Session, round_id: str, ciphertext: bytes, sealed_sha256: str) -> None:
    """Store a round's seal; a round has one, so a second is refused by the primary key."""
    session.add(SealedRow(round_id=round_id, ciphertext=ciphertext, sealed_sha256=sealed_sha256))
    session.flush()


def find_seal(session: Session, round_id: str) -> SealedRow:
    """The seal of a sealed round."""
    return session.get_one(SealedRow, round_id)


def add_unblinded(session: Session, unblinded: UnblindedRow) -> None:
    """Store what unblinding produced, or a correction under the next version."""
    session.add(unblinded)
    session.flush()


def newest_unblinded(session: Session, round_id: str) -> UnblindedRow | None:
    """The newest version of what unblinding produced; None before unblinding."""
    query = select(UnblindedRow).where(UnblindedRow.round_id == round_id).order_by(UnblindedRow.version.desc())
    return session.scalars(query.limit(1)).first()
