"""The table of keyholders' public keys, and its queries. No secret key is ever stored, nor an answer to a challenge."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.evidence.event_details import SealLayer
from app.store.base import Base, UtcDateTime


class KeyholderRow(Base):
    """A public key that a round is to be sealed to, and whether its holder has proved it."""

    __tablename__ = "keyholders"
    __table_args__ = (CheckConstraint("layer IN (1, 2)", name="layer"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    round_id: Mapped[str] = mapped_column(ForeignKey("rounds.id"), index=True)
    public_key: Mapped[str]
    """In its canonical form, "age1..."."""
    layer: Mapped[SealLayer] = mapped_column(Integer)
    """1, or 2 if two people must open the seal together and the key is of the one who begins."""
    person: Mapped[str]
    """Who has the key: the name of an admin, or of somebody who has no account."""
    challenge: Mapped[str] = mapped_column(Text)
    """A random text, encrypted to the key and armored."""
    answer_sha256: Mapped[str | None] = mapped_column(String)
    """Digest of the random text; None once it was answered."""
    named_by: Mapped[str]
    named_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proved_by: Mapped[str | None]
    """The admin who gave the proof."""
    proved_signed_in: Mapped[bool] = mapped_column(default=False)
    """Whether the admin who gave the proof was signed in, which a command in the shell is not."""
    proved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def add_keyholder(session: Session, keyholder: KeyholderRow) -> None:
    """Store a key that was named; this gives it its id."""
    session.add(keyholder)
    session.flush()


def keyholders_of_round(session: Session, round_id: str) -> Sequence[KeyholderRow]:
    """The keys that the round is to be sealed to, or was, in the order in which they were named."""
    query = select(KeyholderRow).where(KeyholderRow.round_id == round_id, KeyholderRow.removed_at.is_(None))
    return session.scalars(query.order_by(KeyholderRow.id)).all()
