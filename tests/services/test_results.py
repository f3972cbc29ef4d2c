"""What is shown of an unblinded round comes from checked evidence: each change in the database is named."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.foundation.errors import SealError
from app.foundation.json_types import JsonObject
from app.report.export.bundle import unblinded_zip
from app.report.result_text import UNSIGNED_RESULT
from app.services import results
from app.services.exports import blinded_bundle, observations_csv, round_report, unblinded_bundle
from app.services.gallery import browse_gallery, enter_gallery, gallery_neuron
from app.services.unblinding import correct_analysis, unblind_round
from app.store.sealed import UnblindedRow
from app.store.tables import ChainEntryRow, EventRow, ItemRow, RoundRow
from tests.conftest import without_figures
from tests.report.tampering import verify_without_figures
from tests.services.conftest import StagedRound
from tests.services.stages import ADMIN, KEYS, RECEIPT_KEY
from tests.services.test_evidence import REASON, rewrite_the_result_event
from tests.services.test_unblinding import change_a_judgment, change_an_item, change_the_commitment, change_the_design

VIEWS: list[Callable[[Session, str], object]] = [
    round_report,
    observations_csv,
    unblinded_bundle,
    lambda session, round_id: browse_gallery(session, round_id, ADMIN, "", "", "", 1),
    lambda session, round_id: gallery_neuron(session, round_id, ADMIN, "any"),
]


def exchange_the_arms(session: Session, round_id: str) -> str:
    row = session.scalars(select(UnblindedRow).where(UnblindedRow.round_id == round_id)).one()
    content = json.loads(row.opened)
    for allocated in content["allocation"]["items"]:
        allocated["arm"] = "axolotl" if allocated["arm"] == "quokka" else "quokka"
    row.opened = json.dumps(content)
    return "The allocation, the seed or the nonce was changed"


def remove_a_chain(session: Session, round_id: str) -> str:
    for row in session.scalars(select(ChainEntryRow).where(ChainEntryRow.round_id == round_id)):
        session.delete(row)
    return "added or removed since the lock"


def spoil_the_opened_seal(session: Session, round_id: str) -> str:
    session.scalars(select(UnblindedRow).where(UnblindedRow.round_id == round_id)).one().opened = "{}"
    return "does not hold an allocation"


CHANGES = [
    change_a_judgment,
    change_an_item,
    change_the_commitment,
    change_the_design,
    exchange_the_arms,
    remove_a_chain,
    spoil_the_opened_seal,
]


@pytest.fixture
def unblinded_round(locked_round: StagedRound) -> StagedRound:
    """An unblinded round whose result the round's key signed, and whose gallery Dag has opened."""
    staged = locked_round
    with staged.database.writing() as session:
        unblind_round(session, staged.round_id, [KEYS[0].identity], ADMIN, REASON, staged.clock(), RECEIPT_KEY)
        enter_gallery(session, staged.round_id, ADMIN, staged.clock())
    return staged


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_shown_of_a_result_whose_evidence_was_changed(
    unblinded_round: StagedRound, change: Callable[[Session, str], str]
) -> None:
    database, round_id = unblinded_round.database, unblinded_round.round_id
    with database.reading() as session:
        round_report(session, round_id)  # what was shown before is not shown again for what was changed since
    with database.writing() as session:
        complaint = change(session, round_id)
    for view in VIEWS:
        with pytest.raises(SealError, match=complaint), database.reading() as session:
            view(session, round_id)


def test_an_unsigned_result_is_not_shown_either_if_its_evidence_was_changed(unblinded_round: StagedRound) -> None:
    """Without its signature a stored result is not believed, and once was computed from whatever the rows said."""
    database, round_id = unblinded_round.database, unblinded_round.round_id
    with database.writing() as session:
        complaint = change_a_judgment(session, round_id)
    with database.writing() as session:
        rewrite_the_result_event(session, round_id, signature=None)
    with pytest.raises(SealError, match=complaint), database.reading() as session:
        round_report(session, round_id)


def test_a_result_that_the_round_s_key_did_not_sign_is_said_to_be_so(locked_round: StagedRound) -> None:
    database, round_id = locked_round.database, locked_round.round_id
    with database.writing() as session:
        unblind_round(session, round_id, [KEYS[0].identity], ADMIN, REASON, locked_round.clock())
        assert round_report(session, round_id).unsigned
        assert UNSIGNED_RESULT.startswith("The round's key did not sign")
        correct_analysis(session, round_id, ADMIN, "the key is back again", locked_round.clock(), RECEIPT_KEY)
        assert not round_report(session, round_id).unsigned


