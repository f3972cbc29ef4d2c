"""Where two JSON values differ by more than the rounding of another machine."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

from app.foundation.json_types import JsonValue

TOLERANCE = 1e-9
"""How far a recomputed number may be from the exported one, as a share of it."""
ROUNDING = 1e-12
"""How far a number may be from zero, and count as zero."""

ABSENT = "nothing"
"""Stands in a difference for a key that is missing."""


@dataclass(frozen=True)
class JsonDifference:
    """One value that differs."""

    path: str
    """Keys and indices, joined by dots."""
    expected: str
    """The expected value as JSON."""
    actual: str


def json_differences(
    expected: JsonValue, actual: JsonValue, path: str = "", *, absent_is_null: bool = True
) -> Iterator[JsonDifference]:
    """Every value that differs, without going into lists of different lengths.

    With `absent_is_null` a key that one object lacks counts as null.
    """
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in sorted(expected.keys() | actual.keys()):
            key_path = f"{path}.{key}" if path else key
            if not absent_is_null and (key in expected) != (key in actual):
                texts = [json.dumps(values[key]) if key in values else ABSENT for values in (expected, actual)]
                yield JsonDifference(key_path, *texts)
                continue
            expected_value, actual_value = expected.get(key), actual.get(key)
            yield from json_differences(expected_value, actual_value, key_path, absent_is_null=absent_is_null)
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, (expected_element, actual_element) in enumerate(zip(expected, actual, strict=True)):
            element_path = f"{path}.{index}"
            yield from json_differences(expected_element, actual_element, element_path, absent_is_null=absent_is_null)
    elif not _are_close(expected, actual):
        yield JsonDifference(path, json.dumps(expected), json.dumps(actual))


def count_values(json_value: JsonValue) -> int:
    """How many values an object or a list contains at any depth; 1 for any other value."""
    if isinstance(json_value, dict):
        return sum(count_values(child) for child in json_value.values())
    if isinstance(json_value, list):
        return sum(count_values(child) for child in json_value)
    return 1


def are_close(expected_number: float, actual_number: float) -> bool:
    """Whether two numbers differ by no more than the rounding of another machine."""
    return math.isclose(expected_number, actual_number, rel_tol=TOLERANCE, abs_tol=ROUNDING)


def _are_close(expected: JsonValue, actual: JsonValue) -> bool:
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, int) or isinstance(actual, int):
        return expected == actual  # a count is exact; 1 and 1.0 are equal
    if isinstance(expected, float) and isinstance(actual, float):
        return are_close(expected, actual)
    return expected == actual
