"""What an evaluator does, one function each: come in, consent, read the item that is due, answer, change an answer.

Nothing here can reach the seal or an arm. An answer carries the key of the page it was given on; the same key twice is
one judgment, whatever was clicked twice, sent again or opened in two tabs.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy.orm import Session

from app.evidence.chains import chain_digest
from app.evidence.entries import judgment_entry
from app.foundation.digest import sha256
from app.foundation.errors import AccessError, JudgmentError, NotFoundError
from app.foundation.translatable import translatable
from app.judging.answer import OUT_OF_TURN, Answer, Timing, require_same, require_turn
from app.judging.judgment import Step, Verdict
from app.judging.pace import Pace, goes_straight_on, pace, passed, require_leave
from app.judging.public_design import PublicDesign
from app.judging.worklist import UNDOABLE, DueQuestion, StandingAnswer, Worklist
from app.rounds.aids import Aids
from app.rounds.item import Item
from app.rounds.lifecycle import require
from app.services.assignment import claim, judged, release, waiting
from app.store import judging as judging_store
from app.store.tables import EvaluatorRow, FlagRow, JudgmentRow, RoundRow

NO_SUCH_LINK = translatable(
    "This invitation link leads nowhere. Check that it was copied whole, or ask who sent it for a new one."
)
NO_SUCH_ITEM = translatable("There is no such item among yours; go back to the one that is due.")
PHASE_IS_OVER = translatable(
    "The first part is closed: its answers stand. Go back to your reading for the question that is due."
)
OUT_OF_REACH = translatable(
    "This answer can no longer be changed: undo reaches the last %(most)s answers without opened aids."
)
CONSENT_FIRST = translatable("Please read the page about taking part first, and agree to it.")
NO_SESSION = translatable("Open your invitation link again, on this device: it brings you back to where you were.")


@dataclass(frozen=True)
class Visit:
    """Who is here and for which round; enough to decide which page comes next."""

    evaluator_id: str
    name: str
    round_id: str
    state: str
    title: str
    consented: bool
    phase: int
    exposed: bool
    design: PublicDesign
    sizes: tuple[int, int]
    """Length of every item response of the round: plain and gzip."""
    commitment: str = ""
    """What was published before anyone judged; every page shows it."""


@dataclass(frozen=True)
class ItemPage:
    """What lies in front of the evaluator: one item and one question about it."""

    visit: Visit
    place: DueQuestion
    passages: bytes
    number: int
    """DueQuestion of the item among the evaluator's, from 1; practice items are counted by themselves."""
    total: int
    done: int
    earlier: str | None
    """The item that undo reaches."""
    shown: bool
    """The item was displayed before, so its clock runs."""
    may_go_on: bool = True
    """The practice items were answered well enough for the design."""
    texts: JudgmentRow | None = None
    """The latest row on this item, whose texts fill the form when an answer is continued or changed."""
    pace: Pace | None = None
    """How the evaluator is getting on; None on a page that was fetched ahead."""
    options: tuple[str, ...] = ()
    """Answers of a phase 2 question."""
    opened: tuple[Item, Aids] | None = None
    """The item with its aids, once they are open; the verdict can no longer be changed then."""

    @property
    def practice(self) -> bool:
        """The item is for practice: its answer is told after the verdict."""
        return self.place.item in self.visit.design.training_answers

    @property
    def second(self) -> bool:
        """Whether a step follows the verdict."""
        return self.visit.design.second or self.practice


def invitation(session: Session, token: str) -> Visit:
    """Whom a link belongs to; nothing is recorded. Raises NotFoundError."""
    evaluator = _invited(session, token)
    return _visit(evaluator, judging_store.round_of(session, evaluator))


def join(session: Session, token: str, session_token: str, now: datetime) -> None:
    """Let the holder of an invitation in; from now on the session token stands for it. Raises NotFoundError."""
    evaluator = _invited(session, token)
    evaluator.session_sha256 = sha256(session_token.encode())
    evaluator.joined_at = evaluator.joined_at or now


