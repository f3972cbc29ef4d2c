"""SQL about admins."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.store.tables import AdminRow


def add_admin(session: Session, name: str, password_hash: str, at: datetime) -> None:
    """Insert an admin."""
    session.add(AdminRow(name=name, password_hash=password_hash, created_at=at))
    session.flush()


def password_hash(session: Session, name: str, *, for_update: bool = False) -> str | None:
    """The admin's password hash; None if there is no such admin. `for_update`: nobody changes it before the commit."""
    row = session.get(AdminRow, name, with_for_update=for_update, populate_existing=for_update)
    return None if row is None else row.password_hash


def replace_password_hash(session: Session, name: str, password_hash: str) -> None:
    """Replace an existing admin's password hash."""
    session.get_one(AdminRow, name).password_hash = password_hash


def admin_names(session: Session) -> list[str]:
    """Every admin's name, in alphabetical order."""
    return list(session.scalars(select(AdminRow.name).order_by(AdminRow.name)))
