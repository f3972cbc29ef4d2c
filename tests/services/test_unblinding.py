"""The seal of a locked round opens once, with a key and a reason, and only if nothing changed since the commitment."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.evidence.entries import RESULT_ACTIONS, EventAction
from app.evidence.log_checks import AFTER_THE_LOCK
from app.foundation.digest import canonical_bytes
from app.foundation.errors import LifecycleError, SealError
from app.judging.judgment import Verdict
from app.report.export.bundle import blinded_zip
from app.report.export.verify import verify_export
from app.report.result import result_of
from app.rounds.design import Design
from app.rounds.sealing import open_seal, seal
from app.services import log, rounds, seals
from app.services.cancelled_seals import log_cancelled_seal
from app.services.exports import blinded_bundle
from app.services.keyholders import new_key
from app.services.log import SHELL, VIA, append_event, logged_attempt, round_events, verify_log
from app.services.unblinding import correct_analysis, open_outer_layer, unblind_round, unblinded_evidence
from app.store.admins import add_admin
from app.store.engine import Database
from app.store.sealed import SealedRow, UnblindedRow
from app.store.tables import ChainEntryRow, EventRow, ItemRow, RoundRow
from tests.conftest import Clock
from tests.services.conftest import StagedRound
from tests.services.judges import judge_everything
from tests.services.stages import (
    ADMIN,
    KEYS,
    RECIPIENTS,
    SEAL_OPTIONS,
    lock_draft,
    open_draft,
    prepare_draft,
    prove_keys,
    render_plainly,
    state_of_round,
)


def unblind(staged: StagedRound, reason: str = "all have finished") -> None:
    with staged.database.writing() as session:
        unblind_round(session, staged.round_id, [KEYS[0].identity], ADMIN, reason, staged.clock())


def correct(staged: StagedRound, reason: str) -> None:
    with staged.database.writing() as session:
        correct_analysis(session, staged.round_id, ADMIN, reason, staged.clock())


def test_a_round_goes_from_draft_to_unblinded_and_its_numbers_are_the_judgments(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    locked = lock_draft(database_with_admin, draft, clock)
    assert not locked.stopped_early
    assert set(locked.roster) == {"Ada", "Bo"}
    with database_with_admin.writing() as session:
        analysis = unblind_round(session, draft, [KEYS[1].identity], ADMIN, "all have finished", clock())
    with database_with_admin.reading() as session:
        result = result_of(unblinded_evidence(session, draft))
        actions = [event.action for event in round_events(session, draft)]
        verify_log(session, draft)
    assert {name: arm.n for name, arm in analysis.arms.items()} == {"quokka": 6, "axolotl": 6}
    for arm in ("quokka", "axolotl"):
        judgments = [item.judgment for item in result.observations if item.allocated.arm == arm]
        share = sum(judgment.verdict == "interpretable" for judgment in judgments) / 2
        assert analysis.arms[arm].counted == pytest.approx(share)
    assert result.analysis == analysis
    assert state_of_round(database_with_admin, draft) == "unblinded"
    keys = ["key named", "key proved"] * 2
    assert actions[:9] == ["created", *keys, "seal begun", "sealed", "invited", "invited"]
    assert actions[9:] == ["opened", "locked", "key read", "unblinded"]


def test_a_round_that_was_locked_early_says_so_when_it_is_unblinded(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    open_draft(database_with_admin, draft, clock)
    judge_everything(database_with_admin, draft, clock, most=2)
    with database_with_admin.writing() as session:
        assert rounds.lock_round(session, draft, ADMIN, clock()).stopped_early
    unblind(StagedRound(database_with_admin, draft, clock), "no more time")
    with database_with_admin.reading() as session:
        assert unblinded_evidence(session, draft).stopped_early


def test_unblinding_before_the_lock_is_refused_and_the_refusal_is_logged(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    open_draft(database_with_admin, draft, clock)
    with (
        pytest.raises(LifecycleError, match="Lock the round first"),
        logged_attempt(database_with_admin, draft, ADMIN, "unblind", clock()) as session,
    ):
        unblind_round(session, draft, [KEYS[0].identity], ADMIN, "curious", clock())
    assert state_of_round(database_with_admin, draft) == "collecting"
    with database_with_admin.reading() as session:
        event = round_events(session, draft)[-1]
        verify_log(session, draft)
    assert (event.action, event.actor, event.detail["attempted"]) == ("refused", ADMIN, "unblind")


@pytest.mark.parametrize(
    ("identities", "reason", "complaint"),
    [
        ([new_key().identity], "all have finished", "does not open"),
        (["hunter2"], "all have finished", "not a key"),
        ([KEYS[0].identity], "  ", "Say why"),
    ],
    ids=["another key", "no key", "no reason"],
)
def test_unblinding_needs_a_key_and_a_reason(
    locked_round: StagedRound, identities: list[str], reason: str, complaint: str
) -> None:
    database, round_id, now = locked_round.database, locked_round.round_id, locked_round.clock()
    with (
        pytest.raises((SealError, LifecycleError), match=complaint),
        logged_attempt(database, round_id, ADMIN, "unblind", now) as session,
    ):
        unblind_round(session, round_id, identities, ADMIN, reason, now)
    assert state_of_round(database, round_id) == "locked"
    with database.reading() as session:
        events = round_events(session, round_id)
    assert events[-1].action == "refused"
    assert "hunter2" not in str(events)


def test_a_round_is_unblinded_once(locked_round: StagedRound) -> None:
    unblind(locked_round)
    with pytest.raises(LifecycleError, match="unblinded"):
        unblind(locked_round, "once more")
    with locked_round.database.reading() as session:
        assert len(session.scalars(select(UnblindedRow)).all()) == 1


OTHER_VERDICT: dict[Verdict | None, Verdict] = {
    "interpretable": "not_interpretable",
    "not_interpretable": "interpretable",
}


def change_an_item(session: Session, round_id: str) -> str:
    item = session.scalars(select(ItemRow).where(ItemRow.round_id == round_id).order_by(ItemRow.code).limit(1)).one()
    item.content = item.content.replace('"levels":[', '"levels":[5,', 1)
    return f"Items changed after the commitment: {item.code}"


def change_the_design(session: Session, round_id: str) -> str:
    round_row = session.get_one(RoundRow, round_id)
    round_row.design = round_row.design.replace('"neurons":6', '"neurons":7')
    return "The design was changed"


def change_the_commitment(session: Session, round_id: str) -> str:
    session.get_one(RoundRow, round_id).commitment = "0" * 64
    return "The commitment is not the one that the log has"


def flip_a_bit_of_the_seal(session: Session, round_id: str) -> str:
    sealed = session.get_one(SealedRow, round_id)
    sealed.ciphertext = sealed.ciphertext[:-1] + bytes([sealed.ciphertext[-1] ^ 1])
    return "does not open"


def exchange_the_seal(session: Session, round_id: str) -> str:
    sealed = session.get_one(SealedRow, round_id)
    content = json.loads(open_seal(sealed.ciphertext, [KEYS[0].identity]))
    line = content["allocation"]["items"][0]
    line["arm"] = "axolotl" if line["arm"] == "quokka" else "quokka"
    sealed.ciphertext = seal(canonical_bytes(content), [RECIPIENTS])
    return "The allocation, the seed or the nonce was changed"


def change_a_judgment(session: Session, round_id: str) -> str:
    third = select(ChainEntryRow).where(ChainEntryRow.round_id == round_id, ChainEntryRow.number == 2).limit(1)
    row = session.scalars(third).one()
    old, new = row.verdict, OTHER_VERDICT[row.verdict]
    row.content, row.verdict = row.content.replace(f'"{old}"', f'"{new}"'), new
    return "Entry 2 of the chain of"


def change_a_column(session: Session, round_id: str) -> str:
    row = session.scalars(select(ChainEntryRow).where(ChainEntryRow.round_id == round_id).limit(1)).one()
    row.verdict = OTHER_VERDICT[row.verdict]
    return "The columns of entry"


def remove_a_judgment(session: Session, round_id: str) -> str:
    entries = select(ChainEntryRow).where(ChainEntryRow.round_id == round_id)
    newest = entries.order_by(ChainEntryRow.number.desc()).limit(1)
    session.delete(session.scalars(newest).one())
    return "added or removed since the lock"


def change_an_event(session: Session, round_id: str) -> str:
    invited = select(EventRow).where(EventRow.round_id == round_id, EventRow.action == "invited")
    event = session.scalars(invited.order_by(EventRow.number)).first()
    assert event is not None
    event.actor = "Eve"
    return rf"event {event.number} \(invited\)"


CHANGES = [
    change_an_item,
    change_the_design,
    change_the_commitment,
    flip_a_bit_of_the_seal,
    exchange_the_seal,
    change_a_judgment,
    change_a_column,
    remove_a_judgment,
    change_an_event,
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_since_the_commitment_is_named(
    locked_round: StagedRound, change: Callable[[Session, str], str]
) -> None:
    with locked_round.database.writing() as session:
        complaint = change(session, locked_round.round_id)
    with pytest.raises(SealError, match=complaint):
        unblind(locked_round)
    assert state_of_round(locked_round.database, locked_round.round_id) == "locked"


def test_a_shell_and_one_admin_open_no_seal_of_two_people(
    sqlite_database: Database, design: Design, paths: dict[str, Path], password_hash: str, clock: Clock
) -> None:
    with sqlite_database.writing() as session:
        add_admin(session, ADMIN, password_hash, clock())
        draft = rounds.create_round(session, design, paths, ADMIN, clock())
        prove_keys(session, draft, KEYS[:1], clock(), by="Eva")
        prove_keys(session, draft, KEYS[1:], clock(), layer=2)
        seals.seal_round(session, draft, render_plainly, ADMIN, clock(), SEAL_OPTIONS)
        rounds.open_round(session, draft, ADMIN, clock())
        rounds.lock_round(session, draft, ADMIN, clock())
    inner, outer = ([key.identity] for key in KEYS)
    shell_base, refusal = (
        Database(sqlite_database.url, {VIA: SHELL}),
        pytest.raises(SealError, match="in the shell"),
    )
    with closing(shell_base) as shell, refusal, logged_attempt(shell, draft, ADMIN, "unblind", clock()) as session:
        open_outer_layer(session, draft, outer, ADMIN, "alone at night", clock())
    with sqlite_database.writing() as session:
        for identities in (inner, outer, inner + outer):
            with pytest.raises(SealError, match="one after the other"):
                unblind_round(session, draft, identities, ADMIN, "alone at night", clock())
        with pytest.raises(SealError, match="It is not this key's turn"):
            open_outer_layer(session, draft, inner, ADMIN, "alone at night", clock())
        open_outer_layer(session, draft, outer, ADMIN, "alone at night", clock())
        with pytest.raises(SealError, match="given your key already"):
            unblind_round(session, draft, inner, ADMIN, "alone at night", clock())
        unblind_round(session, draft, inner, "Eva", "two of us are present", clock())
        (refused,) = (event for event in round_events(session, draft) if event.action == "refused")
    assert (refused.detail["attempted"], refused.detail[VIA]) == ("unblind", SHELL)


def test_the_allocation_cannot_be_read_before_unblinding(locked_round: StagedRound) -> None:
    with pytest.raises(LifecycleError, match="only after unblinding"), locked_round.database.reading() as session:
        unblinded_evidence(session, locked_round.round_id)


def test_a_correction_is_a_new_version_beside_the_frozen_one(locked_round: StagedRound) -> None:
    with pytest.raises(LifecycleError, match="Only an unblinded round"):
        correct(locked_round, "too early")
    unblind(locked_round)
    with pytest.raises(LifecycleError, match="Say why"):
        correct(locked_round, "")
    correct(locked_round, "a mistake in the program was mended")
    with locked_round.database.reading() as session:
        versions = session.scalars(select(UnblindedRow).order_by(UnblindedRow.version)).all()
        events = round_events(session, locked_round.round_id)
        verify_log(session, locked_round.round_id)
    assert [(version.version, version.reason) for version in versions] == [
        (1, "all have finished"),
        (2, "a mistake in the program was mended"),
    ]
    assert versions[0].opened == versions[1].opened
    assert versions[0].analysis == versions[1].analysis
    assert events[-1].action == "corrected"


@pytest.mark.parametrize("change", [change_an_item, change_the_design, change_a_judgment, change_an_event])
def test_a_correction_names_what_was_changed_since_the_commitment(
    locked_round: StagedRound, change: Callable[[Session, str], str]
) -> None:
    unblind(locked_round)
    with locked_round.database.writing() as session:
        complaint = change(session, locked_round.round_id)
    with pytest.raises(SealError, match=complaint):
        correct(locked_round, "a mistake in the program was mended")


def append_afterwards(staged: StagedRound, action: EventAction) -> None:
    with staged.database.writing() as session:
        append_event(session, staged.round_id, ADMIN, action, {"why": "somebody did it"}, staged.clock())


@pytest.mark.parametrize("action", sorted(set(get_args(EventAction)) - set(RESULT_ACTIONS) - set(AFTER_THE_LOCK)))
def test_the_log_refuses_after_the_lock_what_the_unblinding_would_not_accept(
    locked_round: StagedRound, action: EventAction
) -> None:
    """An evaluator who declined after the lock once kept a round from being unblinded for ever."""
    with pytest.raises(LifecycleError, match="after the lock its log takes no entry"):
        append_afterwards(locked_round, action)


def test_the_log_takes_after_the_lock_what_the_unblinding_accepts(locked_round: StagedRound) -> None:
    for action in sorted(set(AFTER_THE_LOCK) - set(RESULT_ACTIONS)):
        append_afterwards(locked_round, action)
    unblind(locked_round)
    correct(locked_round, "the program was mended")


def test_a_log_with_someone_who_declined_after_the_lock_is_accepted(
    locked_round: StagedRound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "AFTER_THE_LOCK", get_args(EventAction))  # as a former program wrote it
    append_afterwards(locked_round, "declined")
    unblind(locked_round)


def test_a_seal_that_is_cancelled_after_the_lock_of_the_seal_that_was_begun_again_changes_nothing(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    prepared = prepare_draft(database_with_admin, draft, clock)
    lock_draft(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        log_cancelled_seal(session, draft, prepared.draw, ADMIN, "the other one was faster", clock())
    unblind(StagedRound(database_with_admin, draft, clock))


def test_what_was_locked_and_then_abandoned_is_exported_with_its_chains(
    locked_round: StagedRound, tmp_path: Path
) -> None:
    with locked_round.database.writing() as session:
        rounds.abandon_round(session, locked_round.round_id, ADMIN, "we have second thoughts", locked_round.clock())
    with locked_round.database.reading() as session:
        (tmp_path / "abandoned.zip").write_bytes(blinded_zip(blinded_bundle(session, locked_round.round_id)))
    assert verify_export(tmp_path / "abandoned.zip").differences == []
