"""Reads JSON that somebody may have changed: one meaning for every text, and nothing that cannot be written again."""

import json
import math
from collections import Counter

from app.foundation.json_types import JsonObject, JsonValue
from app.foundation.typography import shortened

LARGEST_INTEGER = (1 << 53) - 1
"""The largest whole number that every JSON library reads alike (RFC 8785)."""
MOST_DIGITS = len(str(LARGEST_INTEGER))
MOST_VALUES = 1 << 25
"""The most values in a text: each takes some 60 bytes of memory or more. A thousand items have a tenth of them."""


def read_strict_json(file_bytes: bytes) -> JsonValue:
    """The JSON value in UTF-8 text.

    Raises ValueError for anything else, and for a key that an object has twice, NaN, Infinity, numbers that other
    programs read differently, half a surrogate pair, nesting that is too deep to read, and more than MOST_VALUES.
    """
    if sum(map(file_bytes.count, (b",", b"[", b"{"))) > MOST_VALUES:  # each value but the first follows one of them
        msg = "it holds more values than any file of an export"
        raise ValueError(msg)
    try:
        json_value: JsonValue = json.loads(
            file_bytes.decode(),
            object_pairs_hook=_object_without_duplicates,
            parse_constant=_refuse_constant,
            parse_float=_finite_float,
            parse_int=_small_integer,
        )
        json.dumps(json_value, ensure_ascii=False).encode()  # refuses half a surrogate pair
    except RecursionError:
        msg = "it is nested too deeply"
        raise ValueError(msg) from None
    return json_value


def _object_without_duplicates(members: list[tuple[str, JsonValue]]) -> JsonObject:
    json_object = dict(members)
    if len(json_object) < len(members):
        twice = next(name for name, count in Counter(name for name, _ in members).items() if count > 1)
        msg = f"it has the key “{shortened(twice)}” twice in one object"
        raise ValueError(msg)
    return json_object


def _refuse_constant(name: str) -> JsonValue:
    msg = f"it holds {name}, which is no JSON"
    raise ValueError(msg)


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        msg = f"it holds {shortened(text)}, which is too large a number"
        raise ValueError(msg)
    return number


def _small_integer(text: str) -> int:
    if len(text) < MOST_DIGITS:  # nearly every number
        return int(text)
    if len(text) > MOST_DIGITS + 1 or abs(int(text)) > LARGEST_INTEGER:
        msg = f"it holds {text[:20]}, which is too large a whole number"
        raise ValueError(msg)
    return int(text)
