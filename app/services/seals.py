"""Seal a round: draw neurons, make items, encrypt the allocation and make the commitment.

A seal has two steps, so that the leak audit can walk the real pages between them: `begin_seal` writes the items and
keeps the allocation in memory, `finish_seal` encrypts it. Nothing here shows an admin anything that depends on an arm.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from app.archive.archive import Archive
from app.evidence.event_details import DrawDetail, SealedDetail
from app.foundation.digest import canonical_bytes, sha256_of_json
from app.foundation.errors import ArchiveError, SealError
from app.foundation.json_types import JsonObject
from app.judging.public_design import PublicDesign
from app.rounds.allocation import SealContent
from app.rounds.archive_frame import SeenNeurons
from app.rounds.commitment import commitment_digest, item_bytes, item_digest, seal_digest
from app.rounds.design import Design, read_design
from app.rounds.item import Item
from app.rounds.lifecycle import state_after
from app.rounds.preparation import PreparedRound, prepare_round
from app.rounds.randomness import SEED_BYTES
from app.rounds.sealing import KeyholderKey, canonical_recipient, new_keyholder_key, seal
from app.services.archives import archive_fingerprints, verified_archives
from app.services.assignment import make_slots
from app.services.draws import (
    Entropy,
    begin_draw,
    left_out_detail,
    neurons_to_leave_out,
    remove_halves_once_sealed,
    require_design_as_created,
)
from app.services.log import append_event, is_log_locked, round_events
from app.store import rounds as round_store
from app.store.sealed import add_seal
from app.store.tables import AidsRow, ItemRow, RoundRow

Render = Callable[[Item, PublicDesign], bytes]
"""A function that renders an item under a public design as the HTML that pages show."""
Measure = Callable[[Sequence[bytes]], tuple[int, int]]
"""A function that computes from all items' HTML the length of every response: plain and gzip."""


@dataclass(frozen=True)
class SealOptions:
    """Options of a seal, besides its keyholders."""

    receipt_key: str
    """Public half of the key that will sign the round's receipts and exports."""
    second_person: Sequence[str] = ()
    """Public keys of a second person; if there are any, opening the seal needs a key of each person."""
    measure: Measure | None = None
    public_value: str = ""
    """The public value that completes the seed, if the design has one complete it."""
    data_folder: Path | None = None
    """Where the announced half of a seed is stored."""
    entropy: Entropy = secrets.token_bytes


@dataclass(frozen=True)
class PendingSeal:
    """A seal that is not finished. It holds the allocation, which exists only in this process's memory."""

    round_id: str
    seal_content: SealContent
    digests: dict[str, str]
    """{code: digest of the item}"""
    draw: DrawDetail
    """How the draw came about, as the log has it."""


def new_key() -> KeyholderKey:
    """A new key for a keyholder, to be shown once and never stored with the round."""
    return new_keyholder_key()


def seal_round(
    session: Session,
    round_id: str,
    recipients: Sequence[str],
    render: Render,
    by: str,
    now: datetime,
    seal_options: SealOptions,
) -> SealedDetail:
    """Draw neurons, make items, encrypt the allocation and make the commitment, without an audit.

    Raises SealError, DesignError or ArchiveError.
    """
    pending = begin_seal(session, round_id, render, by, now, seal_options)
    return finish_seal(session, pending, recipients, by, now, seal_options)


def begin_seal(
    session: Session, round_id: str, render: Render, by: str, now: datetime, seal_options: SealOptions
) -> PendingSeal:
    """Draw the neurons, log the draw and write the items, in state `sealing`; the allocation stays in memory.

    Deletes the items of a seal that was begun before and not finished; a process that still works on that seal cannot
    finish it. Raises LifecycleError, DesignError, ArchiveError, or SealError if the seed cannot be made.
    """
    round_row = round_store.find_round(session, round_id, for_update=True)
    round_row.state = state_after(round_row.state, "seal")
    round_store.remove_items(session, round_id)
    options = seal_options
    design = read_design(round_row.design)
    seen_by_round = neurons_to_leave_out(session, design)
    left_out = SeenNeurons().union(*seen_by_round.values())
    logged = left_out_detail(seen_by_round)
    draw = begin_draw(session, round_id, options.public_value, options.data_folder, by, now, logged, options.entropy)
    nonce = options.entropy(SEED_BYTES).hex()
    archives = _archives_of_design(session, round_id, design)
    prepared = prepare_round(design, archives, draw.seed, left_out)
    digests = {item.code: item_digest(item.content(), nonce) for item in prepared.items}
    _store_items(session, round_row, prepared, digests, render, options.measure)
    content = SealContent.to_seal(prepared.allocation, draw.seed, nonce, draw.halves, left_out)
    return PendingSeal(round_id, content, digests, draw.detail)


