"""The table of admins' sessions, and its queries. A session's token is stored as its digest."""

from datetime import datetime

from sqlalchemy import ForeignKey, delete, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.store.base import Base, UtcDateTime


class AdminSessionRow(Base):
    """An admin who is signed in on one browser."""

    __tablename__ = "admin_sessions"

    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    admin: Mapped[str] = mapped_column(ForeignKey("admins.name"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """The last request, exact to a few minutes."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """The session ends then, however often it is used."""


def add_admin_session(session: Session, new_session: AdminSessionRow) -> None:
    """Store a session."""
    session.add(new_session)
    session.flush()


def admin_session(session: Session, token_sha256: str) -> AdminSessionRow | None:
    """The session whose token has this digest; None if there is none."""
    return session.get(AdminSessionRow, token_sha256)


def note_use(session: Session, token_sha256: str, now: datetime) -> None:
    """Store when a session was used. One that was deleted meanwhile stays deleted."""
    is_same = AdminSessionRow.token_sha256 == token_sha256
    session.execute(update(AdminSessionRow).where(is_same).values(last_seen_at=now))


def delete_session(session: Session, token_sha256: str) -> None:
    """Delete the session whose token has this digest, if there is one."""
    session.execute(delete(AdminSessionRow).where(AdminSessionRow.token_sha256 == token_sha256))


def delete_admin_sessions(session: Session, admin: str) -> None:
    """Delete every session of an admin."""
    session.execute(delete(AdminSessionRow).where(AdminSessionRow.admin == admin))


def delete_ended_sessions(session: Session, idle_since: datetime, now: datetime) -> None:
    """Delete the sessions that were not used since `idle_since`, and those that have expired.

    Those that another transaction is deleting are left to it: two that wait for each other's would stop each other.
    """
    is_ended = or_(AdminSessionRow.last_seen_at <= idle_since, AdminSessionRow.expires_at <= now)
    ended = select(AdminSessionRow.token_sha256).where(is_ended).with_for_update(skip_locked=True)
    session.execute(delete(AdminSessionRow).where(AdminSessionRow.token_sha256.in_(ended)))
