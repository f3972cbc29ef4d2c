"""Features of the transport that might tell an item's arm. Pure."""

import gzip
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.foundation.arrays import FloatMatrix
from app.leak_audit.response_traits import gzip_header_trait, header_traits, mask, numbers_in, shell_traits
from app.leak_audit.responses import FetchedResponse

MOST_TRAITS = 60
FEWEST_ITEMS = 2
SHORTEST_SECONDS = 1e-6
"""The resolution of the clock: faster responses count as this fast."""

SECONDS = ("seconds, plain", "seconds, swapped", "seconds, gzip", "seconds, answer")
"""The features that are times, for pages, pages in the response to an answer, compressed pages, and answers."""

FeatureColumns = dict[str, dict[str, float]]
"""{feature: {item code: measurement}}"""


@dataclass(frozen=True)
class _ItemResponse:
    """A response that belongs to an item."""

    code: str
    response_kind: str
    """"plain" or "gzip" for a page, "swapped" for one in the response to an answer, "answer" for a redirect."""
    response: FetchedResponse
    shell: str
    """The page around the passages, masked."""
    traits: frozenset[str]


@dataclass(frozen=True)
class FeatureTable:
    """Features of items as an array."""

    item_codes: tuple[str, ...]
    names: tuple[str, ...]
    matrix: FloatMatrix
    """[item, feature]"""


def transport_features(
    responses: Sequence[FetchedResponse], fragments: Mapping[str, bytes], secrets: Sequence[bytes] = ()
) -> FeatureTable:
    """Features of responses that words and marks do not determine: code, position, sizes, headers, page, times.

    The responses are the items' pages and those to the answers. The markup of the passages follows from words and
    marks, so it is compared under swapped arms instead. `secrets` differ between any two visits, and are masked.
    """
    item_codes = tuple(sorted({response.item_code for response in responses if response.item_code}))
    feature_columns: FeatureColumns = {"code": {code: float(rank) for rank, code in enumerate(item_codes)}}
    item_responses = list(_item_responses(responses, fragments, secrets))
    for item_response in item_responses:
        _add_measures(item_response, feature_columns)
    for name in SECONDS:
        if name in feature_columns:
            feature_columns[name] = _beyond_lengths(feature_columns[name], fragments)
    for trait, codes in _dividing_traits(item_responses, len(item_codes)).items():
        feature_columns[trait] = dict.fromkeys(codes, 1.0)
    return _feature_table(item_codes, _without_equal_columns(feature_columns))


def _item_responses(
    responses: Sequence[FetchedResponse], fragments: Mapping[str, bytes], secrets: Sequence[bytes]
) -> Iterator[_ItemResponse]:
    """The responses that belong to an item, each kind counted: its first page, its second page, its first answer."""
    ordinals: Counter[tuple[int, str, str]] = Counter()
    plain_shell = ""
    for response in responses:
        code = response.item_code or response.answered_item
        if not code:
            continue
        kind = _response_kind(response)
        ordinals[response.probe, code, kind] += 1
        name = f"{kind} {ordinals[response.probe, code, kind]}"
        shell = _shell(response, fragments.get(code, b""), secrets)
        traits = header_traits(response, secrets)
        if kind == "gzip":
            traits.add(gzip_header_trait(response.body))
        if kind != "gzip" or shell != plain_shell:
            traits |= shell_traits(shell)
        plain_shell = shell
        yield _ItemResponse(code, kind, response, shell, frozenset(f"{name}: {trait}" for trait in traits))


def _response_kind(response: FetchedResponse) -> str:
    if not response.item_code:
        return "answer"
    if response.gzip:
        return "gzip"
    return "plain" if response.request.startswith("GET") else "swapped"


def _shell(response: FetchedResponse, fragment: bytes, secrets: Sequence[bytes]) -> str:
    """The page without the passages and the padding, decompressed, with the secrets and the item's code masked."""
    body = gzip.decompress(response.body) if response.gzip else response.body
    shell = body.replace(fragment, b"") if fragment else body
    return mask(shell.rstrip(b" ").decode(errors="replace"), response, secrets)


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


def _add_measures(item_response: _ItemResponse, feature_columns: FeatureColumns) -> None:
    """Record the measurements of one response in `feature_columns`, under its item's code."""
    code, kind, response = item_response.code, item_response.response_kind, item_response.response
    measures = {f"bytes, {kind}": len(response.body), f"headers, {kind}": len(response.headers)}
    if response.item_code:
        probe = f"probe {response.probe}"
        measures |= {f"place, {probe}": response.position, f"place is odd, {probe}": response.position % 2}
    for name, measure in measures.items():
        feature_columns.setdefault(name, {})[code] = float(measure)
    fastest = feature_columns.setdefault(f"seconds, {kind}", {})
    log_seconds = float(np.log(max(response.seconds, SHORTEST_SECONDS)))
    fastest[code] = min(fastest.get(code, np.inf), log_seconds)
    numbers = numbers_in(item_response.shell) if kind != "gzip" else {}
    for name, text in response.dateless_headers:
        numbers |= {f"header {where}": number for where, number in numbers_in(f"{name}: {text}").items()}
    for name, number in numbers.items():
        feature_columns.setdefault(f"{kind}, {name}", {})[code] = number


def _dividing_traits(item_responses: Iterable[_ItemResponse], item_count: int) -> dict[str, frozenset[str]]:
    """{trait of a response: codes of the items that have it}.

    Only traits that several items have, and several lack; if there are very many, the ones that divide the items most
    evenly. What few items have may be all items of one arm in one of many strata.
    """
    codes_by_trait: defaultdict[str, set[str]] = defaultdict(set)
    for item_response in item_responses:
        for trait in item_response.traits:
            codes_by_trait[trait].add(item_response.code)
    trait_of_codes: dict[frozenset[str], str] = {}
    for trait, codes in sorted(codes_by_trait.items()):
        if FEWEST_ITEMS <= len(codes) <= item_count - FEWEST_ITEMS:
            trait_of_codes.setdefault(frozenset(codes), trait)
    dividing = {trait: codes for codes, trait in trait_of_codes.items()}
    even_first = sorted(dividing.items(), key=lambda pair: (abs(2 * len(pair[1]) - item_count), pair[0]))
    return dict(even_first[:MOST_TRAITS])


def _without_equal_columns(feature_columns: FeatureColumns) -> FeatureColumns:
    """The columns without those that are equal to an earlier one."""
    first_names: dict[tuple[tuple[str, float], ...], str] = {}
    for name, column in feature_columns.items():
        first_names.setdefault(tuple(sorted(column.items())), name)
    return {name: feature_columns[name] for name in first_names.values()}


def _feature_table(item_codes: tuple[str, ...], feature_columns: FeatureColumns) -> FeatureTable:
    """The columns as one array; an item that is missing in a column has 0 there."""
    names = tuple(feature_columns)
    matrix = np.array(
        [[feature_columns[name].get(code, 0.0) for name in names] for code in item_codes], dtype=np.float64
    )
    return FeatureTable(item_codes, names, matrix.reshape(len(item_codes), len(names)))
