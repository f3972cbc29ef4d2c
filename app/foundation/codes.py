"""Identifiers and secrets drawn from the operating system's randomness: they carry no order and no meaning."""

import secrets

from app.foundation.digest import sha256

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # no 0/o, 1/i/l: codes are read aloud and typed
CODE_LENGTH = 10
"""Ten letters are 49 bits, so a round's items do not collide."""


def random_code() -> str:
    """An opaque identifier of ten letters."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def random_token() -> str:
    """A random 128-bit secret for an invitation or a session, safe in a URL."""
    return secrets.token_urlsafe(16)


def token_digest(token: str) -> str:
    """The digest of a secret, which the database stores in its place."""
    return sha256(token.encode())
