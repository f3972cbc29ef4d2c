"""Record an evaluator's answer, flag or opening of aids.

Nothing here can reach the seal or an arm. An answer has the id of its page, and two answers with one id are one
judgment: after a double click, a form that was sent again, or a page in two tabs.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.evidence.entries import FlagReason, JudgmentEntry, read_judgment
from app.evidence.judgment_entries import hypothesis_entry, verdict_entry
from app.foundation.errors import JudgmentError
from app.foundation.translatable import translatable
from app.foundation.typed_text import show_unseen_characters
from app.judging.answer import OUT_OF_TURN, Answer, PageTiming, require_answer_in_turn, require_same_answer
from app.judging.judgment import Judgment
from app.judging.pace import require_new_item_allowed, require_practice_passed
from app.judging.worklist import StandingAnswer, Worklist
from app.rounds.aids_key import read_stored_aids
from app.rounds.lifecycle import require_allowed
from app.services.aids_keys import AidsKeys
from app.services.assignment import close_slot, release_slot
from app.services.chains import ChainEnd, append_entry, chain_end, entry_base
from app.services.evaluator_session import Visit, require_consent
from app.services.item_pages import visitor_worklist
from app.store import chains as chain_store
from app.store.aids import find_stored_aids


@dataclass(frozen=True)
class FlagReport:
    """An evaluator's report that an item is faulty or too distressing."""

    item: str
    reason: FlagReason
    comment: str = ""


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
        recorded = _recorded_answer(session, visit, answer.answer_id)
        require_same_answer(recorded, answer, visit.design.rubric.label(recorded.verdict or ""))
        return worklist
    _require_verdicts_open(visit)
    require_answer_in_turn(worklist, answer)
    require_new_item_allowed(worklist, visit.design, answer.item_code, now)
    end = chain_end(session, visit, is_empty=worklist.nothing_done)
    entry = _judgment_entry(session, visit, worklist, end, answer, timing, now)
    append_entry(session, visit, end, entry)
    judgment = read_judgment(entry)
    if judgment.revision == 0 and visit.design.assignment == "overlap":
        close_slot(session, visit.evaluator_id, judgment.item, now)
    return worklist.with_answer(_standing_answer(worklist, judgment), answer.answer_id)


def open_aids(session: Session, visit: Visit, item_code: str, aids_keys: AidsKeys, now: datetime) -> None:
    """Open the aids of the item that was just judged, which locks its verdict; a second call changes nothing.

    `visit` is a visit for writing. Raises LifecycleError if the round is not collecting, and JudgmentError if the round
    has no aids, their key is lost, or the latest answer is not this item's verdict.
    """
    require_allowed(visit.state, "judge")
    worklist = visitor_worklist(session, visit)
    due, standing = worklist.due_question(), worklist.answer_on(item_code)
    just_judged = due is not None and due.item_code == item_code and due.asks == "hypothesis"
    stored_aids = find_stored_aids(session, visit.round_id, item_code)
    if visit.phase != 1 or not just_judged or stored_aids is None:
        raise JudgmentError(OUT_OF_TURN)
    if standing is not None and standing.locked:
        return
    read_stored_aids(stored_aids, aids_keys.in_file(visit.round_id))  # no verdict is locked for aids that are lost
    end = chain_end(session, visit)
    append_entry(session, visit, end, entry_base(visit, end, "aids opened", item_code, now))


def flag_item(session: Session, visit: Visit, flag: FlagReport, now: datetime) -> Worklist:
    """Record that an item is faulty or too distressing, and return the worklist without it.

    The item then counts as missing for this evaluator, without a verdict. A judged item can be flagged as long as its
    verdict can be changed: its judgments stay in the chain, and the observations leave it out like every flagged item.
    `visit` is a visit for writing. Raises JudgmentError for an item that is not the evaluator's, or was never
    shown to them, or whose verdict can no longer be changed, or if the practice was not passed.
    """
    require_allowed(visit.state, "judge")
    require_consent(visit)
    _require_verdicts_open(visit)
    worklist = visitor_worklist(session, visit)
    if flag.item in worklist.flagged:
        return worklist
    verdict_stands = worklist.answer_on(flag.item) and not worklist.change_of_verdict(flag.item)
    if flag.item not in worklist.item_codes or verdict_stands or not worklist.can_have_been_seen(flag.item):
        raise JudgmentError(OUT_OF_TURN)
    require_practice_passed(worklist, visit.design, flag.item)
    end = chain_end(session, visit, is_empty=worklist.nothing_done)
    base = entry_base(visit, end, "flag", flag.item, now)
    append_entry(session, visit, end, {**base, "reason": flag.reason, "comment": flag.comment})
    if visit.design.assignment == "overlap":
        release_slot(session, visit.evaluator_id, flag.item)
    return worklist.with_flagged(flag.item)


def _require_verdicts_open(visit: Visit) -> None:
    if visit.phase != 1:
        raise JudgmentError(VERDICTS_ARE_OVER)


def _judgment_entry(
    session: Session, visit: Visit, worklist: Worklist, end: ChainEnd, answer: Answer, timing: PageTiming, now: datetime
) -> JudgmentEntry:
    """The answer as the next entry of the evaluator's chain."""
    base = entry_base(visit, end, "judgment", answer.item_code, now)
    position = worklist.item_codes.index(answer.item_code)
    previous = _previous_on_item(session, visit, worklist, answer.item_code, end)
    if answer.verdict is None:
        assert previous is not None  # only an item that has a verdict has a hypothesis step
        return hypothesis_entry(base, answer, position, timing, previous)
    noted_at = worklist.shown_at.get(answer.item_code) if previous is None else None
    earliest = end.earliest if end.newest or noted_at is None else noted_at  # nothing is fetched ahead of a first item
    shown_at = timing.shown_at(noted_at, earliest, end.time_of_next(now))
    return verdict_entry(base, answer, answer.verdict, position, timing, shown_at, previous)


def _previous_on_item(
    session: Session, visit: Visit, worklist: Worklist, item_code: str, end: ChainEnd
) -> Judgment | None:
    """The evaluator's latest judgment on the item; it is read only if it is not the newest entry of all."""
    if worklist.answer_on(item_code) is None:
        return None
    newest = end.newest
    if newest is None or (newest.kind, newest.item) != ("judgment", item_code):
        newest = chain_store.latest_judgment(session, visit.evaluator_id, item_code)
    return None if newest is None else newest.read_judgment()


def _standing_answer(worklist: Worklist, judgment: Judgment) -> StandingAnswer:
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


def _recorded_answer(session: Session, visit: Visit, answer_id: str) -> Answer:
    judgment = chain_store.judgment_by_answer_id(session, visit.evaluator_id, answer_id).read_judgment()
    return Answer(
        item_code=judgment.item,
        answer_id=answer_id,
        step=judgment.step,
        verdict=judgment.verdict,
        hypothesis=show_unseen_characters(judgment.hypothesis),  # version 0.1 stored what the browser sent
        confidence=judgment.confidence,
        comment=show_unseen_characters(judgment.comment),
    )