def finish_seal(
    session: Session,
    pending: PendingSeal,
    recipients: Sequence[str],
    by: str,
    now: datetime,
    seal_options: SealOptions,
    audit_summary: JsonObject | None = None,
) -> SealedDetail:
    """Encrypt the allocation, store it, make the commitment, and return the log's entry of the seal.

    Raises SealError if the items are no longer those that were drawn, because someone began the seal again.
    """
    require_keyholders(recipients, seal_options.second_person)
    round_row = round_store.find_round(session, pending.round_id, for_update=True)
    round_row.state = state_after(round_row.state, "finish_seal")
    if not _items_are_as_drawn(session, pending):
        msg = "The items are not those that were drawn: the seal was begun again meanwhile. Seal the round once more."
        raise SealError(msg)
    sealed_sha256 = seal_digest(pending.seal_content)
    design_sha256 = require_design_as_created(round_row.design, round_events(session, pending.round_id))
    add_seal(session, round_row.id, _encrypt_content(pending, recipients, seal_options.second_person), sealed_sha256)
    round_row.commitment = commitment_digest(design_sha256, pending.digests, sealed_sha256, seal_options.receipt_key)
    make_slots(session, round_row.id)
    sealed = SealedDetail(
        commitment=round_row.commitment,
        design_sha256=design_sha256,
        sealed_sha256=sealed_sha256,
        items=len(pending.digests),
        keys=len(recipients) + len(seal_options.second_person),
        two_person=bool(seal_options.second_person),
        audit=audit_summary or None,
        receipt_key=seal_options.receipt_key,
        public_design_sha256=sha256_of_json(round_row.public_design),
        draw=pending.draw,
    )
    append_event(session, round_row.id, by, "sealed", sealed.model_dump(mode="json"), now)
    remove_halves_once_sealed(session, seal_options.data_folder, round_row.id)
    return sealed


def cancel_seal(session: Session, pending: PendingSeal, by: str, reason: str, now: datetime) -> None:
    """Delete the items of an unfinished seal, make the round a draft again, and log it.

    If the seal was begun again meanwhile, the items belong to the new seal and stay; once the round was locked, the log
    takes no cancelled seal any more.
    """
    round_row = round_store.find_round(session, pending.round_id, for_update=True)
    if is_log_locked(session, round_row.id):
        return
    append_event(session, round_row.id, by, "seal cancelled", {"why": reason, "number": pending.draw.number}, now)
    if round_row.state != "sealing" or not _items_are_as_drawn(session, pending):
        return
    round_store.remove_items(session, round_row.id)
    round_row.state = "draft"


def _archives_of_design(session: Session, round_id: str, design: Design) -> dict[str, Archive]:
    """{digest: archive} of a round. Raises ArchiveError unless they are those that the design names, unchanged."""
    paths = round_store.archive_paths(session, round_id)
    if paths.keys() != {cell.archive_sha256 for cell in design.arms}:
        msg = (
            "The archives that the database has for this round are not those that its design names, so somebody "
            "changed the database. Restore a backup, or create the round again."
        )
        raise ArchiveError(msg)
    archives = verified_archives(paths)
    fingerprints = {digest: archive_fingerprints(archive) for digest, archive in archives.items()}
    round_store.add_missing_fingerprints(session, round_id, fingerprints)
    return archives


def _store_items(
    session: Session,
    round_row: RoundRow,
    prepared: PreparedRound,
    digests: Mapping[str, str],
    render: Render,
    measure: Measure | None,
) -> None:
    """Render and store the items, their aids, the expected practice answers and the length of every response."""
    round_row.public_design = {**round_row.public_design, "training_answers": prepared.practice_answers_content()}
    public_design = PublicDesign.from_content(round_row.public_design)
    fragments = [render(item, public_design) for item in prepared.items]
    item_rows = _item_rows(round_row.id, prepared, digests, fragments)
    round_store.add_items(session, item_rows, _aids_rows(round_row.id, prepared))
    if measure is not None:
        round_row.response_bytes, round_row.response_gzip_bytes = measure(fragments)


def _items_are_as_drawn(session: Session, pending: PendingSeal) -> bool:
    return {row.code: row.digest for row in round_store.items_of_round(session, pending.round_id)} == pending.digests


def _encrypt_content(pending: PendingSeal, recipients: Sequence[str], second_person: Sequence[str]) -> bytes:
    """The seal's content, encrypted so that any key opens it; nested if two people must open it together."""
    layers = [list(recipients), list(second_person)] if second_person else [list(recipients)]
    return seal(canonical_bytes(pending.seal_content.as_sealed), layers)


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
            apart=prepared.distances[item.code],
        )
        for item, html in zip(prepared.items, fragments, strict=True)
    ]


def _aids_rows(round_id: str, prepared: PreparedRound) -> list[AidsRow]:
    return [
        AidsRow(round_id=round_id, item=code, content=aids.model_dump_json()) for code, aids in prepared.aids.items()
    ]


def require_keyholders(recipients: Sequence[str], second_person: Sequence[str]) -> None:
    """Raise SealError unless there are two public keys, so that one may be lost, and no two people share a key."""
    first_keys, second_keys = ({canonical_recipient(text) for text in texts} for texts in (recipients, second_person))
    if len(first_keys | second_keys) < 2:
        msg = "Name two keyholders, or one keyholder and a recovery key: a single lost key would lose the round."
        raise SealError(msg)
    if first_keys & second_keys:
        msg = "For two-person opening the two people need different keys."
        raise SealError(msg)
