"""Identifiers and secrets drawn from the operating system's randomness: they carry no order and no meaning."""

import secrets

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # no 0/o, 1/i/l: codes are read aloud and typed


def random_code(length: int = 10) -> str:
    """An opaque identifier of `length` letters; ten letters are 49 bits, so a round's items do not collide."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def random_token() -> str:
    """A random 128-bit secret for an invitation or a session, safe in a URL."""
    return secrets.token_urlsafe(16)
