"""The table of attempts at a password, and its queries. A right password deletes its attempt: what stays is wrong."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Index, delete, func, not_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.store.base import Base, UtcDateTime


class PasswordAttemptRow(Base):
    """An attempt at a password: being checked, or wrong. Names and addresses are stored as keyed digests only."""

    __tablename__ = "password_attempts"
    __table_args__ = (Index("ix_password_attempts_client", "client"), Index("ix_password_attempts_name", "name"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    """Digest of the name that was typed."""
    client: Mapped[str]
    """Digest of the network address."""
    browser: Mapped[str | None]
    """Digest of the browser's cookie, if this name signed in there before."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def lock_attempts(session: Session) -> None:
    """Let no other transaction count or store attempts until this one ends; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE password_attempts IN EXCLUSIVE MODE"))


def add_attempt(session: Session, attempt: PasswordAttemptRow) -> None:
    """Store an attempt."""
    session.add(attempt)
    session.flush()


def attempts_of_browser(session: Session, name: str, browser: str) -> Sequence[datetime]:
    """When this browser made its attempts at this name, oldest first."""
    return _times(session, PasswordAttemptRow.name == name, PasswordAttemptRow.browser == browser)


def attempts_of_client(session: Session, client: str, name: str | None = None) -> Sequence[datetime]:
    """When unknown browsers made attempts from this address, oldest first; with a name: at this name only."""
    of_name = () if name is None else (PasswordAttemptRow.name == name,)
    return _times(session, PasswordAttemptRow.client == client, PasswordAttemptRow.browser.is_(None), *of_name)


def attempt_count(session: Session, name: str) -> int:
    """How many attempts unknown browsers made at this name, from all addresses."""
    is_counted = (PasswordAttemptRow.name == name) & PasswordAttemptRow.browser.is_(None)
    return session.scalar(select(func.count()).where(is_counted)) or 0


def delete_attempt(session: Session, attempt_id: int) -> None:
    """Delete one attempt."""
    session.execute(delete(PasswordAttemptRow).where(PasswordAttemptRow.id == attempt_id))


def delete_attempts(session: Session, name: str, client: str, browser: str | None) -> None:
    """Delete the attempts at this name from this browser, or from unknown browsers at this address."""
    is_same = (
        (PasswordAttemptRow.client == client) & PasswordAttemptRow.browser.is_(None)
        if browser is None
        else PasswordAttemptRow.browser == browser
    )
    session.execute(delete(PasswordAttemptRow).where(PasswordAttemptRow.name == name, is_same))


def delete_attempts_outside(session: Session, earliest: datetime, latest: datetime) -> None:
    """Delete the attempts that were made before `earliest`, or, by a clock that was wrong, after `latest`."""
    session.execute(delete(PasswordAttemptRow).where(not_(PasswordAttemptRow.at.between(earliest, latest))))


def _times(session: Session, *conditions: ColumnElement[bool]) -> Sequence[datetime]:
    return session.scalars(select(PasswordAttemptRow.at).where(*conditions).order_by(PasswordAttemptRow.at)).all()
