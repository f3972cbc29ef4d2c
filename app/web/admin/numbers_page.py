"""analysis.json as a list of keys and values, so that a number on the page can link to where it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.foundation.json_types import JsonObject, JsonValue


@dataclass(frozen=True)
class NumberEntry:
    """One value, its path, and the paths above it that begin here: the anchors that links lead to."""

    path: str
    value: str
    anchors: tuple[str, ...]


def number_entries(content: JsonObject) -> list[NumberEntry]:
    """Every value of an analysis in its order."""
    anchored: set[str] = set()
    entries = []
    for path, value in _values_with_paths(content, ()):
        prefixes = (".".join(path[: depth + 1]) for depth in range(len(path)))
        anchors = tuple(prefix for prefix in prefixes if prefix not in anchored)
        anchored.update(anchors)
        entries.append(NumberEntry(".".join(path), _value_text(value), anchors))
    return entries


def _values_with_paths(value: JsonValue, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], JsonValue]]:
    """Every value that holds no others, with its path; an interval is one value."""
    if isinstance(value, dict) and value:
        for key, child in value.items():
            yield from _values_with_paths(child, (*path, key))
    elif isinstance(value, list) and value and not _is_interval(value):
        for index, child in enumerate(value):
            yield from _values_with_paths(child, (*path, str(index)))
    else:
        yield path, value


def _is_interval(values: list[JsonValue]) -> bool:
    return len(values) == 2 and all(isinstance(value, float) for value in values)


def _value_text(value: JsonValue) -> str:
    if value is None:
        return "not said"
    return " to ".join(repr(limit) for limit in value) if isinstance(value, list) and value else str(value)
