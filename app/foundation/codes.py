"""Opaque identifiers: no order, no meaning, drawn from the operating system's randomness."""

import secrets

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # no 0/o, 1/i/l: codes are read aloud and typed


def code(length: int = 10) -> str:
    """A random code; ten letters are 49 bits, so a round's items do not collide."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def token() -> str:
    """A random 128-bit secret for an invitation or a session, safe in a URL."""
    return secrets.token_urlsafe(16)
