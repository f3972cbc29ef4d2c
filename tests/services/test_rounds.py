import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.archive.archive import Archive
from app.evidence.event_details import LockedDetail, SealedDetail
from app.foundation.codes import random_token
from app.foundation.digest import sha256
from app.foundation.errors import ArchiveError, DesignError, LifecycleError, NotFoundError, SealError
from app.judging.public_design import PublicDesign
from app.rounds.commitment import commitment_digest, item_digest
from app.rounds.design import Design, read_design
from app.rounds.item import Item
from app.rounds.preparation import prepare_round
from app.services import rounds, seals
from app.services.log import logged_attempt, round_events, verify_log
from app.services.unblinding import correct_analysis, read_unblinded_round, unblind_round
from app.store.engine import Database
from app.store.sealed import SealedRow, UnblindedRow
from app.store.tables import AssignmentRow, EvaluatorRow, EventRow, ItemRow, JudgmentRow, RoundRow
from app.web.evaluator.padding import response_sizes
from tests.conftest import Clock
from tests.services.acting import judge_everything
from tests.services.conftest import ADMIN

KEYS = [seals.new_key(), seals.new_key()]
RECIPIENTS = [one.recipient for one in KEYS]
OPTIONS = seals.SealOptions(measure=response_sizes)


def render(item: Item, _: PublicDesign) -> bytes:
    return json.dumps(item.content()["passages"]).encode()


def sealed(database: Database, draft: str, clock: Clock) -> SealedDetail:
    with database.writing() as session:
        return seals.seal_round(session, draft, RECIPIENTS, render, ADMIN, clock(), OPTIONS)


def collecting(database: Database, draft: str, clock: Clock, names: tuple[str, ...] = ("Ada", "Bo")) -> None:
    sealed(database, draft, clock)
    with database.writing() as session:
        for name in names:
            rounds.invite_evaluator(session, draft, name, name == "Bo", ADMIN, clock())
        rounds.open_round(session, draft, ADMIN, clock())


def locked(database: Database, draft: str, clock: Clock) -> LockedDetail:
    collecting(database, draft, clock)
    judge_everything(database, draft, clock)
    with database.writing() as session:
        return rounds.lock_round(session, draft, ADMIN, clock())


def state_of(database: Database, round_id: str) -> str:
    with database.reading() as session:
        return session.get_one(RoundRow, round_id).state


