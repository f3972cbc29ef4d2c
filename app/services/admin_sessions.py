"""Sessions of admins. They are stored, so that signing out and a new password end all of them, in every process."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.foundation.codes import token_digest
from app.services.admins import Admin, require_same_password
from app.store import admin_sessions as admin_session_store
from app.store.admin_sessions import AdminSessionRow

IDLE = timedelta(hours=12)
"""A session ends when it was not used for so long."""
LONGEST = timedelta(days=7)
"""A session ends after this time, however often it is used."""
NOTED_AFTER = timedelta(minutes=5)
"""The time of a session's last use is stored only when it is older than that, so that most pages write nothing."""


def begin_session(session: Session, account: Admin, session_token: str, earlier_token: str, now: datetime) -> None:
    """Sign in an admin who gave the right password.

    The session that the browser had until now ends, whoever's it was. Raises AccessError if the password was changed
    since it was checked.
    """
    require_same_password(session, account)
    admin_session_store.delete_session(session, token_digest(earlier_token))
    delete_ended_sessions(session, now)
    new_session = AdminSessionRow(
        token_sha256=token_digest(session_token),
        admin=account.name,
        created_at=now,
        last_seen_at=now,
        expires_at=now + LONGEST,
    )
    admin_session_store.add_admin_session(session, new_session)


def admin_of_session(session: Session, session_token: str, now: datetime) -> str | None:
    """The name of the admin who is signed in with this token; None if the session has ended, or never began."""
    row = admin_session_store.admin_session(session, token_digest(session_token))
    return None if row is None or now - row.last_seen_at >= IDLE or now >= row.expires_at else row.admin


def is_use_to_be_noted(session: Session, session_token: str, now: datetime) -> bool:
    """Whether the stored time of the session's last use is so old that it has to be replaced."""
    row = admin_session_store.admin_session(session, token_digest(session_token))
    return row is not None and now - row.last_seen_at >= NOTED_AFTER


def note_use(session: Session, session_token: str, now: datetime) -> None:
    """Store that the session is being used, unless it ended meanwhile."""
    if admin_of_session(session, session_token, now) is not None:
        admin_session_store.note_use(session, token_digest(session_token), now)


def delete_ended_sessions(session: Session, now: datetime) -> None:
    """Delete what is stored of sessions that have ended by themselves."""
    admin_session_store.delete_ended_sessions(session, now - IDLE, now)


def end_sessions(session: Session, admin: str) -> None:
    """End every session of an admin, on every browser."""
    admin_session_store.delete_admin_sessions(session, admin)
