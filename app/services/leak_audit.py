"""The leak audit of a round: what it is compared with, where it runs, what of it is kept."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from app.archive.archive import Archive
from app.foundation.errors import ArchiveError
from app.leak_audit.attackers import PERMUTATIONS, Attacked, attack
from app.leak_audit.features import FetchedResponse
from app.leak_audit.findings import (
    AttackData,
    AuditMaterial,
    Walks,
    named,
    positions,
    scan_findings,
    stimulus_evidence,
    swap_findings,
    transport_evidence,
)
from app.rounds.design import Design, read_design
from app.rounds.item import Item
from app.rounds.preparation import prepare_round
from app.services.log import append_event
from app.services.round_copy import new_probes, shadow_of
from app.services.seals import PendingSeal
from app.services.unblinding import read_unblinded_round
from app.store import rounds as round_store
from app.store.engine import Database
from app.store.round_copy import Probe

PROBES = 2
REPORTED = 19
"""Permutations for the stimulus, which is reported and decides nothing."""
Walk = Callable[[Database, Sequence[Probe]], tuple[tuple[FetchedResponse, ...], tuple[bytes, ...]]]
"""Visits every page of a copied round as each probe."""


@dataclass(frozen=True)
class Audit:
    """What an audit found. (a)-(c) are the gate; the rest is reported."""

    summary: dict[str, Any]

    @property
    def passed(self) -> bool:
        """Whether nothing but words and marks told the arms apart."""
        return bool(self.summary["passed"])

    @property
    def complaint(self) -> str:
        """What leaked, in words; empty if nothing did."""
        gate = self.summary["gate"]
        found = [f"{gate['swap']['count']} responses change when the arms are swapped"] if gate["swap"]["count"] else []
        found += [f"a response {one}" for one in gate["scan"]["first"]]
        if gate["transport"]["leaks"]:
            found.append(f"attackers tell the arms from transport (p = {gate['transport']['p']:.3f})")
        return "; ".join(found)


def audit_pending(session: Session, pending: PendingSeal, walk: Walk, now: datetime) -> Audit:
    """Audit a round whose seal is not closed, with the allocation that is in memory."""
    allocation, seed = pending.opened["allocation"], str(pending.opened["seed"])
    return _audit(session, pending.round_id, allocation, seed, walk, now)


def audit_unblinded(session: Session, round_id: str, walk: Walk, by: str, now: datetime) -> Audit:
    """Audit a round again, with the allocation that was opened, and log the summary."""
    found = read_unblinded_round(session, round_id)
    audit = _audit(session, round_id, found.allocation, found.seed, walk, now)
    append_event(session, round_id, by, "audited", audit.summary, now)
    return audit


def swapped(design: Design) -> Design:
    """The same design with every arm's name passed on to the next."""
    names = design.arm_names
    other = dict(zip(names, [*names[1:], names[0]], strict=True))
    cells = [cell.model_copy(update={"arm": other[cell.arm]}) for cell in design.arms]
    return design.with_changes(arms=cells)


def _audit(session: Session, round_id: str, allocation: dict[str, Any], seed: str, walk: Walk, now: datetime) -> Audit:
    material = _material(session, round_id, allocation, seed)
    walks = _walks(session, round_id, walk, now)
    swap, scan = swap_findings(walks, material), scan_findings(walks, material)
    transport = _attacked(transport_evidence(walks, material), seed, "transport")
    if transport.leaks:  # chance looks like this in one clean round of fifty; a leak is still there on a second walk
        walks = _walks(session, round_id, walk, now)
        transport = _attacked(transport_evidence(walks, material), seed, "transport again")
    shown = _attacked(stimulus_evidence(material), seed, "stimulus", REPORTED)
    gate = {"swap": named(swap), "scan": named(scan), "transport": _summary(transport) | {"leaks": transport.leaks}}
    summary = {
        "passed": not swap and not scan and not transport.leaks,
        "responses": len(walks.here),
        "gate": gate,
        "stimulus": _summary(shown),
        "positions": positions(walks, material),
    }
    return Audit(summary)


def _material(session: Session, round_id: str, allocation: dict[str, Any], seed: str) -> AuditMaterial:
    row = round_store.find_round(session, round_id)
    design = read_design(row.design)
    rows = round_store.items_of_round(session, round_id)
    paths = round_store.archive_paths(session, round_id)
    return AuditMaterial(
        items=tuple(Item.from_content(json.loads(one.content)) for one in rows),
        swapped_items=_swapped_items(design, paths, seed),
        fragments={one.code: one.html for one in rows},
        lines=allocation["items"],
        reference=design.reference,
        names=_names(design, paths),
    )


def _swapped_items(design: Design, paths: dict[str, Path], seed: str) -> tuple[Item, ...] | None:
    """The items that the swapped design draws with the same seed; None if the archives are gone."""
    try:
        archives = {digest: Archive.open(path) for digest, path in paths.items()}
    except ArchiveError:
        return None
    return prepare_round(swapped(design), archives, seed).items


def _names(design: Design, paths: dict[str, Path]) -> tuple[str, ...]:
    """Everything that no response may say."""
    found = {name for cell in design.arms for name in (cell.arm, cell.stratum, cell.archive_sha256)}
    found |= {str(path) for path in paths.values()}
    for path in paths.values():
        try:
            model = Archive.open(path).manifest.model
        except ArchiveError:
            continue
        found |= {model.name, model.activation or "", model.weights_sha256 or ""}
    return tuple(sorted(found))


def _walks(session: Session, round_id: str, walk: Walk, now: datetime) -> Walks:
    row = round_store.find_round(session, round_id)
    probes = new_probes(PROBES)
    mirrored = swapped(read_design(row.design)).canonical
    here, secret = _walked(session, round_id, row.design, probes, walk, now)
    there, other = _walked(session, round_id, mirrored, probes, walk, now)
    return Walks(here, there, (*secret, *other))


def _walked(
    session: Session, round_id: str, design: str, probes: Sequence[Probe], walk: Walk, now: datetime
) -> tuple[tuple[FetchedResponse, ...], tuple[bytes, ...]]:
    with shadow_of(session, round_id, probes, now, design) as shadow:
        return walk(shadow, probes)


def _attacked(found: AttackData, seed: str, purpose: str, permutations: int = PERMUTATIONS) -> Attacked:
    source = np.random.default_rng([int(seed, 16) % 2**64, len(purpose)])
    return attack(found.table.values, found.table.names, found.labels, found.strata, source, permutations)


def _summary(found: Attacked) -> dict[str, Any]:
    return {
        "aucs": {name: round(value, 4) for name, value in found.aucs.items()},
        "p": round(found.p, 4),
        "permutations": found.permutations,
        "detectable": round(found.detectable, 4),
        "items": found.items,
        "features": len(found.features),
    }