def test_a_round_goes_from_draft_to_unblinded_and_its_numbers_are_the_judgments(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    fixed = locked(database_with_admin, draft, clock)
    assert not fixed.stopped_early
    assert set(fixed.heads) == {"Ada", "Bo"}
    with database_with_admin.writing() as session:
        analysis = unblind_round(session, draft, [KEYS[1].identity], ADMIN, "all have finished", clock())
    with database_with_admin.reading() as session:
        found = read_unblinded_round(session, draft)
        verify_log(session, draft)
    assert {name: one["n"] for name, one in analysis["arms"].items()} == {"quokka": 6, "axolotl": 6}
    for arm in ("quokka", "axolotl"):
        said = [one for one in found.observations if one.allocated.arm == arm]
        share = sum(one.judgment.verdict == "interpretable" for one in said) / 2
        assert analysis["arms"][arm]["interpretable"] == pytest.approx(share)
    assert found.analysis == analysis
    assert state_of(database_with_admin, draft) == "unblinded"
    actions = [one.action for one in found.events]
    assert actions == ["created", "sealed", "invited", "invited", "opened", "locked", "key read", "unblinded"]


def test_the_seal_stores_items_and_commitment_and_no_arm_in_clear(
    database_with_admin: Database, draft: str, clock: Clock, plum_archive: Archive
) -> None:
    result = sealed(database_with_admin, draft, clock)
    with database_with_admin.reading() as session:
        row = session.get_one(RoundRow, draft)
        items = session.scalars(select(ItemRow).where(ItemRow.round_id == draft)).all()
        seal = session.get_one(SealedRow, draft)
        log = json.dumps([one.detail for one in round_events(session, draft)])
        shown = json.dumps([[one.content, one.html.decode(), one.apart] for one in items])
        shown += json.dumps(row.public_design)
    digests = {one.code: one.digest for one in items}
    assert result.commitment == row.commitment
    assert result.commitment == commitment_digest(sha256(row.design.encode()), digests, seal.sealed_sha256)
    assert (row.response_bytes, row.response_gzip_bytes) == response_sizes([one.html for one in items])
    for canary in ("quokka", "axolotl", plum_archive.sha256, "model 1", "1L/0"):
        assert canary not in shown
        assert canary not in log
        assert canary.encode() not in seal.ciphertext


def test_each_evaluator_has_an_order_of_their_own_over_all_items(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    collecting(database_with_admin, draft, clock, ("Ada", "Bo", "Cleo"))
    with database_with_admin.reading() as session:
        codes = set(session.scalars(select(ItemRow.code).where(ItemRow.round_id == draft)))
        orders = []
        for who in session.scalars(select(EvaluatorRow.id).order_by(EvaluatorRow.name)):
            query = select(AssignmentRow.item).where(AssignmentRow.evaluator_id == who)
            orders.append(tuple(session.scalars(query.order_by(AssignmentRow.position))))
    assert all(set(one) == codes and len(one) == len(codes) for one in orders)
    assert len(set(orders)) == 3


def test_progress_counts_judgments_and_says_nothing_of_verdicts(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    collecting(database_with_admin, draft, clock)
    judge_everything(database_with_admin, draft, clock, only="Ada", most=3)
    with database_with_admin.reading() as session:
        found = rounds.round_progress(session, draft)
        listed = rounds.list_rounds(session)
    assert [(one.name, one.judged, one.assigned) for one in found.evaluators] == [
        ("Ada", 3, found.items),
        ("Bo", 0, found.items),
    ]
    assert [(one.id, one.items, one.evaluators, one.judgments) for one in listed] == [(draft, found.items, 2, 3)]
    assert "interpretable" not in str(found) + str(listed)


def test_a_lock_short_of_the_target_is_stopped_early(database_with_admin: Database, draft: str, clock: Clock) -> None:
    collecting(database_with_admin, draft, clock)
    judge_everything(database_with_admin, draft, clock, most=2)
    with database_with_admin.writing() as session:
        assert rounds.lock_round(session, draft, ADMIN, clock()).stopped_early
    with database_with_admin.writing() as session:
        unblind_round(session, draft, [KEYS[0].identity], ADMIN, "no more time", clock())
    with database_with_admin.reading() as session:
        assert read_unblinded_round(session, draft).frame.stopped_early


def test_unblinding_before_the_lock_is_refused_and_the_refusal_is_logged(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    collecting(database_with_admin, draft, clock)
    with (
        pytest.raises(LifecycleError, match="Lock the round first"),
        logged_attempt(database_with_admin, draft, ADMIN, "unblind", clock()) as session,
    ):
        unblind_round(session, draft, [KEYS[0].identity], ADMIN, "curious", clock())
    assert state_of(database_with_admin, draft) == "collecting"
    with database_with_admin.reading() as session:
        last = round_events(session, draft)[-1]
        verify_log(session, draft)
    assert (last.action, last.actor, last.detail["attempted"]) == ("refused", ADMIN, "unblind")


@pytest.mark.parametrize(
    ("identities", "reason", "complaint"),
    [
        ([seals.new_key().identity], "all have finished", "does not open"),
        (["hunter2"], "all have finished", "not a key"),
        ([KEYS[0].identity], "  ", "Type why"),
    ],
)
def test_unblinding_needs_a_key_and_a_reason(
    database_with_admin: Database, draft: str, clock: Clock, identities: list[str], reason: str, complaint: str
) -> None:
    locked(database_with_admin, draft, clock)
    with (
        pytest.raises((SealError, LifecycleError), match=complaint),
        logged_attempt(database_with_admin, draft, ADMIN, "unblind", clock()) as session,
    ):
        unblind_round(session, draft, identities, ADMIN, reason, clock())
    assert state_of(database_with_admin, draft) == "locked"
    with database_with_admin.reading() as session:
        assert round_events(session, draft)[-1].action == "refused"
        assert "hunter2" not in str(round_events(session, draft))


def test_a_round_is_unblinded_once(database_with_admin: Database, draft: str, clock: Clock) -> None:
    locked(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        unblind_round(session, draft, [KEYS[0].identity], ADMIN, "all have finished", clock())
    with pytest.raises(LifecycleError, match="unblinded"), database_with_admin.writing() as session:
        unblind_round(session, draft, [KEYS[0].identity], ADMIN, "once more", clock())
    with database_with_admin.reading() as session:
        assert len(session.scalars(select(UnblindedRow)).all()) == 1


def flip_item(session: Any, draft: str) -> str:
    row = session.scalars(select(ItemRow).where(ItemRow.round_id == draft).order_by(ItemRow.code)).first()
    row.content = row.content.replace('"levels":[', '"levels":[5,', 1)
    return f"item {row.code}"


def flip_design(session: Any, draft: str) -> str:
    row = session.get_one(RoundRow, draft)
    row.design = row.design.replace('"neurons":6', '"neurons":7')
    return "the design"


def flip_commitment(session: Any, draft: str) -> str:
    row = session.get_one(RoundRow, draft)
    row.commitment = "0" * 64
    return "The commitment was changed"


def flip_seal(session: Any, draft: str) -> str:
    row = session.get_one(SealedRow, draft)
    row.ciphertext = row.ciphertext[:-1] + bytes([row.ciphertext[-1] ^ 1])
    return "does not open"


def exchange_seal(session: Any, draft: str) -> str:
    from app.foundation.digest import canonical_bytes
    from app.rounds.sealing import open_seal, seal

    row = session.get_one(SealedRow, draft)
    content = json.loads(open_seal(row.ciphertext, [KEYS[0].identity]))
    line = content["allocation"]["items"][0]
    line["arm"] = "axolotl" if line["arm"] == "quokka" else "quokka"
    row.ciphertext = seal(canonical_bytes(content), [RECIPIENTS])
    return "the allocation"


def flip_judgment(session: Any, draft: str) -> str:
    row = session.scalars(select(JudgmentRow).where(JudgmentRow.round_id == draft, JudgmentRow.number == 2)).first()
    row.verdict = "interpretable" if row.verdict == "not_interpretable" else "not_interpretable"
    return "Judgment 2 of"


def remove_judgment(session: Any, draft: str) -> str:
    newest = select(JudgmentRow).where(JudgmentRow.round_id == draft).order_by(JudgmentRow.number.desc())
    session.delete(session.scalars(newest).first())
    return "added or removed since the lock"


def flip_event(session: Any, draft: str) -> str:
    row = session.scalars(select(EventRow).where(EventRow.round_id == draft, EventRow.number == 2)).one()
    row.actor = "Eve"
    return r"event 2 \(invited\)"


@pytest.mark.parametrize(
    "change",
    [
        flip_item,
        flip_design,
        flip_commitment,
        flip_seal,
        exchange_seal,
        flip_judgment,
        remove_judgment,
        flip_event,
    ],
)
def test_whatever_was_changed_since_the_commitment_is_named(
    database_with_admin: Database, draft: str, clock: Clock, change: Any
) -> None:
    locked(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        named = change(session, draft)
    with pytest.raises(SealError, match=named), database_with_admin.writing() as session:
        unblind_round(session, draft, [KEYS[0].identity], ADMIN, "all have finished", clock())
    assert state_of(database_with_admin, draft) == "locked"


def test_a_single_key_is_refused_because_it_could_be_lost(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    with pytest.raises(SealError, match="two keyholders"), database_with_admin.writing() as session:
        seals.seal_round(session, draft, RECIPIENTS[:1], render, ADMIN, clock(), OPTIONS)
    assert state_of(database_with_admin, draft) == "draft"


def test_two_people_open_a_nested_seal_together_and_neither_alone(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    both = seals.SealOptions(second_person=RECIPIENTS[1:])
    with database_with_admin.writing() as session:
        seals.seal_round(session, draft, RECIPIENTS[:1], render, ADMIN, clock(), both)
        rounds.open_round(session, draft, ADMIN, clock())
        rounds.lock_round(session, draft, ADMIN, clock())
    for alone in KEYS:
        with pytest.raises(SealError, match="does not open"), database_with_admin.writing() as session:
            unblind_round(session, draft, [alone.identity], ADMIN, "alone at night", clock())
    with database_with_admin.writing() as session:
        unblind_round(session, draft, [one.identity for one in KEYS], ADMIN, "both are here", clock())


def test_the_same_person_cannot_be_both(database_with_admin: Database, draft: str, clock: Clock) -> None:
    same = seals.SealOptions(second_person=RECIPIENTS[:1])
    with pytest.raises(SealError, match="different keys"), database_with_admin.writing() as session:
        seals.seal_round(session, draft, RECIPIENTS, render, ADMIN, clock(), same)


def test_an_abandoned_round_stays_visible_with_its_reason(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    commitment = sealed(database_with_admin, draft, clock).commitment
    with database_with_admin.writing() as session:
        rounds.abandon_round(session, draft, ADMIN, "a key was lost", clock())
    with database_with_admin.reading() as session:
        (listed,) = rounds.list_rounds(session)
        assert (listed.state, listed.commitment) == ("abandoned", commitment)
        assert round_events(session, draft)[-1].detail == {"reason": "a key was lost"}
    with pytest.raises(LifecycleError), database_with_admin.writing() as session:
        rounds.open_round(session, draft, ADMIN, clock())


def test_giving_up_without_a_reason_is_refused(database_with_admin: Database, draft: str, clock: Clock) -> None:
    with pytest.raises(LifecycleError, match="Say why"), database_with_admin.writing() as session:
        rounds.abandon_round(session, draft, ADMIN, " ", clock())


def test_a_round_can_be_copied_as_a_new_draft(database_with_admin: Database, draft: str, clock: Clock) -> None:
    sealed(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        copied = rounds.copy_round_as_draft(session, draft, ADMIN, clock())
    with database_with_admin.reading() as session:
        first, second = session.get_one(RoundRow, draft), session.get_one(RoundRow, copied)
        assert (second.design, second.state, second.commitment) == (first.design, "draft", None)
        assert round_events(session, copied)[-1].detail == {"from": draft}


def test_a_seal_can_be_taken_back_before_it_is_closed(database_with_admin: Database, draft: str, clock: Clock) -> None:
    with database_with_admin.writing() as session:
        pending = seals.begin_seal(session, draft, render, OPTIONS)
    assert state_of(database_with_admin, draft) == "sealing"
    with database_with_admin.writing() as session:
        seals.cancel_seal(session, pending, ADMIN, "the audit found a leak", clock())
    with database_with_admin.reading() as session:
        assert session.scalars(select(ItemRow)).all() == []
    sealed(database_with_admin, draft, clock)


def test_a_seal_that_was_cut_off_is_begun_again_and_the_first_can_neither_finish_nor_spoil_it(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    with database_with_admin.writing() as session:
        first = seals.begin_seal(session, draft, render, OPTIONS)
    with database_with_admin.writing() as session:
        second = seals.begin_seal(session, draft, render, OPTIONS)
    with pytest.raises(SealError, match="begun again meanwhile"), database_with_admin.writing() as session:
        seals.finish_seal(session, first, RECIPIENTS, ADMIN, clock(), OPTIONS)
    with database_with_admin.writing() as session:
        seals.cancel_seal(session, first, ADMIN, "begun again", clock())
    with database_with_admin.writing() as session:
        seals.finish_seal(session, second, RECIPIENTS, ADMIN, clock(), OPTIONS)
    with database_with_admin.reading() as session:
        assert {one.code for one in session.scalars(select(ItemRow))} == set(second.digests)
    assert state_of(database_with_admin, draft) == "sealed"


def test_an_invitation_keeps_the_digest_of_its_token_alone(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    sealed(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        first = rounds.invite_evaluator(session, draft, " Ada ", False, ADMIN, clock())
    with database_with_admin.reading() as session:
        row = session.get_one(EvaluatorRow, first.evaluator_id)
        assert (row.name, row.token_sha256) == ("Ada", sha256(first.token.encode()))
        assert first.token not in str([one.detail for one in round_events(session, draft)])
    assert len(first.token) >= len(random_token())
    with database_with_admin.writing() as session:
        again = rounds.reissue_invitation(session, first.evaluator_id, ADMIN, clock())
    with database_with_admin.reading() as session:
        assert session.get_one(EvaluatorRow, first.evaluator_id).token_sha256 == sha256(again.token.encode())


@pytest.mark.parametrize(("name", "complaint"), [("Ada", "already invited"), ("", "1 to 60"), ("x" * 61, "1 to 60")])
def test_a_pseudonym_is_one_person_s_and_short(
    database_with_admin: Database, draft: str, clock: Clock, name: str, complaint: str
) -> None:
    sealed(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        rounds.invite_evaluator(session, draft, "Ada", False, ADMIN, clock())
    with pytest.raises(LifecycleError, match=complaint), database_with_admin.writing() as session:
        rounds.invite_evaluator(session, draft, name, False, ADMIN, clock())


def test_nobody_is_invited_to_a_draft(database_with_admin: Database, draft: str, clock: Clock) -> None:
    with pytest.raises(LifecycleError, match="from the seal until the lock"), database_with_admin.writing() as session:
        rounds.invite_evaluator(session, draft, "Ada", False, ADMIN, clock())


def test_a_round_larger_than_its_frame_is_refused_when_it_is_created(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    large = design.with_changes(neurons=100)
    with pytest.raises(DesignError, match="only 24 eligible"), database_with_admin.writing() as session:
        rounds.create_round(session, large, paths, ADMIN, clock())
    with database_with_admin.reading() as session:
        assert rounds.list_rounds(session) == []


def test_an_archive_that_is_another_than_the_design_s_is_refused(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    exchanged = dict(zip(paths, reversed(paths.values()), strict=True))
    with pytest.raises(ArchiveError, match="is not the one that the design names"):  # noqa: SIM117 - one thing at a time
        with database_with_admin.writing() as session:
            rounds.create_round(session, design, exchanged, ADMIN, clock())


def test_steps_on_a_round_that_is_not_there_are_told_so(database_with_admin: Database, clock: Clock) -> None:
    for step in (rounds.open_round, rounds.lock_round):
        with (
            pytest.raises(NotFoundError, match="no such round"),
            logged_attempt(database_with_admin, "nowhere", ADMIN, "open", clock()) as session,
        ):
            step(session, "nowhere", ADMIN, clock())


def test_the_allocation_cannot_be_read_before_unblinding(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    locked(database_with_admin, draft, clock)
    with pytest.raises(LifecycleError, match="only after unblinding"), database_with_admin.reading() as session:
        read_unblinded_round(session, draft)


def test_a_correction_is_a_new_version_beside_the_frozen_one(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    locked(database_with_admin, draft, clock)
    with pytest.raises(LifecycleError, match="Only an unblinded round"), database_with_admin.writing() as session:
        correct_analysis(session, draft, ADMIN, "too early", clock())
    with database_with_admin.writing() as session:
        first = unblind_round(session, draft, [KEYS[0].identity], ADMIN, "all have finished", clock())
    with pytest.raises(LifecycleError, match="Type why"), database_with_admin.writing() as session:
        correct_analysis(session, draft, ADMIN, "", clock())
    with database_with_admin.writing() as session:
        second = correct_analysis(session, draft, ADMIN, "a mistake in the program was mended", clock())
    assert first == second
    with database_with_admin.reading() as session:
        kept = session.scalars(select(UnblindedRow).order_by(UnblindedRow.version)).all()
        assert [(one.version, one.reason) for one in kept] == [
            (1, "all have finished"),
            (2, "a mistake in the program was mended"),
        ]
        assert kept[0].opened == kept[1].opened
        assert round_events(session, draft)[-1].action == "corrected"
        verify_log(session, draft)


def test_without_the_key_neither_the_draw_nor_the_commitment_can_be_redone(
    database_with_admin: Database, draft: str, clock: Clock, plum_archive: Archive, fig_archive: Archive
) -> None:
    """Someone has archives, design, database and everything published, and guesses seeds from all of it."""
    sealed(database_with_admin, draft, clock)
    with database_with_admin.reading() as session:
        row = session.get_one(RoundRow, draft)
        design = read_design(row.design)
        items = {one.code: (json.loads(one.content), one.digest) for one in session.scalars(select(ItemRow))}
        published = [row.commitment, design.sha256, session.get_one(SealedRow, draft).sealed_sha256, row.id]
        published += [one.chain for one in round_events(session, draft)] + [digest for _, digest in items.values()]
    archives = {one.sha256: one for one in (plum_archive, fig_archive)}
    guesses = {sha256(str(one).encode()) for one in published} | {"0" * 64, f"{1:064x}"}
    guesses |= {str(one) for one in published if len(str(one)) == 64}
    for guess in sorted(guesses)[:12]:
        redrawn = {item.code for item in prepare_round(design, archives, guess).items}
        assert redrawn.isdisjoint(items)
    for content, digest in items.values():
        assert digest not in {item_digest(content, guess) for guess in guesses}
