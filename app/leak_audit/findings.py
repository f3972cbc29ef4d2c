"""The leak audit: does anything but the words and marks tell the arms apart? Gate and report in one summary. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.leak_audit.features import FeatureTable, FetchedResponse, differences, spoken, stimulus, transport
from app.rounds.item import Item

WORST = 5
"""Findings of each kind that a summary names."""


@dataclass(frozen=True)
class Walks:
    """What probing evaluators fetched, with the arms as they are and with them swapped."""

    here: tuple[FetchedResponse, ...]
    swapped: tuple[FetchedResponse, ...]
    secrets: tuple[bytes, ...]
    """Session and form tokens, which differ between any two visits."""


@dataclass(frozen=True)
class AuditMaterial:
    """What an audit compares the walks with."""

    items: tuple[Item, ...]
    """As drawn with the arms as they are."""
    swapped_items: tuple[Item, ...] | None
    """As drawn with the arms swapped; None if the archives are no longer there."""
    fragments: Mapping[str, bytes]
    lines: Sequence[Mapping[str, Any]]
    """The allocation's lines."""
    reference: str
    names: tuple[str, ...]
    """Everything that names an arm, a model or a file."""


@dataclass(frozen=True)
class AttackData:
    """Features with the arms that they might tell, for the attackers."""

    table: FeatureTable
    labels: np.ndarray[Any, np.dtype[np.int64]]
    strata: tuple[str, ...]


def swap_findings(walks: Walks, material: AuditMaterial) -> list[str]:
    """(a) What changed when the arms were swapped; nothing may."""
    found = differences(walks.here, walks.swapped, walks.secrets)
    if material.swapped_items is not None and material.swapped_items != material.items:
        found.append("the items themselves")
    return found


def scan_findings(walks: Walks, material: AuditMaterial) -> list[str]:
    """(b) Where a response names an arm, a model, a digest or a path."""
    return spoken(walks.here, material.fragments, material.names)


def evidence(table: FeatureTable, material: AuditMaterial) -> AttackData:
    """The rows of neurons, labelled 1 unless they are of the reference arm."""
    lines = {line["item"]: line for line in material.lines if line["kind"] == "neuron"}
    places = [place for place, item in enumerate(table.items) if item in lines]
    items = tuple(table.items[place] for place in places)
    labels = np.array([int(lines[item]["arm"] != material.reference) for item in items], dtype=np.int64)
    rows = FeatureTable(items, table.names, table.values[places])
    return AttackData(rows, labels, tuple(lines[item]["stratum"] for item in items))


def transport_evidence(walks: Walks, material: AuditMaterial) -> AttackData:
    """(c) What the attackers get: everything but the words and marks."""
    return evidence(transport(walks.here, material.fragments), material)


def stimulus_evidence(material: AuditMaterial) -> AttackData:
    """(d) What they get for the stimulus AUC: the words' and marks' own numbers."""
    return evidence(stimulus(material.items), material)


def positions(walks: Walks, material: AuditMaterial) -> dict[str, Any]:
    """(e) Mean place, from 0 to 1, of each kind of item in the probes' orders."""
    kinds = {line["item"]: line["kind"] for line in material.lines}
    last = max((one.position for one in walks.here), default=0) or 1
    places: dict[str, list[float]] = {}
    for one in walks.here:
        if one.item and not one.gzip:
            places.setdefault(kinds.get(one.item, "unknown"), []).append(one.position / last)
    return {
        kind: {"items": len(found), "mean": round(float(np.mean(found)), 4)} for kind, found in sorted(places.items())
    }


def named(findings: Sequence[str]) -> dict[str, Any]:
    """A list of findings as a summary has it."""
    return {"count": len(findings), "first": list(findings[:WORST])}
