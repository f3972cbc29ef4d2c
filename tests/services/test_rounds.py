from pathlib import Path
from typing import Literal

import pytest

from app.foundation.codes import random_token
from app.foundation.digest import sha256
from app.foundation.errors import ArchiveError, DesignError, LifecycleError, NotFoundError
from app.rounds.analysis_plan import STANDARD_PLAN
from app.rounds.design import Design, read_design
from app.rounds.planned_numbers import PlannedNumbers
from app.services import rounds
from app.services.aids_keys import AidsKeys
from app.services.log import logged_attempt, round_events
from app.services.round_keys import RoundKeys
from app.store.engine import Database
from app.store.tables import EvaluatorRow, RoundRow
from app.web.admin.round_view import round_view
from tests.conftest import Clock
from tests.rounds.older_designs import in_older_version
from tests.services.judges import judge_everything
from tests.services.stages import ADMIN, open_draft, seal_draft


def test_progress_counts_judgments_and_says_nothing_of_verdicts(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    open_draft(database_with_admin, draft, clock)
    judge_everything(database_with_admin, draft, clock, only="Ada", most=3)
    with database_with_admin.reading() as session:
        progress = rounds.round_progress(session, draft)
        (summary,) = rounds.list_rounds(session)
    assert [(evaluator.name, evaluator.judged, evaluator.assigned) for evaluator in progress.evaluators] == [
        ("Ada", 3, progress.items),
        ("Bo", 0, progress.items),
    ]
    assert (summary.id, summary.items, summary.evaluators, summary.judgments) == (draft, progress.items, 2, 3)
    assert "interpretable" not in f"{progress} {summary}"


def test_an_abandoned_round_stays_visible_with_its_reason(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    commitment = seal_draft(database_with_admin, draft, clock).commitment
    with database_with_admin.writing() as session:
        rounds.abandon_round(session, draft, ADMIN, "a key was lost", clock())
    with database_with_admin.reading() as session:
        (summary,) = rounds.list_rounds(session)
        event = round_events(session, draft)[-1]
    assert (summary.state, summary.commitment) == ("abandoned", commitment)
    assert event.detail == {"reason": "a key was lost"}
    with pytest.raises(LifecycleError), database_with_admin.writing() as session:
        rounds.open_round(session, draft, ADMIN, clock())


def test_abandoning_a_round_without_a_reason_is_refused(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    with pytest.raises(LifecycleError, match="Say why"), database_with_admin.writing() as session:
        rounds.abandon_round(session, draft, ADMIN, " ", clock())


def test_a_round_can_be_copied_as_a_new_draft(database_with_admin: Database, draft: str, clock: Clock) -> None:
    seal_draft(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        copy_id = rounds.copy_round_as_draft(session, draft, ADMIN, clock())
    with database_with_admin.reading() as session:
        original, copy = session.get_one(RoundRow, draft), session.get_one(RoundRow, copy_id)
        assert (copy.design, copy.state, copy.commitment) == (original.design, "draft", None)
        assert round_events(session, copy_id)[-1].detail == {
            "from": draft,
            "state": "sealed",
            "draw_count": 1,
            "announcement_count": 0,
        }


def test_an_invitation_stores_nothing_of_its_token_but_the_digest(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    seal_draft(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        invitation = rounds.invite_evaluator(session, draft, " Ada ", False, ADMIN, clock())
    with database_with_admin.reading() as session:
        evaluator = session.get_one(EvaluatorRow, invitation.evaluator_id)
        assert (evaluator.name, evaluator.token_sha256) == ("Ada", sha256(invitation.token.encode()))
        assert invitation.token not in str([event.detail for event in round_events(session, draft)])
    assert len(invitation.token) >= len(random_token())
    with database_with_admin.writing() as session:
        reissued = rounds.reissue_invitation(session, draft, invitation.evaluator_id, ADMIN, clock())
    with database_with_admin.reading() as session:
        evaluator = session.get_one(EvaluatorRow, invitation.evaluator_id)
        assert evaluator.token_sha256 == sha256(reissued.token.encode())


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("Ada", "already invited"),
        ("", "1 to 60"),
        ("x" * 61, "1 to 60"),
        ("Ada\u200b", "“Ada<U\\+200B>” has characters that nobody sees"),
        ("\u202eadA", "characters that nobody sees"),
        ("A\x00", "characters that nobody sees"),
        ("\uff21da", "already invited"),
        ("erased 0123456789", "answers were erased"),
        ("Erased x", "answers were erased"),
        ("\uff45\uff52\uff41\uff53\uff45\uff44 4", "answers were erased"),
    ],
)
def test_a_pseudonym_that_is_taken_or_empty_or_looks_like_another_name_is_refused(
    database_with_admin: Database, draft: str, clock: Clock, name: str, complaint: str
) -> None:
    seal_draft(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        rounds.invite_evaluator(session, draft, "Ada", False, ADMIN, clock())
    with pytest.raises(LifecycleError, match=complaint), database_with_admin.writing() as session:
        rounds.invite_evaluator(session, draft, name, False, ADMIN, clock())


@pytest.mark.parametrize(("typed", "stored"), [("A\nB", "A B"), ("می\u200cرود", "می\u200cرود"), ("José", "José")])
def test_a_pseudonym_of_any_script_is_stored_as_one_line(
    database_with_admin: Database, draft: str, clock: Clock, typed: str, stored: str
) -> None:
    seal_draft(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        invitation = rounds.invite_evaluator(session, draft, typed, False, ADMIN, clock())
    assert invitation.pseudonym == stored
    with database_with_admin.reading() as session:
        assert session.get_one(EvaluatorRow, invitation.evaluator_id).name == stored


def test_a_link_is_made_anew_only_for_an_evaluator_of_the_round(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    seal_draft(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        other_round = rounds.copy_round_as_draft(session, draft, ADMIN, clock())
        invitation = rounds.invite_evaluator(session, draft, "Ada", False, ADMIN, clock())
    with pytest.raises(NotFoundError, match="no such evaluator"), database_with_admin.writing() as session:
        rounds.reissue_invitation(session, other_round, invitation.evaluator_id, ADMIN, clock())


def test_nobody_is_invited_to_a_draft(database_with_admin: Database, draft: str, clock: Clock) -> None:
    with pytest.raises(LifecycleError, match="from the seal until the lock"), database_with_admin.writing() as session:
        rounds.invite_evaluator(session, draft, "Ada", False, ADMIN, clock())


def test_a_round_larger_than_its_frame_is_refused_when_it_is_created(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    too_large = design.with_changes(neurons=100)
    with pytest.raises(DesignError, match="only 24 eligible"), database_with_admin.writing() as session:
        rounds.create_round(session, too_large, paths, ADMIN, clock())
    with database_with_admin.reading() as session:
        assert rounds.list_rounds(session) == []


def test_an_archive_other_than_the_one_that_the_design_names_is_refused(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    exchanged = dict(zip(paths, reversed(paths.values()), strict=True))
    refusal = pytest.raises(ArchiveError, match="is not the one that the design names")
    with refusal, database_with_admin.writing() as session:
        rounds.create_round(session, design, exchanged, ADMIN, clock())


def test_a_step_of_a_round_that_does_not_exist_says_so(database_with_admin: Database, clock: Clock) -> None:
    for step in (rounds.open_round, rounds.lock_round):
        with (
            pytest.raises(NotFoundError, match="no such round"),
            logged_attempt(database_with_admin, "nowhere", ADMIN, "open", clock()) as session,
        ):
            step(session, "nowhere", ADMIN, clock())


def test_the_page_warns_of_a_lock_before_all_blocks_are_judged_as_the_lock_itself_says(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock, tmp_path: Path
) -> None:
    """Two evaluators are as many as the design asks for, but leave blocks without judgments."""
    blocks = design.with_changes(assignment="blocks", overlap=2, block=4, evaluators=2)
    with database_with_admin.writing() as session:
        round_id = rounds.create_round(session, blocks, paths, ADMIN, clock())
    open_draft(database_with_admin, round_id, clock)
    judge_everything(database_with_admin, round_id, clock)
    with database_with_admin.reading() as session:
        is_short = round_view(session, round_id, RoundKeys(tmp_path), AidsKeys(tmp_path), clock()).is_short_of_target
    with database_with_admin.writing() as session:
        stopped_early = rounds.lock_round(session, round_id, ADMIN, clock()).stopped_early
    assert is_short
    assert stopped_early


@pytest.mark.parametrize("version", [1, 2])
def test_a_copy_of_a_round_of_an_earlier_design_has_today_s_plan_and_leaves_the_original_as_it_was(
    database_with_admin: Database, draft: str, clock: Clock, version: Literal[1, 2]
) -> None:
    with database_with_admin.writing() as session:
        newest = read_design(session.get_one(RoundRow, draft).design)
        old_text = in_older_version(newest, version).canonical
        session.get_one(RoundRow, draft).design = old_text
    with database_with_admin.writing() as session:
        copy_id = rounds.copy_round_as_draft(session, draft, ADMIN, clock())
    with database_with_admin.reading() as session:
        assert read_design(session.get_one(RoundRow, copy_id).design) == newest.model_copy(
            update={"analysis": STANDARD_PLAN if version == 1 else newest.analysis}  # version 1 has no numbers to keep
        )
        assert rounds.round_design(session, copy_id).version == 3
        assert all(cell.harvest is not None for cell in rounds.round_design(session, copy_id).arms)
        assert session.get_one(RoundRow, draft).design == old_text


def test_a_design_that_plans_what_the_program_does_not_compute_is_refused(
    database_with_admin: Database, draft: str, paths: dict[str, Path], clock: Clock
) -> None:
    with database_with_admin.reading() as session:
        design = rounds.round_design(session, draft)
    plan = STANDARD_PLAN.model_copy(update={"estimator": "difference of medians"})
    with pytest.raises(DesignError, match="planned estimator"), database_with_admin.writing() as session:
        rounds.create_round(session, design.with_changes(analysis=plan), paths, ADMIN, clock())


def test_a_copy_of_a_round_that_planned_what_the_program_no_longer_computes_has_today_s_plan(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    numbers = PlannedNumbers(shuffles=999)
    with database_with_admin.writing() as session:
        round_row = session.get_one(RoundRow, draft)
        plan = STANDARD_PLAN.model_copy(update={"estimator": "difference of medians", "numbers": numbers})
        round_row.design = read_design(round_row.design).with_changes(analysis=plan).canonical
    with database_with_admin.writing() as session:
        copy_id = rounds.copy_round_as_draft(session, draft, ADMIN, clock())
        assert rounds.round_design(session, copy_id).analysis == STANDARD_PLAN.model_copy(update={"numbers": numbers})