def visit(session: Session, session_token: str) -> Visit:
    """Who a session belongs to. Raises AccessError."""
    return _visit(*_found(judging_store.evaluator_by_session(session, _digest(session_token))))


def visit_to_write(session: Session, session_token: str) -> Visit:
    """The same for a transaction that records something: nothing else of this evaluator happens meanwhile."""
    return _visit(*held(session, session_token))


def consent(session: Session, session_token: str, now: datetime) -> None:
    """Record that the evaluator agrees to take part."""
    evaluator = present(session, session_token)
    evaluator.consented_at = evaluator.consented_at or now


def sheet(session: Session, here: Visit) -> Worklist:
    """The evaluator's items and answers."""
    return judging_store.sheet(session, here.evaluator_id, here.design.training_answers.keys())


def desk(session: Session, here: Visit, now: datetime | None = None, found: Worklist | None = None) -> ItemPage | None:
    """The item and the question that are due; None when all is done. With `now`, how the evaluator is getting on.

    `found` is the evaluator's sheet, where it is known already.
    """
    found = found or sheet(session, here)
    place = found.place(second=here.design.second)
    if place is None:
        return None
    laid_out = lay_out(session, here, found, place)
    return replace(laid_out, pace=pace(found, here.design, now)) if now else laid_out


def desk_ahead(session: Session, here: Visit, item: str, now: datetime) -> ItemPage | None:
    """The desk as it will be once `item` is answered: fetched early, and not noted as shown.

    None where something else than the next item's verdict will or may follow: what was expected of a practice item,
    a rest, a question that was left open, an end.
    """
    found = sheet(session, here)
    place = found.after(item)
    if here.phase != 1 or place is None or not goes_straight_on(found, here.design, item, now):
        return None
    earlier = item if item in found.order else None
    done = found.done + (found.of(item) is None and item not in found.training)
    return replace(lay_out(session, here, found, place), done=done, earlier=earlier)


def desk_again(session: Session, here: Visit, item: str) -> ItemPage:
    """An item judged before, to change its verdict. Raises JudgmentError if it is out of reach."""
    found = sheet(session, here)
    if item not in found.order:
        raise NotFoundError(NO_SUCH_ITEM)
    place = found.changeable(item) if here.phase == 1 else None
    if place is None:
        raise JudgmentError(OUT_OF_REACH, most=UNDOABLE)
    return lay_out(session, here, found, place)


def earlier(session: Session, here: Visit, item: str | None, revision: int = 0) -> str | None:
    """The item that undo reaches from the page of `item` asking for its `revision`; None if there is none."""
    return sheet(session, here).earlier(item, revision) if here.phase == 1 else None


def note_shown(session: Session, here: Visit, item: str, now: datetime) -> None:
    """Start the item's clock at its first display."""
    judging_store.mark_shown(session, here.evaluator_id, item, now)


def answer(session: Session, here: Visit, given: Answer, timing: Timing, now: datetime) -> Worklist:
    """Append one answer; the evaluator's sheet with it. The same key with the same answer changes nothing.

    `here` is a visit to write. Raises LifecycleError when the round is not collecting, and JudgmentError for an item
    that is not the evaluator's, an answer that is out of turn, one item too many for the day or after a practice that
    was not passed, or a key that already carries another answer.
    """
    require(here.state, "judge")
    _require_consent(here)
    found = sheet(session, here)
    if given.key in found.keys:
        said = _answer_of(judging_store.by_key(session, here.evaluator_id, given.key))
        require_same(said, given, here.design.wording.label(said.verdict or ""))
        return found
    if here.phase != 1:
        raise JudgmentError(PHASE_IS_OVER)
    require_turn(found, given, second=here.design.second)
    require_leave(found, here.design, given.item, now)
    row = _row(session, here, found, given, timing, now)
    judging_store.append(session, row)
    if row.revision == 0 and here.design.assignment == "overlap":
        judged(session, judging_store.evaluator(session, here.evaluator_id), row.item, now)
    return found.answered(_given(found, row), row.key)


