"""Seal a round: draw neurons, make items, encrypt the allocation and make the commitment.

A seal has three steps. `begin_seal` checks what can be checked and logs the draw, in one short transaction.
`prepare_seal` makes the items in memory, where the leak audit walks their pages. `store_seal` writes items, seal and
commitment in one transaction, so that a seal that is interrupted leaves nothing but its draw in the log. Nothing here
shows an admin anything that depends on an arm.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from app.evidence.event_details import DrawDetail, SealedDetail
from app.foundation.digest import canonical_bytes, sha256_of_json
from app.foundation.errors import ArchiveError, SealError
from app.foundation.json_types import JsonObject
from app.judging.public_design import PublicDesign
from app.rounds.aids_key import AidsKey
from app.rounds.allocation import SealContent
from app.rounds.archive_frame import Archives, SeenNeurons
from app.rounds.commitment import commitment_digest, item_bytes, item_digest, seal_digest
from app.rounds.comparability import require_comparable
from app.rounds.design import Design, read_design
from app.rounds.lifecycle import require_allowed, state_after
from app.rounds.preparation import PreparedRound, prepare_round
from app.rounds.randomness import SEED_BYTES
from app.rounds.sealing import seal
from app.services.archives import archive_fingerprints, verified_archives
from app.services.assignment import make_slots
from app.services.draws import (
    BegunDraw,
    Entropy,
    begin_draw,
    left_out_detail,
    neurons_to_leave_out,
    remove_halves_once_sealed,
    require_design_as_created,
)
from app.services.keyholders import KeyLayers, proved_layers
from app.services.log import append_event, round_events
from app.services.seal_runs import require_current_run
from app.store import rounds as round_store
from app.store.aids import build_aids_rows
from app.store.round_copy import CopiedRound, detached_row
from app.store.sealed import add_seal
from app.store.tables import ItemRow, RoundRow
from app.tasks.item import Item

Render = Callable[[Item, PublicDesign], bytes]
"""A function that renders an item under a public design as the HTML that pages show."""
Measure = Callable[[Sequence[bytes]], tuple[int, int]]
"""A function that computes from all items' HTML the length of every response: plain and gzip."""


@dataclass(frozen=True)
class SealOptions:
    """Options of a seal. Its keys are those that were proved for the round."""

    receipt_key: str
    """Public half of the key that will sign the round's receipts and exports."""
    aids_key: AidsKey
    """The key that the round's aids are encrypted with."""
    measure: Measure | None = None
    public_value: str = ""
    """The public value that completes the seed, if the design has one complete it."""
    data_folder: Path | None = None
    """Where the announced half of a seed is stored."""
    entropy: Entropy = secrets.token_bytes


@dataclass(frozen=True)
class RoundArchives:
    """The archives of a round, unchanged on the disk."""

    archives: Archives
    """{digest: archive}"""
    fingerprints: Mapping[str, list[str]]
    """{digest: what archives of the same neurons have in common}"""


@dataclass(frozen=True)
class BegunSeal:
    """A seal whose draw is logged. Its seed exists only in this process's memory."""

    round_id: str
    design: Design
    round_row: RoundRow
    """The round as it was then; no session has it."""
    round_archives: RoundArchives
    key_layers: KeyLayers
    draw: BegunDraw
    seen_neurons: SeenNeurons
    nonce: str


@dataclass(frozen=True)
class PreparedSeal:
    """All that a seal will store, nothing of it stored yet. The allocation exists only in this process's memory."""

    round_id: str
    key_layers: KeyLayers
    seal_content: SealContent
    digests: dict[str, str]
    """{code: digest of the item}"""
    draw: DrawDetail
    """How the draw came about, as the log has it."""
    round_row: RoundRow
    """The round as pages will read it; no session has it."""
    item_rows: Sequence[ItemRow]
    aids_by_code: Mapping[str, str]
    """{code: JSON of the item's aids}, which are encrypted when they are stored."""
    paths: Mapping[str, Path]
    """{digest: path} of the round's archives."""

    def as_copied_round(self) -> CopiedRound:
        """The round as the leak audit copies it before anything is stored."""
        return CopiedRound(self.round_row, self.item_rows)


