"""SHA-256 digests of bytes, files and JSON, always as 64 lower-case hexadecimal digits.

JSON is digested in its canonical form, RFC 8785 (JCS), so that every library gives the same bytes and digest.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import rfc8785

from app.foundation.errors import SettingsError
from app.foundation.json_types import JsonObject, JsonValue

BLOCK = 1 << 20  # bytes read at a time
LARGEST_WRITTEN_OUT = 1e21
"""From here on canonical JSON writes whole numbers with an exponent too."""
ZERO_DIGEST = "0" * 64
"""Stands where a digest belongs and there is nothing to digest."""
QUOTED_DIGITS = 12


def sha256(data: bytes) -> str:
    """The digest of bytes."""
    return hashlib.sha256(data).hexdigest()


def short_digest(digest: str) -> str:
    """The beginning of a digest, as sentences quote it; the log and the export have all of it."""
    return f"{digest[:QUOTED_DIGITS]}…"


def published_digest(text: str) -> str:
    """A digest that somebody typed, in small letters. Raises SettingsError if it is not 64 hexadecimal digits."""
    digest = text.strip().lower() if isinstance(text, str) else ""  # from Python it may be anything
    if not re.fullmatch(r"[0-9a-f]{64}", digest):
        msg = "a digest is 64 hexadecimal digits; give it as it was published"
        raise SettingsError(msg)
    return digest


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


def in_key_order(json_value: JsonValue) -> JsonValue:
    """The value with every object's keys in order: digests are the same for any order, texts made of it are not."""
    if isinstance(json_value, dict):
        return {key: in_key_order(json_value[key]) for key in sorted(json_value)}
    if isinstance(json_value, list) and not {dict, list}.isdisjoint(map(type, json_value)):
        return [in_key_order(element) for element in json_value]
    return json_value


def read_canonically(json_text: str | bytes) -> JsonValue:
    """The JSON value of a text as its canonical bytes would give it: keys in order, 16 also where the text has 16.0.

    Raises ValueError if the text is no JSON.
    """
    json_value: JsonValue = json.loads(json_text, object_pairs_hook=_object_in_order, parse_float=_canonical_number)
    return json_value


def _object_in_order(members: list[tuple[str, JsonValue]]) -> JsonObject:
    return dict(sorted(dict(members).items()))


def _canonical_number(text: str) -> float | int:
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < LARGEST_WRITTEN_OUT else number


def sha256_of_json(value: object) -> str:
    """The digest of a JSON value's canonical bytes; raises as `canonical_bytes` does."""
    return sha256(canonical_bytes(value))
