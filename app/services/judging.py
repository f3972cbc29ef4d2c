"""What an evaluator does, one function each: come in, consent, read the item that is due, answer, change an answer.

Nothing here can reach the seal or an arm. An answer carries the key of the page it was given on; the same key twice is
one judgment, whatever was clicked twice, sent again or opened in two tabs.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy.orm import Session

from app.foundation.digest import sha256
from app.foundation.errors import AccessError, JudgmentError, NotFoundError
from app.foundation.words import marked
from app.judging.answer import OUT_OF_TURN, Answer, Timing, require_same, require_turn
from app.judging.judgment import Step, Verdict
from app.judging.pace import Pace, pace, passed
from app.judging.progress import UNDOABLE, Place, Sheet
from app.judging.public_design import PublicDesign
from app.rounds.commitment import chain_digest, judgment_entry
from app.rounds.lifecycle import require
from app.services.assignment import claim, judged, waiting
from app.store import judging as store
from app.store.tables import EvaluatorRow, FlagRow, JudgmentRow

NO_SUCH_LINK = marked(
    "This invitation link leads nowhere. Check that it was copied whole, or ask who sent it for a new one."
)
NO_SUCH_ITEM = marked("There is no such item among yours; go back to the one that is due.")
PHASE_IS_OVER = marked("The first part is closed: its answers stand. Go on with the question that is shown.")
NO_SESSION = marked("Open your invitation link again, on this device: it brings you back to where you were.")


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
class Desk:
    """What lies in front of the evaluator: one item and one question about it."""

    visit: Visit
    place: Place
    passages: bytes
    number: int
    """Place of the item among the evaluator's, from 1; practice items are counted by themselves."""
    total: int
    done: int
    earlier: str | None
    """The item that undo reaches."""
    shown: bool
    """The item was displayed before, so its clock runs."""
    texts: JudgmentRow | None = None
    """The latest row on this item, whose texts fill the form when an answer is continued or changed."""
    pace: Pace | None = None
    """How the evaluator is getting on; None on a page that was fetched ahead."""
    options: tuple[str, ...] = ()
    """Answers of a phase 2 question."""

    @property
    def practice(self) -> bool:
        """The item is for practice: its answer is told after the verdict."""
        return self.place.item in self.visit.design.training_answers

    @property
    def second(self) -> bool:
        """Whether a question follows the verdict."""
        return self.visit.design.hypothesis or self.practice


def invitation(session: Session, token: str) -> Visit:
    """Whom a link belongs to; nothing is recorded. Raises NotFoundError."""
    return _visit(session, _invited(session, token))


def join(session: Session, token: str, session_token: str, now: datetime) -> None:
    """Let the holder of an invitation in; from now on the session token stands for it. Raises NotFoundError."""
    evaluator = _invited(session, token)
    evaluator.session_sha256 = sha256(session_token.encode())
    evaluator.joined_at = evaluator.joined_at or now


def visit(session: Session, session_token: str) -> Visit:
    """Who a session belongs to. Raises AccessError."""
    return _visit(session, present(session, session_token))


def consent(session: Session, session_token: str, now: datetime) -> None:
    """Record that the evaluator agrees to take part."""
    evaluator = present(session, session_token)
    evaluator.consented_at = evaluator.consented_at or now


def sheet(session: Session, here: Visit) -> Sheet:
    """The evaluator's items and answers."""
    return store.sheet(session, here.evaluator_id, here.design.training_answers.keys())


def desk(session: Session, here: Visit, now: datetime | None = None) -> Desk | None:
    """The item and the question that are due; None when all is done. With `now`, how the evaluator is getting on."""
    found = sheet(session, here)
    place = found.place(hypothesis=here.design.hypothesis)
    if place is None:
        return None
    laid_out = lay_out(session, here, found, place)
    return replace(laid_out, pace=pace(found, here.design, now)) if now else laid_out


def desk_ahead(session: Session, here: Visit, item: str) -> Desk | None:
    """The desk as it will be once `item` is answered: fetched early, and not noted as shown."""
    found = sheet(session, here)
    place = found.after(item)
    if place is None:
        return None
    earlier = item if item in found.order else None
    done = found.done + (found.of(item) is None and item not in found.training)
    return replace(lay_out(session, here, found, place), done=done, earlier=earlier)


def desk_again(session: Session, here: Visit, item: str) -> Desk:
    """An item judged before, to change its verdict. Raises JudgmentError if it is out of reach."""
    found = sheet(session, here)
    if item not in found.order:
        raise NotFoundError(NO_SUCH_ITEM)
    place = found.changeable(item) if here.phase == 1 else None
    if place is None:
        msg = f"This answer can no longer be changed: undo reaches the last {UNDOABLE} answers without opened aids."
        raise JudgmentError(msg)
    return lay_out(session, here, found, place)


def may_go_on(session: Session, here: Visit) -> bool:
    """Whether the practice items were answered well enough for the design."""
    return passed(sheet(session, here), here.design)


def earlier(session: Session, here: Visit, item: str | None) -> str | None:
    """The item judged before `item`, as far as undo reaches; None if there is none."""
    return sheet(session, here).before(item) if here.phase == 1 else None


def note_shown(session: Session, here: Visit, item: str, now: datetime) -> None:
    """Start the item's clock at its first display."""
    store.mark_shown(session, here.evaluator_id, item, now)


