"""Where two JSON values differ by more than the rounding of another machine."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

from app.foundation.json_types import JsonValue

TOLERANCE = 1e-9
"""How far a recomputed number may be from the exported one."""


@dataclass(frozen=True)
class JsonDifference:
    """One value that differs."""

    path: str
    """Keys and indices, joined by dots."""
    expected: str
    """The expected value as JSON."""
    actual: str


def json_differences(expected: JsonValue, actual: JsonValue, path: str = "") -> Iterator[JsonDifference]:
    """Every value that differs, without going into lists of different lengths; a key that one lacks counts as null."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in sorted(expected.keys() | actual.keys()):
            yield from json_differences(expected.get(key), actual.get(key), f"{path}.{key}" if path else key)
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, (expected_element, actual_element) in enumerate(zip(expected, actual, strict=True)):
            yield from json_differences(expected_element, actual_element, f"{path}.{index}")
    elif not _are_close(expected, actual):
        yield JsonDifference(path, json.dumps(expected), json.dumps(actual))


def count_values(json_value: JsonValue) -> int:
    """How many values an object or a list contains at any depth; 1 for any other value."""
    if isinstance(json_value, dict):
        return sum(count_values(child) for child in json_value.values())
    if isinstance(json_value, list):
        return sum(count_values(child) for child in json_value)
    return 1


def _are_close(expected: JsonValue, actual: JsonValue) -> bool:
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, int | float) and isinstance(actual, int | float):
        return math.isclose(expected, actual, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return expected == actual
