"""The tables of seals and results; they are not in tables.py, so that evaluators' modules cannot name them."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.foundation.digest import sha256_of_json, sha256_of_parts
from app.foundation.errors import SealError
from app.store.base import Base, UtcDateTime
from app.store.tables import ChainEntryRow, EvaluatorRow, EventRow, ItemRow, RoundRow


class SealedRow(Base):
    """The encrypted allocation, sampling seed and nonce of one round."""

    __tablename__ = "sealed"

    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_sha256: Mapped[str]
    """SHA-256 of the plaintext's canonical bytes; in the commitment."""
    inner_ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary)
    """If two people must open the seal: what the first of them opened, still encrypted to the other; None before."""


class UnblindedRow(Base):
    """The result of unblinding: the opened allocation and the analysis. A correction is a new version."""

    __tablename__ = "unblinded"

    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    opened: Mapped[str] = mapped_column(Text)
    """Canonical JSON of the seal's content: allocation, seed and nonce."""
    analysis: Mapped[str] = mapped_column(Text)
    """The content of analysis.json."""
    frame: Mapped[str] = mapped_column(Text)
    """The content of frame.json: the counts and the plan that the analysis used."""
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def digest(self) -> str:
        """SHA-256 of the stored result: the log has it since the step that made the result."""
        return sha256_of_json([self.opened, self.analysis, self.frame])


def add_seal(session: Session, round_id: str, ciphertext: bytes, sealed_sha256: str) -> None:
    """Store a round's seal; the primary key refuses a second one."""
    session.add(SealedRow(round_id=round_id, ciphertext=ciphertext, sealed_sha256=sealed_sha256))
    session.flush()


def find_seal(session: Session, round_id: str) -> SealedRow:
    """The seal of a sealed round. Raises SealError if it is missing."""
    row = session.get(SealedRow, round_id)
    if row is None:
        msg = "The seal of this round is missing from the database; restore a backup."
        raise SealError(msg)
    return row


def add_unblinded(session: Session, unblinded: UnblindedRow) -> None:
    """Store the result of unblinding, or a correction under the next version."""
    session.add(unblinded)
    session.flush()


def newest_unblinded(session: Session, round_id: str) -> UnblindedRow | None:
    """The newest version of the result; None before unblinding."""
    query = select(UnblindedRow).where(UnblindedRow.round_id == round_id).order_by(UnblindedRow.version.desc())
    return session.scalars(query.limit(1)).first()


def fingerprint_of_round(session: Session, round_id: str) -> str:
    """SHA-256 of everything in the database that decides what is shown of an unblinded round.

    It takes a small part of the time of reading and checking the same rows, and changes with each of them.
    """
    queries = (
        select(RoundRow.design, RoundRow.commitment, RoundRow.state).where(RoundRow.id == round_id),
        select(UnblindedRow.__table__).where(UnblindedRow.round_id == round_id).order_by(UnblindedRow.version),
        select(ItemRow.code, ItemRow.content, ItemRow.digest)
        .where(ItemRow.round_id == round_id)
        .order_by(ItemRow.code),
        select(EvaluatorRow.name, ChainEntryRow.__table__)
        .join(EvaluatorRow, EvaluatorRow.id == ChainEntryRow.evaluator_id)
        .where(ChainEntryRow.round_id == round_id)
        .order_by(ChainEntryRow.evaluator_id, ChainEntryRow.number),
        select(EventRow.__table__).where(EventRow.round_id == round_id).order_by(EventRow.number),
    )
    rows = (row for query in queries for row in session.execute(query))
    return sha256_of_parts(repr(tuple(row)).encode("utf-8", "surrogatepass") for row in rows)
