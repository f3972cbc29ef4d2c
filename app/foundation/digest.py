"""SHA-256 digests of bytes, files and JSON, always as 64 lower-case hexadecimal digits.

JSON is digested in its canonical form, RFC 8785 (JCS), so that every library gives the same bytes and digest.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import rfc8785

from app.foundation.json_types import JsonValue

BLOCK = 1 << 20  # bytes read at a time
ZERO_DIGEST = "0" * 64
"""Stands where a digest belongs and there is nothing to digest."""


def sha256(data: bytes) -> str:
    """The digest of bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_parts(parts: Iterable[bytes]) -> str:
    """The digest of the concatenation of `parts`, which need not fit into memory."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def sha256_of_file(path: Path) -> str:
    """The digest of a file's content. Raises OSError if it cannot be read."""
    with path.open("rb") as file:
        return sha256_of_parts(iter(lambda: file.read(BLOCK), b""))


def canonical_bytes(value: object) -> bytes:
    """The RFC 8785 bytes of a JSON value.

    Raises rfc8785.CanonicalizationError if `value` is no JSON value or holds an integer beyond ±(2^53 - 1).
    """
    return rfc8785.dumps(cast(JsonValue, value))


def sha256_of_json(value: object) -> str:
    """The digest of a JSON value's canonical bytes; raises as `canonical_bytes` does."""
    return sha256(canonical_bytes(value))
