"""Features of the transport that might tell an item's arm. Pure."""

import gzip
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

import numpy as np

from app.foundation.arrays import FloatMatrix
from app.leak_audit.responses import FetchedResponse

MOST_TRAITS = 60
SHORTEST_SECONDS = 1e-6
"""The resolution of the clock: faster responses count as this fast."""

SECONDS = ("seconds, plain", "seconds, gzip")
"""The features that are times, for responses without and with compression."""

FeatureColumns = dict[str, dict[str, float]]
"""{feature: {item code: measurement}}"""


@dataclass(frozen=True)
class FeatureTable:
    """Features of items as an array."""

    item_codes: tuple[str, ...]
    names: tuple[str, ...]
    matrix: FloatMatrix
    """[item, feature]"""


def transport_features(responses: Sequence[FetchedResponse], fragments: Mapping[str, bytes]) -> FeatureTable:
    """Features of responses that words and marks do not determine: code, position, sizes, headers, page, times.

    The markup of the passages follows from words and marks, so it is compared under swapped arms instead.
    """
    item_responses = [response for response in responses if response.item_code]
    item_codes = tuple(sorted({response.item_code for response in item_responses}))
    feature_columns: FeatureColumns = {"code": {code: float(rank) for rank, code in enumerate(item_codes)}}
    for response in item_responses:
        _add_measures(response, feature_columns)
    for name in SECONDS:
        if name in feature_columns:
            feature_columns[name] = _beyond_lengths(feature_columns[name], fragments)
    for trait, codes in _dividing_traits(item_responses, fragments).items():
        feature_columns[trait] = dict.fromkeys(codes, 1.0)
    return _feature_table(item_codes, feature_columns)


def _beyond_lengths(log_seconds: Mapping[str, float], fragments: Mapping[str, bytes]) -> dict[str, float]:
    """{item code: what its log seconds have beyond a least-squares fit on the lengths of its passages}.

    Longer passages take longer to send, and their length follows from their words.
    """
    item_codes = list(log_seconds)
    texts = [fragments.get(code, b"") for code in item_codes]
    lengths = np.array([[1.0, len(text), len(gzip.compress(text, 1))] for text in texts])
    seconds = np.array([log_seconds[code] for code in item_codes])
    weights, *_ = np.linalg.lstsq(lengths, seconds, rcond=None)
    return dict(zip(item_codes, (seconds - lengths @ weights).tolist(), strict=True))


def _add_measures(response: FetchedResponse, feature_columns: FeatureColumns) -> None:
    """Record the measurements of one response in `feature_columns`, under its item's code."""
    code, probe, kind = response.item_code, f"probe {response.probe}", "gzip" if response.gzip else "plain"
    measures = {
        f"place, {probe}": response.position,
        f"place is odd, {probe}": response.position % 2,
        f"bytes, {kind}": len(response.body),
        f"headers, {kind}": len(response.headers),
    }
    for name, measure in measures.items():
        feature_columns.setdefault(name, {})[code] = float(measure)
    fastest = feature_columns.setdefault(SECONDS[response.gzip], {})
    log_seconds = float(np.log(max(response.seconds, SHORTEST_SECONDS)))
    fastest[code] = min(fastest.get(code, np.inf), log_seconds)
    for name, text in response.fixed_headers:
        if text.isdigit():
            feature_columns.setdefault(f"header {name}", {})[code] = float(text)


def _dividing_traits(responses: Sequence[FetchedResponse], fragments: Mapping[str, bytes]) -> dict[str, set[str]]:
    """{trait of the markup or of a header: codes of the items whose responses have it}.

    Only traits that at least two items have and at least two lack; among these, the ones that divide the items most
    evenly.
    """
    item_codes = {response.item_code for response in responses}
    codes_by_trait: defaultdict[str, set[str]] = defaultdict(set)
    for response in responses:
        code = response.item_code
        traits = {f"{name}: {_without_digits(text)}" for name, text in response.fixed_headers}
        if not response.gzip:
            traits |= _traits_of_page_shell(response, fragments.get(code, b""))
        for trait in traits:
            codes_by_trait[trait].add(code)
    count = len(item_codes)
    dividing = {trait: codes for trait, codes in codes_by_trait.items() if 2 <= len(codes) <= count - 2}
    even_first = sorted(dividing.items(), key=lambda pair: (abs(2 * len(pair[1]) - count), pair[0]))
    return dict(even_first[:MOST_TRAITS])


def _traits_of_page_shell(response: FetchedResponse, fragment: bytes) -> set[str]:
    """The traits of the page around the passages."""
    return _MarkupReader(response.item_code).read_traits(response.body_without(fragment))


def _without_digits(text: str) -> str:
    return re.sub("[0-9]+", "#", text)


class _MarkupReader(HTMLParser):
    """Collects each attribute of each tag as a trait, with the item's own code and all digits replaced."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self._code = code
        self._traits: set[str] = set()

    def read_traits(self, html: bytes) -> set[str]:
        """A trait for each attribute of each tag."""
        self.feed(html.decode(errors="replace"))
        self.close()
        return self._traits

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, text in attrs:
            self._traits.add(f"<{tag} {name}={_without_digits((text or '').replace(self._code, 'ITEM'))}>")


def _feature_table(item_codes: tuple[str, ...], feature_columns: FeatureColumns) -> FeatureTable:
    """The columns as one array; an item that is missing in a column has 0 there."""
    names = tuple(feature_columns)
    matrix = np.array(
        [[feature_columns[name].get(code, 0.0) for name in names] for code in item_codes], dtype=np.float64
    )
    return FeatureTable(item_codes, names, matrix.reshape(len(item_codes), len(names)))
