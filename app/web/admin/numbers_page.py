"""analysis.json as a list of keys and values, so that a number on the page can link to where it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One value, its path, and the paths above it that begin here: the anchors that links lead to."""

    path: str
    value: str
    anchors: tuple[str, ...]


def entries(analysis: dict[str, Any]) -> list[Entry]:
    """Every value of the analysis in its order."""
    seen: set[str] = set()
    found = []
    for path, value in _leaves(analysis, ()):
        above = (".".join(path[: depth + 1]) for depth in range(len(path)))
        anchors = tuple(one for one in above if one not in seen)
        seen.update(anchors)
        found.append(Entry(".".join(path), _written(value), anchors))
    return found


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 - JSON
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _leaves(one, (*path, key))
    elif isinstance(value, list) and value and not _is_interval(value):
        for place, one in enumerate(value):
            yield from _leaves(one, (*path, str(place)))
    else:
        yield path, value


def _is_interval(value: list[Any]) -> bool:
    return len(value) == 2 and all(isinstance(one, float) for one in value)


def _written(value: Any) -> str:  # noqa: ANN401 - JSON
    if value is None:
        return "not said"
    return " to ".join(repr(one) for one in value) if isinstance(value, list) and value else str(value)
