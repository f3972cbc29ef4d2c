"""Features of items that might tell their arm: those of the transport, and those of the stimulus itself. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

import numpy as np

from app.foundation.arrays import FloatMatrix
from app.leak_audit.responses import FetchedResponse
from app.rounds.item import Item

MOST_TOKENS = 60
FIRST_LEVEL, LAST_LEVEL = 1, 5
SHORTEST_SECONDS = 1e-6
"""A clock's tick: no response is taken to be faster."""


@dataclass(frozen=True)
class FeatureTable:
    """Features of items: values [item, feature]."""

    items: tuple[str, ...]
    names: tuple[str, ...]
    values: FloatMatrix


def transport_features(responses: Sequence[FetchedResponse], fragments: Mapping[str, bytes]) -> FeatureTable:
    """Features that have nothing to do with an item's words: code, position, sizes, headers, markup, times."""
    item_responses = [response for response in responses if response.item]
    items = tuple(sorted({response.item for response in item_responses}))
    columns: dict[str, dict[str, float]] = {"code": {code: float(rank) for rank, code in enumerate(items)}}
    for response in item_responses:
        _measure(response, columns)
    for token, holders in _telling_tokens(item_responses, fragments).items():
        columns[token] = dict.fromkeys(holders, 1.0)
    return _feature_table(items, columns)


def stimulus_features(items: Sequence[Item]) -> FeatureTable:
    """Features of what items show: marks, strength profile, lengths, repeated peaks. They cannot be made blind."""
    columns: dict[str, dict[str, float]] = {}
    for item in items:
        for name, value in _shown_by(item).items():
            columns.setdefault(name, {})[item.code] = value
    return _feature_table(tuple(sorted(item.code for item in items)), columns)


def _shown_by(item: Item) -> dict[str, float]:
    passages = item.passages
    levels = [level for passage in passages for level in passage.levels]
    counts = Counter(levels)
    peaks = Counter(passage.texts[passage.peak].strip().lower() for passage in passages)
    return {
        "marked tokens": float(len(levels) - counts[0]),
        **{f"tokens of level {level}": float(counts[level]) for level in range(FIRST_LEVEL, LAST_LEVEL + 1)},
        "sum of peak levels": float(sum(passage.levels[passage.peak] for passage in passages)),
        "tokens": float(len(levels)),
        "characters": float(sum(len(text) for passage in passages for text in passage.texts)),
        "share of one peak": max(peaks.values()) / len(passages),
        "mean place of the peak": sum(passage.peak for passage in passages) / len(passages),
    }


def _measure(response: FetchedResponse, columns: dict[str, dict[str, float]]) -> None:
    """Add what can be measured of a response to the columns of its item."""
    probe, kind = f"probe {response.probe}", "gzip" if response.gzip else "plain"
    measures = {
        f"place, {probe}": response.position,
        f"place is odd, {probe}": response.position % 2,
        f"bytes, {kind}": len(response.body),
        f"headers, {kind}": len(response.headers),
    }
    for name, measure in measures.items():
        columns.setdefault(name, {})[response.item] = float(measure)
    fastest = columns.setdefault(f"seconds, {kind}", {})
    log_seconds = float(np.log(max(response.seconds, SHORTEST_SECONDS)))
    fastest[response.item] = min(fastest.get(response.item, np.inf), log_seconds)
    for name, value in response.fixed_headers:
        if value.isdigit():
            columns.setdefault(f"header {name}", {})[response.item] = float(value)


def _telling_tokens(responses: Sequence[FetchedResponse], fragments: Mapping[str, bytes]) -> dict[str, set[str]]:
    """{token of the markup or of a header: items whose responses have it}.

    Of tokens that at least two items have and at least two lack, those that split the items most evenly.
    """
    items = sorted({response.item for response in responses})
    passages_markup = {item: _markup_of_passages(item, fragments.get(item, b"")) for item in items}
    holders: defaultdict[str, set[str]] = defaultdict(set)
    for response in responses:
        tokens = {f"{name}: {_without_digits(value)}" for name, value in response.fixed_headers}
        if not response.gzip:
            tokens |= passages_markup[response.item]
            tokens |= _markup_of_frame(response, fragments.get(response.item, b""))
        for token in tokens:
            holders[token].add(response.item)
    telling = {token: having for token, having in holders.items() if 2 <= len(having) <= len(items) - 2}
    even_splits_first = sorted(telling.items(), key=lambda pair: (abs(2 * len(pair[1]) - len(items)), pair[0]))
    return dict(even_splits_first[:MOST_TOKENS])


def _markup_of_frame(response: FetchedResponse, fragment: bytes) -> set[str]:
    """Tags with their attributes of the page around the passages."""
    return _MarkupReader(response.item, frozenset()).tokens_of(response.without(fragment))


def _markup_of_passages(item: str, fragment: bytes) -> set[str]:
    """Tags with their attributes but for the levels, which are the stimulus itself."""
    return _MarkupReader(item, frozenset({"data-level"})).tokens_of(fragment)


def _without_digits(text: str) -> str:
    return re.sub("[0-9]+", "#", text)


class _MarkupReader(HTMLParser):
    """Collects every tag with each of its attributes; the item's own code and digits count as equal everywhere."""

    def __init__(self, item: str, ignored_attributes: frozenset[str]) -> None:
        super().__init__()
        self._item, self._ignored_attributes = item, ignored_attributes
        self._tokens: set[str] = set()

    def tokens_of(self, html: bytes) -> set[str]:
        """One token for each attribute of each tag."""
        self.feed(html.decode(errors="replace"))
        self.close()
        return self._tokens

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name not in self._ignored_attributes:
                text = _without_digits((value or "").replace(self._item, "ITEM"))
                self._tokens.add(f"<{tag} {name}={text}>")


def _feature_table(items: tuple[str, ...], columns: Mapping[str, Mapping[str, float]]) -> FeatureTable:
    """The columns as an array; an item that a column lacks has 0 there."""
    names = tuple(columns)
    values = np.array([[columns[name].get(item, 0.0) for name in names] for item in items], dtype=np.float64)
    return FeatureTable(items, names, values.reshape(len(items), len(names)))
