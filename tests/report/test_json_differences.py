"""Where two JSON values differ."""

import pytest

from app.foundation.json_types import JsonValue
from app.report.export.json_differences import JsonDifference, count_values, json_differences


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"a": [1, 2.0]}, {"a": [1.0, 2]}),
        (0.1 + 0.2, 0.3),
        ({"a": None}, {}),
        ([], []),
        ({"a": "b"}, {"a": "b"}),
    ],
)
def test_equal_values_and_roundings_do_not_differ(expected: JsonValue, actual: JsonValue) -> None:
    assert list(json_differences(expected, actual)) == []


@pytest.mark.parametrize(
    ("expected", "actual", "difference"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2.001}]}, JsonDifference("a.1.b", "2", "2.001")),
        ({"a": 1}, {}, JsonDifference("a", "1", "null")),
        ({}, {"a": "x"}, JsonDifference("a", "null", '"x"')),
        ([1], [1, 2], JsonDifference("", "[1]", "[1, 2]")),
        ({"a": True}, {"a": 1}, JsonDifference("a", "true", "1")),
        ({"a": 1}, {"a": "1"}, JsonDifference("a", "1", '"1"')),
    ],
)
def test_a_difference_has_its_path_and_both_values(
    expected: JsonValue, actual: JsonValue, difference: JsonDifference
) -> None:
    assert list(json_differences(expected, actual)) == [difference]


def test_values_are_counted_at_every_depth() -> None:
    assert count_values({"a": [1, None, {"b": "c"}], "d": {}, "e": []}) == 3