def open_aids(session: Session, here: Visit, item: str, now: datetime) -> None:
    """Open the aids of the item that was just judged: from now on its verdict is locked. Twice is once.

    `here` is a visit to write. Raises LifecycleError when the round is not collecting, and JudgmentError in a round
    without aids or when that item's verdict was not the latest answer.
    """
    require(here.state, "judge")
    place = sheet(session, here).place(second=here.design.second)
    due = place is not None and place.item == item and place.question == "hypothesis"
    if here.phase != 1 or not due or judging_store.aids(session, here.round_id, item) is None:
        raise JudgmentError(OUT_OF_TURN)
    judging_store.open_aids(session, here.evaluator_id, item, now)


def pass_over(session: Session, here: Visit, flag: FlagRow, now: datetime) -> Worklist:
    """Note that an item is faulty or too distressing: it is missing for this evaluator, and never a verdict.

    One that was judged can be passed over as long as its verdict can be changed: its rows stay in the chain, and it
    is left out of the observations like every flagged item. `here` is a visit to write; `flag` says the item, the kind
    and a comment, and the rest is filled in here. Returns the evaluator's sheet without the item. Raises JudgmentError
    for an item that is not theirs or whose verdict stands.
    """
    require(here.state, "judge")
    _require_consent(here)
    if here.phase != 1:
        raise JudgmentError(PHASE_IS_OVER)
    found = sheet(session, here)
    if flag.item in found.skipped:
        return found
    if flag.item not in found.order or (found.of(flag.item) and not found.changeable(flag.item)):
        raise JudgmentError(OUT_OF_TURN)
    flag.evaluator_id, flag.round_id, flag.at = here.evaluator_id, here.round_id, now
    judging_store.flag(session, flag)
    if here.design.assignment == "overlap":
        release(session, here.evaluator_id, flag.item)
    return found.passed_over(flag.item)


def take_next(session: Session, here: Visit, now: datetime) -> bool:
    """Where items are leased one at a time, lease the next; whether there is one now."""
    return claim(session, here.evaluator_id, now)


def more_may_come(session: Session, here: Visit) -> bool:
    """Whether items that others hold may come free, so that this evaluator is not done for good."""
    return waiting(session, here.evaluator_id)


def _row(session: Session, here: Visit, found: Worklist, given: Answer, timing: Timing, now: datetime) -> JudgmentRow:
    """The answer as the next row of the evaluator's chain."""
    last = judging_store.latest(session, here.evaluator_id)
    before = last
    if last is not None and last.item != given.item:
        before = judging_store.latest(session, here.evaluator_id, given.item) if found.of(given.item) else None
    row = JudgmentRow(
        round_id=here.round_id,
        evaluator_id=here.evaluator_id,
        number=last.number + 1 if last else 0,
        key=given.key,
        item=given.item,
        step=given.step,
        revision=before.revision + 1 if before else 0,
        position=found.order.index(given.item),
    )
    _fill(row, given, before, timing, found.shown_at.get(given.item), now)
    row.chain = chain_digest(last.chain if last else here.commitment, judgment_entry(here.name, row))
    return row


def _fill(
    row: JudgmentRow,
    given: Answer,
    before: JudgmentRow | None,
    timing: Timing,
    shown_at: datetime | None,
    now: datetime,
) -> None:
    """Write a verdict with its times, or the texts of a later question beside the verdict that stands."""
    row.judged_at = timing.judged_at(now)
    if given.verdict is None:
        assert before is not None  # only an item that has a verdict has a hypothesis step
        _write(row, given, before)
        return
    noted = shown_at if before is None else None
    row.verdict = given.verdict
    row.shown_at, row.active_seconds = timing.shown_at(noted, now), timing.active_seconds(noted, now)
    row.unfolded, row.fixed_width = timing.unfolded, timing.fixed_width
    row.hypothesis, row.confidence, row.comment = _texts(before)


