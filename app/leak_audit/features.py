"""What a response could give away beside its words: differences under a swap, spoken names, and features. Pure."""

import gzip
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

import numpy as np
from numpy.typing import NDArray

from app.rounds.item import Item

Floats = NDArray[np.float64]
VOLATILE = frozenset({"date", "set-cookie"})
SHORTEST_NAME = 3
"""Shorter names (an arm called "A") would be found in every word."""
MOST_TOKENS = 60
FIRST_LEVEL, LAST_LEVEL = 1, 5


@dataclass(frozen=True)
class FetchedResponse:
    """One response, as an evaluator's browser gets it."""

    probe: int
    """Which of the probing evaluators asked."""
    request: str
    """Method and path; the same request of the same probe has the same."""
    item: str
    """Code of the item shown; empty for other pages."""
    position: int
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    gzip: bool
    seconds: float


@dataclass(frozen=True)
class FeatureTable:
    """Features of items: values [item, feature]."""

    items: tuple[str, ...]
    names: tuple[str, ...]
    values: Floats


def differences(
    here: Sequence[FetchedResponse], there: Sequence[FetchedResponse], secrets: Sequence[bytes]
) -> list[str]:
    """What differs between two walks that asked for the same; `secrets` (session tokens) are masked first."""
    if len(here) != len(there):
        return [f"{len(here)} responses against {len(there)}"]
    found = []
    for one, other in zip(here, there, strict=True):
        if _masked(one, secrets) != _masked(other, secrets):
            found.append(f"{one.request} (item {one.item or 'none'})")
    return found


def spoken(fetched: Iterable[FetchedResponse], fragments: Mapping[str, bytes], names: Iterable[str]) -> list[str]:
    """Where a response says one of `names` outside the words of the passages."""
    wanted = sorted({name.lower() for name in names if len(name) >= SHORTEST_NAME})
    found: dict[str, None] = {}
    for one in fetched:
        if one.gzip:
            continue
        markup = "\n".join(f"{name}: {value}" for name, value in one.headers) + _frame_and_markup(one, fragments)
        for name in wanted:
            if name in markup.lower():
                found[f"{one.request} says “{name}”"] = None
    return list(found)


def transport(fetched: Sequence[FetchedResponse], fragments: Mapping[str, bytes]) -> FeatureTable:
    """Features of items that have nothing to do with their words: code, places, sizes, headers, markup, times."""
    shown = [one for one in fetched if one.item]
    items = tuple(sorted({one.item for one in shown}))
    columns: dict[str, dict[str, float]] = {"code": {code: float(rank) for rank, code in enumerate(items)}}
    for one in shown:
        _measure(one, columns)
    for token, holders in _tokens(shown, fragments).items():
        columns[token] = dict.fromkeys(holders, 1.0)
    return _table(items, columns)


def stimulus(items: Sequence[Item]) -> FeatureTable:
    """Features of what items show: marks, strength profile, lengths, repeated peaks. They cannot be made blind."""
    columns: dict[str, dict[str, float]] = {}
    for item in items:
        for name, value in _shown(item).items():
            columns.setdefault(name, {})[item.code] = value
    return _table(tuple(sorted(item.code for item in items)), columns)


def _shown(item: Item) -> dict[str, float]:
    levels = [level for one in item.passages for level in one.levels]
    counts = Counter(levels)
    peaks = Counter(one.texts[one.peak].strip().lower() for one in item.passages)
    return {
        "marked tokens": float(len(levels) - counts[0]),
        **{f"tokens of level {level}": float(counts[level]) for level in range(FIRST_LEVEL, LAST_LEVEL + 1)},
        "sum of peak levels": float(sum(one.levels[one.peak] for one in item.passages)),
        "tokens": float(len(levels)),
        "characters": float(sum(len(text) for one in item.passages for text in one.texts)),
        "share of one peak": max(peaks.values()) / len(item.passages),
        "mean place of the peak": sum(one.peak for one in item.passages) / len(item.passages),
    }


def _measure(one: FetchedResponse, columns: dict[str, dict[str, float]]) -> None:
    who = f"probe {one.probe}"
    kind = "gzip" if one.gzip else "plain"
    columns.setdefault(f"place, {who}", {})[one.item] = float(one.position)
    columns.setdefault(f"place is odd, {who}", {})[one.item] = float(one.position % 2)
    columns.setdefault(f"bytes, {kind}", {})[one.item] = float(len(one.body))
    columns.setdefault(f"headers, {kind}", {})[one.item] = float(len(one.headers))
    times = columns.setdefault(f"seconds, {kind}", {})
    times[one.item] = min(times.get(one.item, np.inf), float(np.log(max(one.seconds, 1e-6))))
    for name, value in one.headers:
        if name not in VOLATILE and value.isdigit():
            columns.setdefault(f"header {name}", {})[one.item] = float(value)


def _tokens(shown: Sequence[FetchedResponse], fragments: Mapping[str, bytes]) -> dict[str, set[str]]:
    """{word of the markup or of a header: items whose responses have it}, those that some have and some have not."""
    holders: dict[str, set[str]] = {}
    for one in shown:
        words = {f"{name}: {re.sub('[0-9]+', '#', value)}" for name, value in one.headers if name not in VOLATILE}
        for word in words if one.gzip else words | _markup(one, fragments):
            holders.setdefault(word, set()).add(one.item)
    count = len({one.item for one in shown})
    telling = {word: items for word, items in holders.items() if 2 <= len(items) <= count - 2}
    return dict(sorted(telling.items(), key=lambda pair: (abs(2 * len(pair[1]) - count), pair[0]))[:MOST_TOKENS])


def _markup(one: FetchedResponse, fragments: Mapping[str, bytes]) -> set[str]:
    """Tags with their attributes: all of the frame's, and of the passages' but for the levels and texts."""
    fragment = fragments.get(one.item, b"")
    frame = one.body.replace(fragment, b"") if fragment else one.body
    return _read(frame, frozenset(), one.item) | _read(fragment, frozenset({"data-level"}), one.item)


def _frame_and_markup(one: FetchedResponse, fragments: Mapping[str, bytes]) -> str:
    fragment = fragments.get(one.item, b"")
    frame = one.body.replace(fragment, b"") if fragment else one.body
    tags = re.findall(rb"<[^>]*>", fragment)
    return frame.decode(errors="replace") + b"".join(tags).decode(errors="replace")


def _read(html: bytes, ignored: frozenset[str], item: str) -> set[str]:
    reader = _Tags(ignored, item)
    reader.feed(html.decode(errors="replace"))
    reader.close()
    return reader.found


class _Tags(HTMLParser):
    def __init__(self, ignored: frozenset[str], item: str) -> None:
        super().__init__()
        self._ignored, self._item = ignored, item
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name not in self._ignored:
                said = re.sub("[0-9]+", "#", (value or "").replace(self._item, "ITEM")) if self._item else value
                self.found.add(f"<{tag} {name}={said}>")


def _masked(one: FetchedResponse, secrets: Sequence[bytes]) -> tuple[object, ...]:
    headers = tuple((name, value) for name, value in one.headers if name not in VOLATILE)
    body = gzip.decompress(one.body) if one.gzip else one.body
    for secret in secrets:
        body = body.replace(secret, b"SECRET")
    return one.request, one.status, headers, len(one.body), body


def _table(items: tuple[str, ...], columns: Mapping[str, Mapping[str, float]]) -> FeatureTable:
    names = tuple(columns)
    values = np.array([[columns[name].get(item, 0.0) for name in names] for item in items], dtype=np.float64)
    return FeatureTable(items, names, values.reshape(len(items), len(names)))
