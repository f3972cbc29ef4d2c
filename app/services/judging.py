"""Recording what an evaluator says of an item: an answer, opened aids, a flag.

Nothing here can reach the seal or an arm. An answer carries the key of the page it was given on; the same key twice is
one judgment, whatever was clicked twice, sent again or opened in two tabs.
"""

from datetime import datetime
from typing import cast

from sqlalchemy.orm import Session

from app.evidence.chains import chain_digest
from app.evidence.entries import judgment_entry
from app.foundation.errors import JudgmentError
from app.foundation.translatable import translatable
from app.judging.answer import OUT_OF_TURN, Answer, PageTiming, require_answer_in_turn, require_same_answer
from app.judging.judgment import Step, Verdict
from app.judging.pace import require_new_item_allowed
from app.judging.worklist import StandingAnswer, Worklist
from app.rounds.lifecycle import require_allowed
from app.services.assignment import close_slot, release_slot
from app.services.evaluator_session import Visit, require_consent
from app.services.item_pages import visitor_worklist
from app.store import judging as judging_store
from app.store.tables import FlagRow, JudgmentRow

PHASE_IS_OVER = translatable(
    "The first part is closed: its answers stand. Go back to your reading for the question that is due."
)


def record_answer(session: Session, visit: Visit, answer: Answer, timing: PageTiming, now: datetime) -> Worklist:
    """Append an answer and return the worklist with it. The same key with the same answer changes nothing.

    `visit` is a visit for writing. Raises LifecycleError when the round is not collecting, and JudgmentError for an
    item that is not the evaluator's, an answer that is out of turn, one item too many for the day or after a practice
    that was not passed, or a key that already carries another answer.
    """
    require_allowed(visit.state, "judge")
    require_consent(visit)
    worklist = visitor_worklist(session, visit)
    if answer.key in worklist.answer_keys:
        recorded = _recorded_answer(judging_store.judgment_by_key(session, visit.evaluator_id, answer.key))
        require_same_answer(recorded, answer, visit.design.rubric.label(recorded.verdict or ""))
        return worklist
    _require_phase_one(visit)
    require_answer_in_turn(worklist, answer)
    require_new_item_allowed(worklist, visit.design, answer.item_code, now)
    row = _next_row(session, visit, worklist, answer, timing, now)
    judging_store.add_judgment(session, row)
    if row.revision == 0 and visit.design.assignment == "overlap":
        close_slot(session, visit.evaluator_id, row.item, now)
    return worklist.with_answer(_standing_answer(worklist, row), row.key)


def open_aids(session: Session, visit: Visit, item: str, now: datetime) -> None:
    """Open the aids of the item that was just judged, which locks its verdict. Twice is once.

    `visit` is a visit for writing. Raises LifecycleError when the round is not collecting, and JudgmentError in a
    round without aids or when that item's verdict was not the latest answer.
    """
    require_allowed(visit.state, "judge")
    due = visitor_worklist(session, visit).due_question()
    just_judged = due is not None and due.item_code == item and due.kind == "hypothesis"
    if visit.phase != 1 or not just_judged or judging_store.item_with_aids(session, visit.round_id, item) is None:
        raise JudgmentError(OUT_OF_TURN)
    judging_store.note_aids_opened(session, visit.evaluator_id, item, now)


def flag_item(session: Session, visit: Visit, flag: FlagRow, now: datetime) -> Worklist:
    """Record that an item is faulty or too distressing, and return the worklist without it.

    The item is missing for this evaluator, and never a verdict. An item that was judged can be flagged as long as its
    verdict can be changed: its rows stay in the chain, and the observations leave it out like every flagged item.
    `visit` is a visit for writing; `flag` has the item, the kind and a comment, and its other fields are filled in.
    Raises JudgmentError for an item that is not the evaluator's or whose verdict can no longer be changed.
    """
    require_allowed(visit.state, "judge")
    require_consent(visit)
    _require_phase_one(visit)
    worklist = visitor_worklist(session, visit)
    if flag.item in worklist.skipped:
        return worklist
    if flag.item not in worklist.item_codes or (
        worklist.answer_on(flag.item) and not worklist.change_of_verdict(flag.item)
    ):
        raise JudgmentError(OUT_OF_TURN)
    flag.evaluator_id, flag.round_id, flag.at = visit.evaluator_id, visit.round_id, now
    judging_store.add_flag(session, flag)
    if visit.design.assignment == "overlap":
        release_slot(session, visit.evaluator_id, flag.item)
    return worklist.with_skipped(flag.item)


