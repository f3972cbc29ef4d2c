"""Record an evaluator's answer, flag or opening of aids.

Nothing here can reach the seal or an arm. An answer has the id of its page, and two answers with one id are one
judgment: after a double click, a form that was sent again, or a page in two tabs.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from app.evidence.chains import chain_digest
from app.evidence.entries import judgment_entry
from app.foundation.errors import JudgmentError
from app.foundation.translatable import translatable
from app.judging.answer import OUT_OF_TURN, Answer, PageTiming, require_answer_in_turn, require_same_answer
from app.judging.judgment import Verdict
from app.judging.pace import require_new_item_allowed
from app.judging.worklist import StandingAnswer, Worklist
from app.rounds.lifecycle import require_allowed
from app.services.assignment import close_slot, release_slot
from app.services.evaluator_session import Visit, require_consent
from app.services.item_pages import visitor_worklist
from app.store import judging as judging_store
from app.store.tables import FlagRow, JudgmentRow

VERDICTS_ARE_OVER = translatable(
    "The first part is closed, and its answers are final. Go back to your items to see the question that is due."
)


def record_answer(session: Session, visit: Visit, answer: Answer, timing: PageTiming, now: datetime) -> Worklist:
    """Append an answer and return the worklist with it. The same answer with the same id changes nothing.

    `visit` is a visit for writing. Raises LifecycleError if the round is not collecting. Raises JudgmentError if the
    item is not the evaluator's, its question is not due, the daily cap is reached, the practice was not passed, or
    another answer has this id.
    """
    require_allowed(visit.state, "judge")
    require_consent(visit)
    worklist = visitor_worklist(session, visit)
    if answer.answer_id in worklist.answer_ids:
        recorded = _recorded_answer(judging_store.judgment_by_answer_id(session, visit.evaluator_id, answer.answer_id))
        require_same_answer(recorded, answer, visit.design.rubric.label(recorded.verdict or ""))
        return worklist
    _require_verdicts_open(visit)
    require_answer_in_turn(worklist, answer)
    require_new_item_allowed(worklist, visit.design, answer.item_code, now)
    judgment = _next_judgment(session, visit, worklist, answer, timing, now)
    judging_store.add_judgment(session, judgment)
    if judgment.revision == 0 and visit.design.assignment == "overlap":
        close_slot(session, visit.evaluator_id, judgment.item, now)
    return worklist.with_answer(_standing_answer(worklist, judgment), judgment.key)


def open_aids(session: Session, visit: Visit, item_code: str, now: datetime) -> None:
    """Open the aids of the item that was just judged, which locks its verdict; a second call changes nothing.

    `visit` is a visit for writing. Raises LifecycleError if the round is not collecting, and JudgmentError if the round
    has no aids or the latest answer is not this item's verdict.
    """
    require_allowed(visit.state, "judge")
    due = visitor_worklist(session, visit).due_question()
    just_judged = due is not None and due.item_code == item_code and due.asks == "hypothesis"
    if visit.phase != 1 or not just_judged or judging_store.item_with_aids(session, visit.round_id, item_code) is None:
        raise JudgmentError(OUT_OF_TURN)
    judging_store.record_aids_opened(session, visit.evaluator_id, item_code, now)


def flag_item(session: Session, visit: Visit, flag: FlagRow, now: datetime) -> Worklist:
    """Record that an item is faulty or too distressing, and return the worklist without it.

    The item then counts as missing for this evaluator, without a verdict. A judged item can be flagged as long as its
    verdict can be changed: its judgments stay in the chain, and the observations leave it out like every flagged item.
    `visit` is a visit for writing. `flag` has the item, the kind and a comment; this function fills in the others.
    Raises JudgmentError for an item that is not the evaluator's or whose verdict can no longer be changed.
    """
    require_allowed(visit.state, "judge")
    require_consent(visit)
    _require_verdicts_open(visit)
    worklist = visitor_worklist(session, visit)
    if flag.item in worklist.flagged:
        return worklist
    verdict_stands = worklist.answer_on(flag.item) and not worklist.change_of_verdict(flag.item)
    if flag.item not in worklist.item_codes or verdict_stands:
        raise JudgmentError(OUT_OF_TURN)
    flag.evaluator_id, flag.round_id, flag.at = visit.evaluator_id, visit.round_id, now
    judging_store.add_flag(session, flag)
    if visit.design.assignment == "overlap":
        release_slot(session, visit.evaluator_id, flag.item)
    return worklist.with_flagged(flag.item)


def _require_verdicts_open(visit: Visit) -> None:
    if visit.phase != 1:
        raise JudgmentError(VERDICTS_ARE_OVER)


def _next_judgment(
    session: Session, visit: Visit, worklist: Worklist, answer: Answer, timing: PageTiming, now: datetime
) -> JudgmentRow:
    """The answer as the next judgment in the evaluator's chain."""
    newest = judging_store.latest_judgment(session, visit.evaluator_id)
    previous = _previous_on_item(session, worklist, answer.item_code, newest)
    judgment = JudgmentRow(
        round_id=visit.round_id,
        evaluator_id=visit.evaluator_id,
        number=newest.number + 1 if newest else 0,
        key=answer.answer_id,
        item=answer.item_code,
        step=answer.step,
        revision=previous.revision + 1 if previous else 0,
        position=worklist.item_codes.index(answer.item_code),
        judged_at=timing.judged_at(now),
    )
    if answer.verdict is None:
        assert previous is not None  # only an item that has a verdict has a hypothesis step
        _write_texts(judgment, answer, previous)
    else:
        clock_start = worklist.shown_at.get(answer.item_code) if previous is None else None
        _write_verdict(judgment, answer.verdict, previous)
        _write_times(judgment, timing, clock_start, now)
    judgment.chain = chain_digest(newest.chain if newest else visit.commitment, judgment_entry(visit.name, judgment))
    return judgment