def seal_round(
    session: Session, round_id: str, render: Render, by: str, now: datetime, seal_options: SealOptions
) -> SealedDetail:
    """Draw neurons, make items, encrypt the allocation and make the commitment, in one transaction without an audit.

    Raises SealError, DesignError or ArchiveError.
    """
    begun = begin_seal(session, round_id, verified_round_archives(session, round_id), by, now, seal_options)
    prepared = prepare_seal(begun, render, seal_options.measure)
    return store_seal(session, prepared, by, now, seal_options)


def verified_round_archives(session: Session, round_id: str) -> RoundArchives:
    """The archives of a round. Raises ArchiveError unless they are those that the design names, unchanged.

    Raises DesignError if they cannot be compared, as a round may have been created by an earlier version.
    """
    paths = round_store.archive_paths(session, round_id)
    design = read_design(round_store.find_round(session, round_id).design)
    if paths.keys() != {cell.archive_sha256 for cell in design.arms}:
        msg = (
            "The archives that the database has for this round are not those that its design names, so somebody "
            "changed the database. Restore a backup, or create the round again."
        )
        raise ArchiveError(msg)
    archives = verified_archives(paths)
    require_comparable(design, archives)
    return RoundArchives(archives, {digest: archive_fingerprints(archive) for digest, archive in archives.items()})


def begin_seal(
    session: Session, round_id: str, round_archives: RoundArchives, by: str, now: datetime, seal_options: SealOptions
) -> BegunSeal:
    """Make the seed of a draw and log that the draw is begun; the round stays a draft until the seal is stored.

    Raises LifecycleError if the round cannot be sealed, or SealError if keys are not proved or the seed cannot be made.
    """
    round_row = round_store.find_round(session, round_id, for_update=True)
    require_allowed(round_row.state, "seal")
    key_layers, options = proved_layers(session, round_id), seal_options
    design = read_design(round_row.design)
    seen_by_round = neurons_to_leave_out(session, design)
    logged = left_out_detail(seen_by_round)
    draw = begin_draw(session, round_id, options.public_value, options.data_folder, by, now, logged, options.entropy)
    round_store.add_missing_fingerprints(session, round_id, round_archives.fingerprints)
    return BegunSeal(
        round_id=round_id,
        design=design,
        round_row=detached_row(round_row),
        round_archives=round_archives,
        key_layers=key_layers,
        draw=draw,
        seen_neurons=SeenNeurons().union(*seen_by_round.values()),
        nonce=options.entropy(SEED_BYTES).hex(),
    )


def prepare_seal(begun: BegunSeal, render: Render, measure: Measure | None = None) -> PreparedSeal:
    """Draw the neurons, make and render the items, and measure their responses; it needs no database.

    Raises DesignError if no round can be drawn for the design.
    """
    design, archives = begun.design, begun.round_archives.archives
    prepared = prepare_round(design, archives, begun.draw.seed, begun.seen_neurons)
    digests = {item.code: item_digest(item.content(), begun.nonce) for item in prepared.items}
    round_row = detached_row(begun.round_row)
    round_row.public_design = {**round_row.public_design, "training_answers": prepared.practice_answers_content()}
    public_design = PublicDesign.from_content(round_row.public_design)
    fragments = [render(item, public_design) for item in prepared.items]
    if measure is not None:
        round_row.response_bytes, round_row.response_gzip_bytes = measure(fragments)
    draw = begun.draw
    return PreparedSeal(
        round_id=begun.round_id,
        key_layers=begun.key_layers,
        seal_content=SealContent.to_seal(prepared.allocation, draw.seed, begun.nonce, draw.halves, begun.seen_neurons),
        digests=digests,
        draw=draw.detail,
        round_row=round_row,
        item_rows=_item_rows(begun.round_id, prepared, digests, fragments),
        aids_by_code={code: aids.model_dump_json() for code, aids in prepared.aids.items()},
        paths={digest: archive.path for digest, archive in archives.items()},
    )