def _require_phase_one(visit: Visit) -> None:
    if visit.phase != 1:
        raise JudgmentError(PHASE_IS_OVER)


def _next_row(
    session: Session, visit: Visit, worklist: Worklist, answer: Answer, timing: PageTiming, now: datetime
) -> JudgmentRow:
    """The answer as the next row of the evaluator's chain."""
    newest = judging_store.latest_judgment(session, visit.evaluator_id)
    on_item = newest
    if newest is not None and newest.item != answer.item_code:
        judged = worklist.answer_on(answer.item_code) is not None
        on_item = judging_store.latest_judgment(session, visit.evaluator_id, answer.item_code) if judged else None
    row = JudgmentRow(
        round_id=visit.round_id,
        evaluator_id=visit.evaluator_id,
        number=newest.number + 1 if newest else 0,
        key=answer.key,
        item=answer.item_code,
        step=answer.step,
        revision=on_item.revision + 1 if on_item else 0,
        position=worklist.item_codes.index(answer.item_code),
        judged_at=timing.judged_at(now),
    )
    if answer.verdict is None:
        assert on_item is not None  # only an item that has a verdict has a hypothesis step
        _write_texts(row, answer, on_item)
    else:
        clock_start = worklist.shown_at.get(answer.item_code) if on_item is None else None
        _write_verdict(row, answer.verdict, on_item)
        _write_timing(row, timing, clock_start, now)
    row.chain = chain_digest(newest.chain if newest else visit.commitment, judgment_entry(visit.name, row))
    return row


def _write_verdict(row: JudgmentRow, verdict: Verdict, before: JudgmentRow | None) -> None:
    """Write a verdict; one that was changed carries its texts along, and the hypothesis step offers them again."""
    row.verdict = verdict
    row.hypothesis, row.confidence, row.comment = (
        (before.hypothesis, before.confidence, before.comment) if before else ("", None, "")
    )


def _write_timing(row: JudgmentRow, timing: PageTiming, clock_start: datetime | None, now: datetime) -> None:
    """Write what the page measured; `clock_start` is the item's first display, for the first verdict on it."""
    row.shown_at, row.active_seconds = timing.shown_at(clock_start, now), timing.active_seconds(clock_start, now)
    row.unfolded, row.fixed_width = timing.unfolded, timing.fixed_width


def _write_texts(row: JudgmentRow, answer: Answer, before: JudgmentRow) -> None:
    """Write the texts of a hypothesis step beside the verdict that stands, with that verdict's times."""
    row.verdict = before.verdict
    row.shown_at, row.active_seconds = before.shown_at, before.active_seconds
    row.unfolded, row.fixed_width = before.unfolded, before.fixed_width
    row.hypothesis, row.confidence, row.comment = answer.hypothesis, answer.confidence, answer.comment


def _standing_answer(worklist: Worklist, row: JudgmentRow) -> StandingAnswer:
    """The answer that stands on an item once the row is in."""
    before = worklist.answer_on(row.item)
    step = cast("Step", row.step)
    if before is not None:
        return before.revised(row.verdict, step)
    return StandingAnswer(
        row.item,
        row.verdict,
        step,
        0,
        first_verdict=row.verdict,
        first_judged_at=row.judged_at,
        first_active_seconds=row.active_seconds,
    )


def _recorded_answer(row: JudgmentRow) -> Answer:
    step, verdict = cast("Step", row.step), cast("Verdict", row.verdict)
    return Answer(row.item, row.key, step, verdict, row.hypothesis, row.confidence, row.comment)