def _previous_on_item(
    session: Session, worklist: Worklist, item_code: str, newest: JudgmentRow | None
) -> JudgmentRow | None:
    """The evaluator's latest judgment on the item; it is read only if it is not the `newest` of all."""
    if newest is None or worklist.answer_on(item_code) is None:
        return None
    if newest.item == item_code:
        return newest
    return judging_store.latest_judgment(session, newest.evaluator_id, item_code)


def _write_verdict(judgment: JudgmentRow, verdict: Verdict, previous: JudgmentRow | None) -> None:
    """Write a verdict. A changed verdict keeps the texts, so that the hypothesis step can offer them again."""
    judgment.verdict = verdict
    judgment.hypothesis = previous.hypothesis if previous else ""
    judgment.confidence = previous.confidence if previous else None
    judgment.comment = previous.comment if previous else ""


def _write_times(judgment: JudgmentRow, timing: PageTiming, clock_start: datetime | None, now: datetime) -> None:
    """Write what the page measured. `clock_start` is the item's first display; only a first verdict has one."""
    judgment.shown_at = timing.shown_at(clock_start, now)
    judgment.active_seconds = timing.active_seconds(clock_start, now)
    judgment.unfolded, judgment.fixed_width = timing.unfolded, timing.fixed_width


def _write_texts(judgment: JudgmentRow, answer: Answer, previous: JudgmentRow) -> None:
    """Write the texts of a hypothesis step with the verdict before it, and with that verdict's times."""
    judgment.verdict = previous.verdict
    judgment.shown_at, judgment.active_seconds = previous.shown_at, previous.active_seconds
    judgment.unfolded, judgment.fixed_width = previous.unfolded, previous.fixed_width
    judgment.hypothesis, judgment.confidence, judgment.comment = answer.hypothesis, answer.confidence, answer.comment


def _standing_answer(worklist: Worklist, judgment: JudgmentRow) -> StandingAnswer:
    """The latest answer on an item after the judgment was stored."""
    standing = worklist.answer_on(judgment.item)
    if standing is not None:
        return standing.revised(judgment.verdict, judgment.step)
    return StandingAnswer(
        item_code=judgment.item,
        verdict=judgment.verdict,
        step=judgment.step,
        revision=0,
        first_verdict=judgment.verdict,
        first_judged_at=judgment.judged_at,
        first_active_seconds=judgment.active_seconds,
    )


def _recorded_answer(judgment: JudgmentRow) -> Answer:
    return Answer(
        item_code=judgment.item,
        answer_id=judgment.key,
        step=judgment.step,
        verdict=judgment.verdict,
        hypothesis=judgment.hypothesis,
        confidence=judgment.confidence,
        comment=judgment.comment,
    )
