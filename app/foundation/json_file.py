"""Reads JSON that somebody else wrote, such as a model's config: every text either is an object or has a reason."""

import json
from pathlib import Path

from app.foundation.files import read_small_file
from app.foundation.json_types import JsonObject, JsonValue

LARGEST_JSON_FILE = 64 << 20
"""Bytes of the largest file that is read as one JSON value; its values take about ten times as much memory."""


def read_json_object(path: Path) -> JsonObject:
    """The JSON object in a file. Raises ValueError, saying in words what is in the file instead."""
    try:
        json_value = parse_json(read_small_file(path, LARGEST_JSON_FILE))
    except OSError as error:
        msg = error.strerror or str(error)
        raise ValueError(msg) from error
    if not isinstance(json_value, dict):
        msg = "it is JSON, but no object in braces"
        raise ValueError(msg)
    return json_value


def parse_json(json_text: str | bytes) -> JsonValue:
    """The JSON value of a text. Raises ValueError if it is no JSON, or is nested too deeply to read."""
    try:
        json_value: JsonValue = json.loads(json_text)
    except RecursionError:
        msg = "it is nested too deeply"
        raise ValueError(msg) from None
    return json_value