def answer(session: Session, session_token: str, given: Answer, timing: Timing, now: datetime) -> None:
    """Append one answer. The same key with the same answer is a repetition and changes nothing.

    Raises LifecycleError when the round is not collecting, and JudgmentError for an item that is not the
    evaluator's, an answer that is out of turn, or a key that already carries another answer.
    """
    evaluator = present(session, session_token)
    round_row = store.hold(session, evaluator)
    require(round_row.state, "judge")
    _require_consent(evaluator)
    said = store.by_key(session, evaluator.id, given.key)
    if said is not None:
        require_same(_answer_of(said), given)
        return
    if evaluator.phase != 1:
        raise JudgmentError(PHASE_IS_OVER)
    design = PublicDesign.read(round_row.public_design)
    found = store.sheet(session, evaluator.id, design.training_answers.keys())
    require_turn(found, given, hypothesis=design.hypothesis)
    last = store.latest(session, evaluator.id)
    row = _row(session, evaluator, given, timing, now)
    row.number = last.number + 1 if last else 0
    row.chain = chain_digest(last.chain if last else str(round_row.commitment), judgment_entry(evaluator.name, row))
    store.append(session, row)
    if row.revision == 0 and design.assignment == "overlap":
        judged(session, evaluator, row.item, now)


def pass_over(session: Session, session_token: str, flag: FlagRow, now: datetime) -> None:
    """Note that an item is faulty or too distressing: it is missing for this evaluator, and never a verdict.

    `flag` says the item, the kind and a comment; the rest is filled in here. Raises JudgmentError for an item that
    is not the evaluator's or that was judged.
    """
    evaluator = present(session, session_token)
    require(store.hold(session, evaluator).state, "judge")
    found = store.sheet(session, evaluator.id)
    if flag.item not in found.order or found.of(flag.item) is not None:
        raise JudgmentError(OUT_OF_TURN)
    flag.evaluator_id, flag.round_id, flag.at = evaluator.id, evaluator.round_id, now
    store.flag(session, flag)


def take_next(session: Session, here: Visit, now: datetime) -> bool:
    """Where items are leased one at a time, lease the next; whether there is one now."""
    return claim(session, here.evaluator_id, now)


def more_may_come(session: Session, here: Visit) -> bool:
    """Whether items that others hold may come free, so that this evaluator is not done for good."""
    return waiting(session, here.round_id)


def _row(session: Session, evaluator: EvaluatorRow, given: Answer, timing: Timing, now: datetime) -> JudgmentRow:
    """The answer as a row, without its place in the chain."""
    assigned = store.assignment(session, evaluator.id, given.item)
    before = store.latest(session, evaluator.id, given.item)
    row = JudgmentRow(
        round_id=evaluator.round_id,
        evaluator_id=evaluator.id,
        key=given.key,
        item=given.item,
        step=given.step,
        revision=before.revision + 1 if before else 0,
        position=assigned.position,
    )
    if given.verdict is None:
        assert before is not None  # only an item that has a verdict has a hypothesis step
        return _written(row, given, before, timing.judged_at(now))
    noted = assigned.shown_at if before is None else None
    row.verdict = given.verdict
    row.shown_at, row.judged_at = timing.shown_at(noted, now), timing.judged_at(now)
    row.active_seconds = timing.active_seconds(noted, now)
    row.unfolded, row.fixed_width = timing.unfolded, timing.fixed_width
    row.hypothesis, row.confidence, row.comment = _texts(before)
    return row


def _invited(session: Session, token: str) -> EvaluatorRow:
    found = store.evaluator_by_token(session, sha256(token.encode()))
    if found is None or found.erased_at is not None:
        raise NotFoundError(NO_SUCH_LINK)
    return found


def present(session: Session, session_token: str) -> EvaluatorRow:
    """The evaluator whose session this is. Raises AccessError."""
    found = store.evaluator_by_session(session, sha256(session_token.encode())) if session_token else None
    if found is None or found.erased_at is not None:
        raise AccessError(NO_SESSION)
    return found


def _require_consent(evaluator: EvaluatorRow) -> None:
    if evaluator.consented_at is None:
        msg = "Please read the page about taking part first, and agree to it."
        raise AccessError(msg)


def _written(row: JudgmentRow, given: Answer, before: JudgmentRow, judged_at: datetime) -> JudgmentRow:
    """The verdict and its timing again, with the texts of the hypothesis step."""
    row.verdict, row.judged_at = before.verdict, judged_at
    row.shown_at, row.active_seconds = before.shown_at, before.active_seconds
    row.unfolded, row.fixed_width = before.unfolded, before.fixed_width
    row.hypothesis, row.confidence, row.comment = given.hypothesis, given.confidence, given.comment
    return row


def _texts(before: JudgmentRow | None) -> tuple[str, int | None, str]:
    """A changed verdict carries the texts along; the hypothesis step offers them again."""
    return (before.hypothesis, before.confidence, before.comment) if before else ("", None, "")


def _answer_of(row: JudgmentRow) -> Answer:
    step, verdict = cast("Step", row.step), cast("Verdict", row.verdict)
    return Answer(row.item, row.key, step, verdict, row.hypothesis, row.confidence, row.comment)


def _visit(session: Session, evaluator: EvaluatorRow) -> Visit:
    row = store.round_of(session, evaluator)
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


def lay_out(session: Session, here: Visit, found: Sheet, place: Place) -> Desk:
    """Everything that the page of a place needs."""
    number, total = found.number(place.item)
    return Desk(
        visit=here,
        place=place,
        passages=store.passages(session, here.round_id, place.item),
        number=number,
        total=total,
        done=found.done,
        earlier=found.before(place.item),
        shown=store.assignment(session, here.evaluator_id, place.item).shown_at is not None,
        texts=store.latest(session, here.evaluator_id, place.item) if place.given else None,
    )
