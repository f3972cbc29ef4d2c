"""Run the leak audit of a round: probes walk through copies of it, and the log stores the summary."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
from sqlalchemy.orm import Session

from app.archive.archive import Archive
from app.foundation.errors import ArchiveError
from app.leak_audit.findings import (
    AuditMaterial,
    LabelledFeatures,
    find_lengths,
    find_names_in_responses,
    find_swap_differences,
    labelled_transport,
    mean_positions,
)
from app.leak_audit.permutation_test import REFUSAL_P, PermutationTest, association_test
from app.leak_audit.responses import ProbeWalks
from app.leak_audit.summary import AuditSummary, summarise_gate
from app.rounds.allocation import SealContent
from app.rounds.design import Design, read_design
from app.rounds.preparation import prepare_round
from app.services.log import append_event
from app.services.round_copy import new_probes, open_round_copy
from app.services.seals import PreparedSeal
from app.services.unblinding import unblinded_evidence
from app.store import rounds as round_store
from app.store.engine import Database
from app.store.round_copy import CopiedRound, Probe, read_round
from app.tasks.item import Item

PROBES = 2
WALKS = 2
"""Walks of an audit: with the arms as they are, and swapped."""
SHUFFLE_STREAM = 1
"""Tells the numbers that shuffle arms from all others that the seed gives."""
Walk = Callable[[Database, Sequence[Probe]], ProbeWalks]
"""A function that visits every page of a copied round as each of the probes."""


def audit_prepared_seal(prepared: PreparedSeal, walk: Walk, now: datetime) -> AuditSummary:
    """Audit a round whose seal is not stored, with the items and the allocation that are in memory."""
    return _audit_round(prepared.as_copied_round(), prepared.paths, prepared.seal_content, walk, now)


def audit_opened_round(session: Session, round_id: str, walk: Walk, by: str, now: datetime) -> AuditSummary:
    """Audit an unblinded round again, with the allocation that was opened, and log the summary.

    Raises LifecycleError if the round is not unblinded.
    """
    seal, paths = unblinded_evidence(session, round_id).seal, round_store.archive_paths(session, round_id)
    audit = _audit_round(read_round(session, round_id), paths, seal, walk, now)
    append_event(session, round_id, by, "audited", audit.model_dump(mode="json"), now)
    return audit


def swap_arms(design: Design) -> Design:
    """The design in which every arm of a stratum has the name of the stratum's next arm, and the last the first's.

    So each stratum has the arms that it had, also if strata have different ones.
    """
    next_names: dict[tuple[str, str], str] = {}
    for stratum in {cell.stratum for cell in design.arms}:
        in_stratum = {cell.arm for cell in design.arms if cell.stratum == stratum}
        names = [name for name in design.arm_names if name in in_stratum]
        next_names |= {(stratum, name): names[(index + 1) % len(names)] for index, name in enumerate(names)}
    cells = [cell.model_copy(update={"arm": next_names[cell.stratum, cell.arm]}) for cell in design.arms]
    return design.with_changes(arms=tuple(cells))


def _audit_round(
    copied: CopiedRound, paths: Mapping[str, Path], seal: SealContent, walk: Walk, now: datetime
) -> AuditSummary:
    material, seed = _audit_material(copied, paths, seal), seal.seed
    probes = new_probes(PROBES)
    walks = _walk_copy(copied, walk, probes, now)
    swapped_walks = _walk_copy(copied, walk, probes, now, swapped=True)
    swap = find_swap_differences(walks, swapped_walks, material)
    name_search = find_names_in_responses(walks.responses, material.fragments, material.names, walks.own_text)
    lengths = find_lengths(walks.responses)
    transport = _test_transport(labelled_transport(walks, material), seed)
    return AuditSummary(
        passed=not (swap or name_search or lengths) and transport.p > REFUSAL_P,
        responses=len(walks.responses),
        gate=summarise_gate(swap, name_search, lengths, transport),
        positions=mean_positions(walks, material),
    )


def _audit_material(copied: CopiedRound, paths: Mapping[str, Path], seal: SealContent) -> AuditMaterial:
    design, item_rows = read_design(copied.round_row.design), copied.item_rows
    return AuditMaterial(
        items=tuple(item_row.read_item() for item_row in item_rows),
        swapped_items=_swapped_items(design, paths, seal.seed),
        fragments={item_row.code: item_row.html for item_row in item_rows},
        allocation=seal.allocation,
        names=_forbidden_names(design, paths),
    )


def _swapped_items(design: Design, paths: Mapping[str, Path], seed: str) -> tuple[Item, ...] | None:
    """The items that the swapped design draws with the same seed; None if the archives are gone."""
    try:
        archives = {digest: Archive.open(path) for digest, path in paths.items()}
    except ArchiveError:
        return None
    return prepare_round(swap_arms(design), archives, seed).items


def _forbidden_names(design: Design, paths: Mapping[str, Path]) -> tuple[str, ...]:
    """Everything that no response may contain: names, digests and paths of arms, models and archives."""
    names = {name for cell in design.arms for name in (cell.arm, cell.stratum, cell.archive_sha256)}
    names |= {str(path) for path in paths.values()}
    for path in paths.values():
        try:
            model = Archive.open(path).manifest.model
        except ArchiveError:
            continue
        names |= {model.name, model.activation or "", model.weights_sha256 or ""}
    return tuple(sorted(names))


def _walk_copy(
    copied: CopiedRound, walk: Walk, probes: Sequence[Probe], now: datetime, *, swapped: bool = False
) -> ProbeWalks:
    """The responses that the probes fetch in a copy of the round, with the arms as they are or swapped."""
    design_text = copied.round_row.design
    if swapped:
        design_text = swap_arms(read_design(design_text)).canonical
    with open_round_copy(copied, probes, now, design_text) as database:
        return walk(database, probes)


def _test_transport(labelled_parts: Sequence[LabelledFeatures], seed: str) -> PermutationTest:
    """Whether any feature of the transport goes with the arms; shuffles are drawn by the round's secret seed.

    Of several tests the one with the smallest p counts, with its p times their number (Bonferroni): so the p of all is
    as rare as it says.
    """
    tests = [
        association_test(
            labelled.feature_table.matrix,
            labelled.feature_table.names,
            labelled.arm_labels,
            labelled.strata,
            np.random.default_rng([int(seed, 16) % 2**64, SHUFFLE_STREAM, number]),
        )
        for number, labelled in enumerate(labelled_parts)
    ]
    smallest = min(tests, key=lambda test: test.p)
    return replace(smallest, p=min(1.0, len(tests) * smallest.p), plain_leak_p=len(tests) * tests[0].plain_leak_p)
