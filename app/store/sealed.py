"""The sealed table, here and not in tables.py, so that evaluator modules have no way to name it."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

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
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
