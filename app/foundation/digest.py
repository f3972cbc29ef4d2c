"""SHA-256 digests of bytes, files and JSON, always as 64 lower-case hexadecimal digits.

Canonical JSON is RFC 8785 (JCS), so that anyone's library gives the same bytes and the same digest.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import rfc8785

BLOCK = 1 << 20


def sha256(data: bytes) -> str:
    """Digest of bytes."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_parts(parts: Iterable[bytes]) -> str:
    """Digest of the concatenation of `parts`, without ever holding it."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def sha256_of_file(path: Path) -> str:
    """Digest of a file's content."""
    with path.open("rb") as file:
        return sha256_of_parts(iter(lambda: file.read(BLOCK), b""))


def canonical_bytes(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """RFC 8785 bytes of a JSON value."""
    return rfc8785.dumps(value)


def sha256_of_json(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Digest of a JSON value's canonical bytes."""
    return sha256(canonical_bytes(value))