def test_the_gallery_shows_the_committed_words_and_not_the_stored_page(unblinded_round: StagedRound) -> None:
    database, round_id = unblinded_round.database, unblinded_round.round_id
    with database.writing() as session:
        for row in session.scalars(select(ItemRow).where(ItemRow.round_id == round_id)):
            row.html = b"<script>forged</script>"
    with database.reading() as session:
        page, _ = browse_gallery(session, round_id, ADMIN, "", "", "", 1)
        neuron = gallery_neuron(session, round_id, ADMIN, page.cards[0].allocated.item)
        row = session.get_one(ItemRow, (round_id, neuron.item.code))
    assert neuron.item.content() == json.loads(row.content)


def test_evidence_is_checked_once_as_long_as_nothing_changes(
    unblinded_round: StagedRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, round_id = unblinded_round.database, unblinded_round.round_id
    with database.reading() as session:
        report = round_report(session, round_id)
    monkeypatch.setattr(results, "unblinded_evidence", None)
    with database.reading() as session:
        assert round_report(session, round_id) == report
        assert observations_csv(session, round_id)
    with database.writing() as session:
        session.get_one(RoundRow, round_id).title = "another title, which nothing is made of"
    with database.reading() as session:
        assert round_report(session, round_id) == report


def rewrite_detail(session: Session, event: EventRow, detail: JsonObject) -> None:
    """Store a detail that Python takes for the same."""
    session.execute(update(EventRow).where(EventRow.id == event.id).values(detail=detail))


def respell(session: Session, round_id: str) -> None:
    """Write the same values otherwise, as somebody can whose digests shall agree."""
    round_row = session.get_one(RoundRow, round_id)
    round_row.design = json.dumps(dict(reversed(json.loads(round_row.design).items()))).replace(" 6,", " 6.0,")
    for row in session.scalars(select(ChainEntryRow).where(ChainEntryRow.round_id == round_id)):
        content = json.loads(row.content)
        content["active_seconds"] = float(content["active_seconds"])
        row.content = json.dumps(dict(reversed(content.items())))
    for event in session.scalars(select(EventRow).where(EventRow.round_id == round_id)):
        rewrite_detail(session, event, dict(reversed(event.detail.items())))


def test_rows_that_are_spelled_otherwise_give_the_same_export(unblinded_round: StagedRound, tmp_path: Path) -> None:
    database, round_id = unblinded_round.database, unblinded_round.round_id
    exports = []
    for name in ("honest", "respelled"):
        with database.reading() as session, without_figures():
            exports.append(unblinded_zip(unblinded_bundle(session, round_id), RECEIPT_KEY))
        (tmp_path / f"{name}.zip").write_bytes(exports[-1])
        assert verify_without_figures(tmp_path / f"{name}.zip").differences == []
        with database.writing() as session:
            respell(session, round_id)
    assert exports[0] == exports[1]


def test_a_number_of_another_form_in_the_log_is_named_at_the_unblinding(locked_round: StagedRound) -> None:
    database, round_id = locked_round.database, locked_round.round_id
    with database.writing() as session:
        locked = session.scalars(select(EventRow).where(EventRow.action == "locked")).one()
        rewrite_detail(session, locked, json.loads(json.dumps(locked.detail), parse_int=float))
    with pytest.raises(SealError, match="entry about “locked” has another form"), database.writing() as session:
        unblind_round(session, round_id, [KEYS[0].identity], ADMIN, REASON, locked_round.clock())


def test_a_stored_result_that_is_gone_is_named(unblinded_round: StagedRound) -> None:
    database, round_id = unblinded_round.database, unblinded_round.round_id
    with database.writing() as session:
        session.delete(session.scalars(select(UnblindedRow).where(UnblindedRow.round_id == round_id)).one())
    with pytest.raises(SealError, match="its stored result is gone"), database.reading() as session:
        round_report(session, round_id)


def change_the_public_design(session: Session, round_id: str) -> str:
    round_row = session.get_one(RoundRow, round_id)
    round_row.public_design = {**round_row.public_design, "title": "forged"}
    return "public part of the design was changed"


@pytest.mark.parametrize("change", [change_a_judgment, change_the_commitment, remove_a_chain, change_the_public_design])
def test_a_blinded_export_of_changed_rows_is_neither_written_nor_signed(
    locked_round: StagedRound, change: Callable[[Session, str], str]
) -> None:
    database, round_id = locked_round.database, locked_round.round_id
    with database.reading() as session:
        blinded_bundle(session, round_id)
    with database.writing() as session:
        complaint = change(session, round_id)
    with pytest.raises(SealError, match=f"{complaint}.*Nothing is exported"), database.reading() as session:
        blinded_bundle(session, round_id)
