"""A seal conceals who is who from the database, needs two keys, and is closed whole or not at all."""

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.archive.archive import Archive
from app.evidence.draws import draw_history
from app.foundation.digest import sha256
from app.foundation.errors import DesignError, LifecycleError
from app.rounds.commitment import commitment_digest, item_digest
from app.rounds.design import read_design
from app.rounds.preparation import prepare_round
from app.services import seals
from app.services.cancelled_seals import log_cancelled_seal
from app.services.draw_log import logged_steps
from app.services.log import round_events
from app.services.rounds import create_round
from app.store.engine import Database
from app.store.sealed import SealedRow
from app.store.tables import AidsRow, ItemRow, RoundRow, SlotRow
from app.web.evaluator.padding import response_sizes
from tests.conftest import Clock
from tests.rounds.older_designs import in_older_version
from tests.rounds.small_archives import harvest_otherwise, two_arms
from tests.services.stages import (
    ADMIN,
    RECEIPT_KEY,
    SEAL_OPTIONS,
    prepare_draft,
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
    stored = json.dumps([[item.content, item.html.decode()] for item in items])
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


def stored_row_counts(database: Database) -> dict[str, int]:
    """{table: rows} of every table that a seal fills."""
    with database.reading() as session:
        return {
            row_type.__tablename__: session.scalar(select(func.count()).select_from(row_type)) or 0
            for row_type in (ItemRow, AidsRow, SealedRow, SlotRow)
        }


def test_until_the_seal_is_stored_the_round_is_a_draft_of_which_only_the_draw_is_logged(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    prepared = prepare_draft(database_with_admin, draft, clock)
    assert prepared.item_rows
    assert state_of_round(database_with_admin, draft) == "draft"
    assert set(stored_row_counts(database_with_admin).values()) == {0}
    with database_with_admin.writing() as session:
        log_cancelled_seal(session, draft, prepared.draw, ADMIN, "the audit found a leak", clock())
    with database_with_admin.reading() as session:
        row = session.get_one(RoundRow, draft)
        assert (row.commitment, row.response_bytes, "training_answers" in row.public_design) == (None, 0, False)
        actions = [event.action for event in round_events(session, draft) if not event.action.startswith("key ")]
    assert actions == ["created", "seal begun", "seal cancelled"]
    seal_draft(database_with_admin, draft, clock)


def test_a_seal_that_fails_while_it_is_stored_leaves_nothing_of_itself(
    database_with_admin: Database, draft: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = prepare_draft(database_with_admin, draft, clock)
    for step in ("add_seal", "make_slots", "append_event", "remove_halves_once_sealed"):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(seals, step, interrupt)
            with database_with_admin.writing() as session:
                seals.store_seal(session, prepared, ADMIN, clock(), SEAL_OPTIONS)
        assert set(stored_row_counts(database_with_admin).values()) == {0}
        assert state_of_round(database_with_admin, draft) == "draft"
    with database_with_admin.writing() as session:
        seals.store_seal(session, prepared, ADMIN, clock(), SEAL_OPTIONS)
    assert stored_row_counts(database_with_admin)["items"] == len(prepared.digests)


def interrupt(*_arguments: object) -> None:
    raise KeyboardInterrupt


def test_of_two_seals_side_by_side_the_first_to_be_stored_stays_and_the_other_s_draw_is_counted(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    first, second = (prepare_draft(database_with_admin, draft, clock) for _ in range(2))
    with database_with_admin.writing() as session:
        seals.store_seal(session, first, ADMIN, clock(), SEAL_OPTIONS)
    with pytest.raises(LifecycleError, match="Only a draft can be sealed"), database_with_admin.writing() as session:
        seals.store_seal(session, second, ADMIN, clock(), SEAL_OPTIONS)
    with database_with_admin.reading() as session:
        assert set(session.scalars(select(ItemRow.code))) == set(first.digests)
        history = draw_history(logged_steps(round_events(session, draft)))
    assert (history.number, history.draw_count) == (1, 2)


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


def test_a_seal_refuses_arms_that_cannot_be_compared(
    database_with_admin: Database, plum_archive: Archive, fig_archive: Archive, clock: Clock, tmp_path: Path
) -> None:
    """A draft can be older than the rule."""
    other_text = harvest_otherwise(fig_archive, tmp_path / "text", corpus__sha256="c" * 64)
    design = two_arms(plum_archive, other_text, neurons=6).with_changes(contrasts=["corpus"])
    paths = {archive.sha256: archive.path for archive in (plum_archive, other_text)}
    with database_with_admin.writing() as session:
        round_id = create_round(session, design, paths, ADMIN, clock())
        round_row = session.get_one(RoundRow, round_id)
        round_row.design = in_older_version(read_design(round_row.design).with_changes(contrasts=[]), 2).canonical
    with pytest.raises(DesignError, match=r'they differ in corpus, .* contrasts = ."corpus"'):
        seal_draft(database_with_admin, round_id, clock)
