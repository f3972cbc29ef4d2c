"""Admin accounts: made from the command line only, with a name and a password that is stored as an Argon2id hash."""

import re
import threading
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from app.foundation.codes import random_token
from app.foundation.digest import sha256
from app.foundation.errors import AccessError, DesignError
from app.foundation.typed_text import is_same_person
from app.store import admin_sessions as admin_session_store
from app.store import admins as admin_store
from app.store.engine import Database

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 1_024
HASHER = PasswordHasher()
HASHING = threading.BoundedSemaphore(4)
"""A check takes 64 MiB of memory; so many run at once, and the others wait."""
NOBODY = threading.Lock()
"""Whoever comes first makes the hash of nobody, once; the others wait for it."""


@dataclass(frozen=True)
class Admin:
    """An admin who is signed in."""

    name: str
    stamp: str
    """Digest of the password's hash, which says whether the password was changed since it was checked."""


def add_admin(session: Session, name: str, password: str, now: datetime) -> Admin:
    """Make an account. Raises DesignError if the name is taken or unusable, or the password too short.

    A name is taken in any letter case: two people whom a page names alike could not be told apart in any log.
    """
    if not NAME.fullmatch(name):
        msg = f"{name!r} cannot be an admin's name; use letters, digits and . _ @ -, 64 at most"
        raise DesignError(msg)
    same_person = next((admin for admin in admin_store.admin_names(session) if is_same_person(admin, name)), None)
    if same_person is not None:
        msg = f"there is an admin called {same_person} already; choose another name or give them a new password"
        raise DesignError(msg)
    password_hash = _hash_password(password)
    admin_store.add_admin(session, name, password_hash, now)
    return Admin(name, password_stamp(password_hash))


def add_first_admin(session: Session, name: str, now: datetime) -> str:
    """Make an account that nobody can sign in to until it is given a password; returns its name."""
    return add_admin(session, name, random_token(), now).name


def change_password(session: Session, name: str, password: str) -> None:
    """Give an admin a new password, which ends their sessions. Raises DesignError if it or the name is unusable."""
    if admin_store.password_hash(session, name) is None:
        msg = f"there is no admin called {name}; see `firstglance admin list`"
        raise DesignError(msg)
    admin_store.replace_password_hash(session, name, _hash_password(password))
    admin_session_store.delete_admin_sessions(session, name)


def sign_in(database: Database, name: str, password: str) -> Admin:
    """The admin with this name and password. Raises AccessError, with one message for a wrong name or password.

    An unknown name takes as long as a known one, and no connection to the database waits for the slow check.
    """
    with NOBODY:
        hash_of_nobody = _hash_of_nobody()
    with database.reading() as session:
        password_hash = admin_store.password_hash(session, name) if NAME.fullmatch(name) else None
    matches = _password_matches(password_hash or hash_of_nobody, password)
    if password_hash is None or not matches:
        msg = "Name or password is wrong; check both and try again."
        raise AccessError(msg)
    return Admin(name, password_stamp(password_hash))


def require_same_password(session: Session, account: Admin) -> None:
    """Raise AccessError if the password was changed since it was checked; nobody changes it before the commit."""
    password_hash = admin_store.password_hash(session, account.name, for_update=True)
    if password_hash is None or password_stamp(password_hash) != account.stamp:
        msg = "The password was changed a moment ago; sign in with the new one."
        raise AccessError(msg)


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
        with HASHING:
            return HASHER.verify(password_hash, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False


def password_stamp(password_hash: str) -> str:
    """The digest of a password's hash, by which a changed password is noticed."""
    return sha256(password_hash.encode())[:32]


@cache
def _hash_of_nobody() -> str:
    """A hash to check a password against if the name is unknown, so that the refusal takes as long."""
    return HASHER.hash("the password of nobody")