def _given(found: Worklist, row: JudgmentRow) -> StandingAnswer:
    """What stands on an item once the row is in."""
    before = found.of(row.item)
    step = cast("Step", row.step)
    if before is not None:
        return before.then(row.verdict, step)
    return StandingAnswer(
        row.item, row.verdict, step, 0, first=row.verdict, at=row.judged_at, seconds=row.active_seconds
    )


def _invited(session: Session, token: str) -> EvaluatorRow:
    found = judging_store.evaluator_by_token(session, sha256(token.encode()))
    if found is None or found.erased_at is not None:
        raise NotFoundError(NO_SUCH_LINK)
    return found


def present(session: Session, session_token: str) -> EvaluatorRow:
    """The evaluator whose session this is. Raises AccessError."""
    return _found(judging_store.evaluator_by_session(session, _digest(session_token)))[0]


def held(session: Session, session_token: str) -> tuple[EvaluatorRow, RoundRow]:
    """The evaluator whose session this is, and their round, held until the transaction ends. Raises AccessError."""
    return _found(judging_store.hold(session, _digest(session_token)))


def _digest(session_token: str) -> str:
    """What is kept of a session; nobody has the empty one."""
    return sha256(session_token.encode()) if session_token else ""


def _found(found: tuple[EvaluatorRow, RoundRow] | None) -> tuple[EvaluatorRow, RoundRow]:
    if found is None or found[0].erased_at is not None:
        raise AccessError(NO_SESSION)
    return found


def _require_consent(here: Visit) -> None:
    if not here.consented:
        raise AccessError(CONSENT_FIRST)


def _write(row: JudgmentRow, given: Answer, before: JudgmentRow) -> None:
    """The verdict and its timing again, with the texts of the hypothesis step."""
    row.verdict = before.verdict
    row.shown_at, row.active_seconds = before.shown_at, before.active_seconds
    row.unfolded, row.fixed_width = before.unfolded, before.fixed_width
    row.hypothesis, row.confidence, row.comment = given.hypothesis, given.confidence, given.comment


def _texts(before: JudgmentRow | None) -> tuple[str, int | None, str]:
    """A changed verdict carries the texts along; the hypothesis step offers them again."""
    return (before.hypothesis, before.confidence, before.comment) if before else ("", None, "")


def _answer_of(row: JudgmentRow) -> Answer:
    step, verdict = cast("Step", row.step), cast("Verdict", row.verdict)
    return Answer(row.item, row.key, step, verdict, row.hypothesis, row.confidence, row.comment)


def _visit(evaluator: EvaluatorRow, row: RoundRow) -> Visit:
    design = PublicDesign.read(row.public_design)
    return Visit(
        evaluator_id=evaluator.id,
        name=evaluator.name,
        round_id=row.id,
        state=row.state,
        title=design.title or row.title,
        consented=evaluator.consented_at is not None,
        phase=evaluator.phase,
        exposed=evaluator.exposed,
        design=design,
        sizes=(row.response_bytes, row.response_gzip_bytes),
        commitment=row.commitment or "",
    )


def lay_out(session: Session, here: Visit, found: Worklist, place: DueQuestion) -> ItemPage:
    """Everything that the page of a place needs."""
    number, total = found.number(place.item)
    return ItemPage(
        visit=here,
        place=place,
        passages=judging_store.passages(session, here.round_id, place.item),
        number=number,
        total=total,
        done=found.done,
        earlier=found.earlier(place.item, place.revision if place.question == "verdict" else 0),
        shown=place.item in found.shown_at,
        may_go_on=passed(found, here.design),
        texts=judging_store.latest(session, here.evaluator_id, place.item) if place.given else None,
        opened=judging_store.aids(session, here.round_id, place.item) if place.given and place.given.locked else None,
    )
