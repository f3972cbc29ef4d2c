"""Admin accounts: made from the command line only, with a name and a password that is stored as an Argon2id hash."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hmac import compare_digest

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from app.foundation.digest import sha256
from app.foundation.errors import AccessError, DesignError
from app.store import admins as admin_store

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1_024
HASHER = PasswordHasher()


@dataclass(frozen=True)
class Admin:
    """An admin who is signed in."""

    name: str
    stamp: str
    """Digest of the password's hash; sessions store it, so that a new password ends every older session."""


def add_admin(session: Session, name: str, password: str, now: datetime) -> Admin:
    """Make an account. Raises DesignError if the name is taken or unusable, or the password too short."""
    if not NAME.fullmatch(name):
        msg = f"{name!r} cannot be an admin's name; use letters, digits and . _ @ -, 64 at most"
        raise DesignError(msg)
    if admin_store.password_hash(session, name) is not None:
        msg = f"there is an admin called {name} already; choose another name or give them a new password"
        raise DesignError(msg)
    password_hash = _hash_password(password)
    admin_store.add_admin(session, name, password_hash, now)
    return Admin(name, password_stamp(password_hash))


def change_password(session: Session, name: str, password: str) -> None:
    """Give an admin a new password, which ends their sessions. Raises DesignError if there is no such admin."""
    if admin_store.password_hash(session, name) is None:
        msg = f"there is no admin called {name}; see `firstglance admin list`"
        raise DesignError(msg)
    admin_store.replace_password_hash(session, name, _hash_password(password))


def sign_in(session: Session, name: str, password: str) -> Admin:
    """The admin with this name and password. Raises AccessError, with one message for a wrong name or password."""
    password_hash = None if "\0" in name else admin_store.password_hash(session, name)
    matches = _password_matches(password_hash or _hash_of_nobody(), password)
    if password_hash is None or not matches:
        msg = "Name or password is wrong; check both and try again."
        raise AccessError(msg)
    return Admin(name, password_stamp(password_hash))


def admin_by_session(session: Session, name: str, stamp: str) -> Admin | None:
    """The admin of a session, if the account still has the password that the session was opened with."""
    password_hash = admin_store.password_hash(session, name)
    if password_hash is None or not compare_digest(password_stamp(password_hash), stamp):
        return None
    return Admin(name, stamp)


def admin_names(session: Session) -> list[str]:
    """Every admin's name."""
    return admin_store.admin_names(session)


def _hash_password(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        msg = f"the password has {len(password)} characters; use {SHORTEST_PASSWORD} to {LONGEST_PASSWORD:,}"
        raise DesignError(msg)
    return HASHER.hash(password)


def _password_matches(password_hash: str, password: str) -> bool:
    try:
        return HASHER.verify(password_hash, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False


def password_stamp(password_hash: str) -> str:
    """The digest of a password's hash that a session stores."""
    return sha256(password_hash.encode())[:32]


@cache
def _hash_of_nobody() -> str:
    """A hash to check a password against if the name is unknown, so that the refusal takes as long."""
    return HASHER.hash("the password of nobody")
