"""The leak audit: does anything but the words and marks tell the arms apart? Pure.

A round is sealed only if (a) nothing changes when the arms are swapped, (b) no response names an arm, (c) all items'
responses have one length, and (d) no feature of the transport goes with the arms beyond chance. (e) The mean positions
of the kinds of items are only reported. What words and marks give away is no part of the audit: nobody learns it before
the lock.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from app.foundation.arrays import IntVector
from app.leak_audit.features import FeatureTable, transport_features
from app.leak_audit.responses import TAG, FetchedResponse, ProbeWalks
from app.leak_audit.summary import PositionSummary
from app.rounds.allocation import Allocation, ItemKind
from app.tasks.item import Item

KINDS_WITH_AN_ARM: tuple[ItemKind, ItemKind] = ("neuron", "repeat")
SHORTEST_NAME = 3
"""Shorter names are not searched for: an arm called "A" would be found in every word."""


@dataclass(frozen=True)
class AuditMaterial:
    """Everything about a round that an audit compares the probes' walks with."""

    items: tuple[Item, ...]
    """The items drawn with the arms as they are."""
    swapped_items: tuple[Item, ...] | None
    """The items drawn with the arms swapped; None if the archives are gone."""
    fragments: Mapping[str, bytes]
    """{code: HTML of the item's passages}"""
    allocation: Allocation
    names: tuple[str, ...]
    """Everything that names an arm, a model or a file."""


@dataclass(frozen=True)
class LabelledFeatures:
    """The features of items, and the arms that they should not go with."""

    feature_table: FeatureTable
    arm_labels: IntVector
    """[item] The number of the item's arm, in the order of the arms' names."""
    strata: tuple[str, ...]


def find_swap_differences(walks: ProbeWalks, swapped_walks: ProbeWalks, material: AuditMaterial) -> list[str]:
    """(a) Everything that changed when the arms were swapped, apart from session and form tokens."""
    secrets = (*walks.secrets, *swapped_walks.secrets)
    differences = compare_responses(walks.responses, swapped_walks.responses, secrets)
    if material.swapped_items is not None and material.swapped_items != material.items:
        differences.append("the items themselves")
    return differences


def compare_responses(
    responses: Sequence[FetchedResponse], swapped: Sequence[FetchedResponse], secrets: Sequence[bytes]
) -> list[str]:
    """The responses that differ between two walks with the same requests; `secrets` are masked first.

    Findings name no item: a refused seal's log keeps them, and the next seal may draw the same codes.
    """
    if len(responses) != len(swapped):
        return [f"{len(responses)} responses against {len(swapped)}"]
    return [
        f"{response.request} ({'an item' if response.item_code else 'no item'})"
        for response, counterpart in zip(responses, swapped, strict=True)
        if response.comparable_parts(secrets) != counterpart.comparable_parts(secrets)
    ]


def find_names_in_responses(
    responses: Iterable[FetchedResponse], fragments: Mapping[str, bytes], names: Iterable[str], own_text: str = ""
) -> list[str]:
    """(b) The responses whose page has one of `names` as a word outside the words of the passages.

    A name that `own_text` has, such as “base” or “first”, is not searched for, and neither is a number: pages of any
    round have them, and whether one goes with the arms (a) and (d) check. Headers are the same for every item, which
    (a) and (d) check, too.
    """
    own_words = _with_equal_numbers(own_text.lower()) + " 0"
    lowered = sorted({name.lower() for name in names if len(name) >= SHORTEST_NAME})
    forbidden = {
        name: _as_a_word(name, escape(name))
        for name in lowered
        if not _as_a_word(_with_equal_numbers(name)).search(own_words)
    }
    spoken: dict[str, None] = {}
    for response in responses:
        if response.gzip:  # the probes fetched this page without compression too
            continue
        text = _text_beside_words(response, fragments.get(response.item_code, b"")).lower()
        spoken |= {f"{response.request} says “{name}”": None for name, word in forbidden.items() if word.search(text)}
    return list(spoken)


def _as_a_word(*spellings: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(spelling) for spelling in spellings)})(?!\w)")


def _with_equal_numbers(text: str) -> str:
    """The text with 0 for every number, so that “item 7” is found in “Item %(number)s of …”."""
    return re.sub(r"\d+", "0", text)


def find_lengths(responses: Iterable[FetchedResponse]) -> list[str]:
    """(c) The items' responses that are longer or shorter than most of the same kind, plain or compressed."""
    pages = [response for response in responses if response.item_code]
    lengths = Counter((response.gzip, len(response.body)) for response in pages)
    usual = {is_gzip: length for (is_gzip, length), _ in reversed(lengths.most_common())}
    return [
        f"{response.request} (an item) has {len(response.body)} bytes, not {usual[response.gzip]}"
        for response in pages
        if len(response.body) != usual[response.gzip]
    ]


def labelled_transport(walks: ProbeWalks, material: AuditMaterial) -> list[LabelledFeatures]:
    """(d) The features of the transport, which is everything but the words and marks: of neurons, and of repeats.

    Those of repeats are apart, because a repeat and its neuron have one arm: shuffles would tear them from each other.
    Controls and practice items stand for no arm.
    """
    table = transport_features(walks.responses, material.fragments, walks.secrets)
    neurons, repeats = (label_items(table, material, kind) for kind in KINDS_WITH_AN_ARM)
    return [neurons, repeats] if repeats.strata else [neurons]


def label_items(feature_table: FeatureTable, material: AuditMaterial, kind: ItemKind = "neuron") -> LabelledFeatures:
    """The features of the items of one kind, with their arms as labels."""
    neurons = {item.item: item for item in material.allocation.items if item.kind == kind}
    indices = [index for index, code in enumerate(feature_table.item_codes) if code in neurons]
    codes = tuple(feature_table.item_codes[index] for index in indices)
    arm_names = sorted({neuron.arm for neuron in neurons.values()})
    arm_labels = np.array([arm_names.index(neurons[code].arm) for code in codes], dtype=np.int64)
    neuron_table = FeatureTable(codes, feature_table.names, feature_table.matrix[indices])
    return LabelledFeatures(neuron_table, arm_labels, tuple(neurons[code].stratum for code in codes))


def mean_positions(walks: ProbeWalks, material: AuditMaterial) -> dict[str, PositionSummary]:
    """(e) Mean position, from 0 to 1, of each kind of item in the probes' orders."""
    kinds = {item.item: item.kind for item in material.allocation.items}
    last = max((response.position for response in walks.responses), default=0) or 1
    positions: dict[str, list[float]] = {}
    for response in walks.responses:
        if response.item_code and not response.gzip:
            positions.setdefault(kinds.get(response.item_code, "unknown"), []).append(response.position / last)
    return {
        kind: PositionSummary(items=len(shares), mean=round(float(np.mean(shares)), 4))
        for kind, shares in sorted(positions.items())
    }


def _text_beside_words(response: FetchedResponse, fragment: bytes) -> str:
    """The page without its passages, and the tags of the passages without the words between them."""
    return (response.body_without(fragment) + b"".join(TAG.findall(fragment))).decode(errors="replace")
