"""The values of analysis.json as a list, so that numbers in the report can link to their source."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.foundation.json_types import JsonObject, JsonValue


@dataclass(frozen=True)
class NumberEntry:
    """A value, its path, and its anchors: the paths that begin at this value, to which links lead."""

    path: str
    text: str
    anchors: tuple[str, ...]


def number_entries(analysis_json: JsonObject) -> list[NumberEntry]:
    """Every value of an analysis, in the order of the file."""
    anchored: set[str] = set()
    entries = []
    for path, value in _values_with_paths(analysis_json, ()):
        prefixes = (".".join(path[: depth + 1]) for depth in range(len(path)))
        anchors = tuple(prefix for prefix in prefixes if prefix not in anchored)
        anchored.update(anchors)
        entries.append(NumberEntry(".".join(path), _value_text(value), anchors))
    return entries


def _values_with_paths(json_value: JsonValue, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], JsonValue]]:
    """Every innermost value with its path; an interval counts as one value."""
    if isinstance(json_value, dict) and json_value:
        for key, child in json_value.items():
            yield from _values_with_paths(child, (*path, key))
    elif isinstance(json_value, list) and json_value and not _is_interval(json_value):
        for index, child in enumerate(json_value):
            yield from _values_with_paths(child, (*path, str(index)))
    else:
        yield path, json_value


def _is_interval(elements: list[JsonValue]) -> bool:
    return len(elements) == 2 and all(isinstance(element, float) for element in elements)


def _value_text(json_value: JsonValue) -> str:
    if json_value is None:
        return "no value"
    if isinstance(json_value, list) and json_value:
        return " to ".join(repr(limit) for limit in json_value)
    return str(json_value)