def store_seal(
    session: Session,
    prepared: PreparedSeal,
    by: str,
    now: datetime,
    seal_options: SealOptions,
    audit_summary: JsonObject | None = None,
    run_code: str | None = None,
) -> SealedDetail:
    """Store items, aids and the encrypted allocation, make the commitment, and return the log's entry of the seal.

    `run_code` is the code of the seal's run, if it has one. Raises LifecycleError if the round is no draft any more,
    because another seal was faster, and SealError if another run was begun since, if the round's design was changed, or
    its keys since the seal was begun.
    """
    round_row = round_store.find_round(session, prepared.round_id, for_update=True)
    round_row.state = state_after(round_row.state, "seal")
    _require_nothing_changed(session, prepared, run_code)
    sealed_sha256 = seal_digest(prepared.seal_content)
    design_sha256 = require_design_as_created(round_row.design, round_events(session, prepared.round_id))
    _store_items(session, round_row, prepared, seal_options.aids_key)
    ciphertext = seal(canonical_bytes(prepared.seal_content.as_sealed), prepared.key_layers)
    add_seal(session, round_row.id, ciphertext, sealed_sha256)
    round_row.commitment = commitment_digest(design_sha256, prepared.digests, sealed_sha256, seal_options.receipt_key)
    make_slots(session, round_row.id)
    sealed = SealedDetail(
        commitment=round_row.commitment,
        design_sha256=design_sha256,
        sealed_sha256=sealed_sha256,
        items=len(prepared.digests),
        keys=sum(map(len, prepared.key_layers)),
        two_person=len(prepared.key_layers) > 1,
        audit=audit_summary or None,
        receipt_key=seal_options.receipt_key,
        public_design_sha256=sha256_of_json(round_row.public_design),
        draw=prepared.draw,
    )
    append_event(session, round_row.id, by, "sealed", sealed.model_dump(mode="json"), now)
    remove_halves_once_sealed(session, seal_options.data_folder, round_row.id)
    return sealed


def _store_items(session: Session, round_row: RoundRow, prepared: PreparedSeal, aids_key: AidsKey) -> None:
    """Store the items, their encrypted aids, the expected practice answers and the length of every response."""
    round_row.public_design = prepared.round_row.public_design
    round_row.response_bytes = prepared.round_row.response_bytes
    round_row.response_gzip_bytes = prepared.round_row.response_gzip_bytes
    encrypted_aids = aids_key.encrypt_aids(round_row.id, prepared.aids_by_code)
    round_store.add_items(session, prepared.item_rows, build_aids_rows(round_row.id, encrypted_aids))


def _require_nothing_changed(session: Session, prepared: PreparedSeal, run_code: str | None) -> None:
    """Raise SealError if another run was begun, or keys were proved or removed, since the seal was begun."""
    if run_code is not None:
        require_current_run(session, prepared.round_id, run_code)
    if prepared.key_layers != proved_layers(session, prepared.round_id):
        msg = "The round's keys were changed while it was being sealed, so nothing was sealed. Seal the round again."
        raise SealError(msg)


def _item_rows(
    round_id: str, prepared: PreparedRound, digests: Mapping[str, str], fragments: Sequence[bytes]
) -> list[ItemRow]:
    return [
        ItemRow(
            round_id=round_id,
            code=item.code,
            content=item_bytes(item.content()).decode(),
            digest=digests[item.code],
            html=html,
            training=item.code in prepared.practice_answers,
        )
        for item, html in zip(prepared.items, fragments, strict=True)
    ]
