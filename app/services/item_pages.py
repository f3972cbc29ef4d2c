"""The pages of an evaluator's items: the item that is due, the item after it, and an item whose answer is changed.

Nothing here can reach the seal or an arm.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.foundation.errors import JudgmentError, NotFoundError
from app.foundation.translatable import translatable
from app.judging.judgment import Judgment
from app.judging.pace import EvaluatorPace, evaluator_pace, next_verdict_follows, practice_passed
from app.judging.worklist import MOST_CHANGEABLE_ANSWERS, DueQuestion, Worklist
from app.rounds.aids_key import StoredAids
from app.services.evaluator_session import Visit
from app.store import chains as chain_store
from app.store import judging as judging_store
from app.store.aids import find_stored_aids

NO_SUCH_ITEM = translatable("You have no such item. Go back to the item that is due.")
OUT_OF_REACH = translatable(
    "This answer can no longer be changed. You can change your last %(most)s answers, except on items where you "
    "used “Look closer”."
)


@dataclass(frozen=True)
class ItemPage:
    """The content of an item's page: one item and one question about it."""

    visit: Visit
    due: DueQuestion
    passages_html: bytes
    number: int
    """Number of the item among the evaluator's items, from 1; practice items are counted separately."""
    total: int
    done: int
    undo_item: str | None
    """The item whose verdict “Change last answer” opens on this page."""
    shown_before: bool
    """Whether the item was displayed before, so that its clock is running."""
    practice_passed: bool = True
    """Whether enough practice items were answered correctly for the design."""
    latest_judgment: Judgment | None = None
    """The latest judgment on this item; its texts fill the form if the answer is continued or changed."""
    pace: EvaluatorPace | None = None
    """The evaluator's pace; None on a page that was fetched ahead."""
    guess_options: tuple[str, ...] = ()
    """The answers to choose from, if the page asks the blinding question."""
    stored_aids: StoredAids | None = None
    """The item's aids, if the evaluator opened them; the verdict can no longer be changed then."""

    @property
    def is_practice(self) -> bool:
        """Whether the item is for practice: the expected answer is shown after the verdict."""
        return self.due.item_code in self.visit.design.practice_answers

    @property
    def has_second_step(self) -> bool:
        """Whether a step follows the verdict."""
        return self.visit.design.asks_second_step or self.is_practice


def visitor_worklist(session: Session, visit: Visit) -> Worklist:
    """The evaluator's items and answers."""
    design = visit.design
    return judging_store.read_worklist(
        session, visit.evaluator_id, design.practice_answers.keys(), asks_second_step=design.asks_second_step
    )


def due_item_page(
    session: Session, visit: Visit, now: datetime | None = None, worklist: Worklist | None = None
) -> ItemPage | None:
    """The page of the item and question that are due; None if nothing is due.

    With `now`, the page has the evaluator's pace. `worklist` is read from the database if it is left out.
    """
    worklist = worklist or visitor_worklist(session, visit)
    due = worklist.due_question()
    if due is None:
        return None
    item_page = build_item_page(session, visit, worklist, due)
    return replace(item_page, pace=evaluator_pace(worklist, visit.design, now)) if now else item_page


def item_page_after_answer(session: Session, visit: Visit, item_code: str, now: datetime) -> ItemPage | None:
    """The page that will follow once this item is answered; it is fetched early, and not recorded as displayed.

    None if something other than the next item's verdict may follow: the expected answer to a practice item, a break, a
    second step that is still missing, or the end.
    """
    worklist = visitor_worklist(session, visit)
    due = worklist.next_verdict(ignoring=item_code)
    if visit.phase != 1 or due is None or not next_verdict_follows(worklist, visit.design, item_code, now):
        return None
    undo_item = item_code if item_code in worklist.item_codes else None
    done = worklist.finished_count + (
        worklist.answer_on(item_code) is None and item_code not in worklist.practice_items
    )
    return replace(build_item_page(session, visit, worklist, due), done=done, undo_item=undo_item)


def item_page_to_change(session: Session, visit: Visit, item_code: str) -> ItemPage:
    """The page that changes the verdict on an item judged before. Raises JudgmentError if it cannot be changed."""
    worklist = visitor_worklist(session, visit)
    if item_code not in worklist.item_codes:
        raise NotFoundError(NO_SUCH_ITEM)
    due = worklist.change_of_verdict(item_code) if visit.phase == 1 else None
    if due is None:
        raise JudgmentError(OUT_OF_REACH, most=MOST_CHANGEABLE_ANSWERS)
    return build_item_page(session, visit, worklist, due)


def item_to_undo(session: Session, visit: Visit, item_code: str | None, revision: int = 0) -> str | None:
    """The item whose verdict “Change last answer” opens on the page that asks for this revision; None if none can."""
    return visitor_worklist(session, visit).undo_target(item_code, revision) if visit.phase == 1 else None


def record_first_display(session: Session, visit: Visit, item_code: str, now: datetime) -> None:
    """Start the item's clock; later displays change nothing."""
    judging_store.record_first_display(session, visit.evaluator_id, item_code, now)


def build_item_page(session: Session, visit: Visit, worklist: Worklist, due: DueQuestion) -> ItemPage:
    """The page of one question about one item of the worklist."""
    number, total = worklist.number_and_total(due.item_code)
    before = due.standing_answer
    aids_open = before is not None and before.locked
    return ItemPage(
        visit=visit,
        due=due,
        passages_html=judging_store.passages_html(session, visit.round_id, due.item_code),
        number=number,
        total=total,
        done=worklist.finished_count,
        undo_item=worklist.undo_target(due.item_code, due.revision if due.asks == "verdict" else 0),
        shown_before=due.item_code in worklist.shown_at,
        practice_passed=practice_passed(worklist, visit.design),
        latest_judgment=_latest_judgment(session, visit, due.item_code) if before else None,
        stored_aids=find_stored_aids(session, visit.round_id, due.item_code) if aids_open else None,
    )


def _latest_judgment(session: Session, visit: Visit, item_code: str) -> Judgment | None:
    row = chain_store.latest_judgment(session, visit.evaluator_id, item_code)
    return None if row is None else row.read_judgment()
