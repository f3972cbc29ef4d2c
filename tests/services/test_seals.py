"""A seal conceals who is who from the database, needs two keys, and is closed whole or not at all."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.archive.archive import Archive
from app.foundation.digest import sha256
from app.foundation.errors import SealError
from app.rounds.commitment import commitment_digest, item_digest
from app.rounds.design import read_design
from app.rounds.preparation import prepare_round
from app.services import seals
from app.services.log import round_events
from app.store.engine import Database
from app.store.sealed import SealedRow
from app.store.tables import ItemRow, RoundRow
from app.web.evaluator.padding import response_sizes
from tests.conftest import Clock
from tests.services.stages import (
    ADMIN,
    RECEIPT_KEY,
    RECIPIENTS,
    SEAL_OPTIONS,
    render_plainly,
    seal_draft,
    state_of_round,
)


def test_the_seal_stores_items_and_commitment_and_no_arm_in_clear(
    database_with_admin: Database, draft: str, clock: Clock, plum_archive: Archive
) -> None:
    sealed = seal_draft(database_with_admin, draft, clock)
    with database_with_admin.reading() as session:
        round_row = session.get_one(RoundRow, draft)
        items = session.scalars(select(ItemRow).where(ItemRow.round_id == draft)).all()
        seal = session.get_one(SealedRow, draft)
        log = json.dumps([event.detail for event in round_events(session, draft)])
    stored = json.dumps([[item.content, item.html.decode(), item.apart] for item in items])
    stored += json.dumps(round_row.public_design)
    digests = {item.code: item.digest for item in items}
    assert sealed.commitment == round_row.commitment
    design_sha256 = sha256(round_row.design.encode())
    expected = commitment_digest(design_sha256, digests, seal.sealed_sha256, RECEIPT_KEY.public_key)
    assert sealed.commitment == expected
    assert sealed.receipt_key == RECEIPT_KEY.public_key
    sizes = response_sizes([item.html for item in items])
    assert (round_row.response_bytes, round_row.response_gzip_bytes) == sizes
    for canary in ("quokka", "axolotl", plum_archive.sha256, "model 1", "1L/0"):
        assert canary not in stored
        assert canary not in log
        assert canary.encode() not in seal.ciphertext


def test_a_single_key_is_refused_because_it_could_be_lost(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    with pytest.raises(SealError, match="two keyholders"), database_with_admin.writing() as session:
        seals.seal_round(session, draft, RECIPIENTS[:1], render_plainly, ADMIN, clock(), SEAL_OPTIONS)
    assert state_of_round(database_with_admin, draft) == "draft"


@pytest.mark.parametrize("second_person", [(), ("age1nonsense",)])
def test_whoever_is_no_recipient_is_refused(second_person: tuple[str, ...]) -> None:
    recipients = RECIPIENTS if second_person else [RECIPIENTS[0], "age1nonsense"]
    with pytest.raises(SealError, match="not a recipient"):
        seals.require_keyholders(recipients, second_person)


def test_one_key_written_in_two_ways_is_one_key() -> None:
    with pytest.raises(SealError, match="two keyholders"):
        seals.require_keyholders([RECIPIENTS[0], f" {RECIPIENTS[0]}\n"], ())


def test_two_person_opening_needs_a_different_key_for_each_person(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    same_key = replace(SEAL_OPTIONS, second_person=RECIPIENTS[:1])
    with pytest.raises(SealError, match="different keys"), database_with_admin.writing() as session:
        seals.seal_round(session, draft, RECIPIENTS, render_plainly, ADMIN, clock(), same_key)


def test_a_seal_can_be_cancelled_before_it_is_closed(database_with_admin: Database, draft: str, clock: Clock) -> None:
    with database_with_admin.writing() as session:
        pending = seals.begin_seal(session, draft, render_plainly, ADMIN, clock(), SEAL_OPTIONS)
    assert state_of_round(database_with_admin, draft) == "sealing"
    with database_with_admin.writing() as session:
        seals.cancel_seal(session, pending, ADMIN, "the audit found a leak", clock())
    with database_with_admin.reading() as session:
        assert session.scalars(select(ItemRow)).all() == []
    seal_draft(database_with_admin, draft, clock)


def test_a_seal_that_was_cut_off_is_begun_again_and_the_first_can_neither_finish_nor_spoil_it(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    with database_with_admin.writing() as session:
        first = seals.begin_seal(session, draft, render_plainly, ADMIN, clock(), SEAL_OPTIONS)
    with database_with_admin.writing() as session:
        second = seals.begin_seal(session, draft, render_plainly, ADMIN, clock(), SEAL_OPTIONS)
    with pytest.raises(SealError, match="begun again meanwhile"), database_with_admin.writing() as session:
        seals.finish_seal(session, first, RECIPIENTS, ADMIN, clock(), SEAL_OPTIONS)
    with database_with_admin.writing() as session:
        seals.cancel_seal(session, first, ADMIN, "begun again", clock())
    with database_with_admin.writing() as session:
        seals.finish_seal(session, second, RECIPIENTS, ADMIN, clock(), SEAL_OPTIONS)
    with database_with_admin.reading() as session:
        assert set(session.scalars(select(ItemRow.code))) == set(second.digests)
    assert state_of_round(database_with_admin, draft) == "sealed"


def test_without_the_key_neither_the_draw_nor_the_commitment_can_be_redone(
    database_with_admin: Database, draft: str, clock: Clock, plum_archive: Archive, fig_archive: Archive
) -> None:
    """Someone has archives, design, database and everything published, and guesses seeds from all of it."""
    seal_draft(database_with_admin, draft, clock)
    with database_with_admin.reading() as session:
        round_row = session.get_one(RoundRow, draft)
        items = {item.code: (json.loads(item.content), item.digest) for item in session.scalars(select(ItemRow))}
        published = [str(round_row.commitment), session.get_one(SealedRow, draft).sealed_sha256, round_row.id]
        published += [event.chain for event in round_events(session, draft)]
    design = read_design(round_row.design)
    published += [design.sha256, *(digest for _, digest in items.values())]
    archives = {archive.sha256: archive for archive in (plum_archive, fig_archive)}
    guesses = {sha256(text.encode()) for text in published} | {"0" * 64, f"{1:064x}"}
    guesses |= {text for text in published if len(text) == 64}
    for guess in sorted(guesses)[:12]:
        redrawn = {item.code for item in prepare_round(design, archives, guess).items}
        assert redrawn.isdisjoint(items)
    for content, digest in items.values():
        assert digest not in {item_digest(content, guess) for guess in guesses}
