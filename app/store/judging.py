"""SQL of judging: an evaluator's items in order, flags, guesses and judgments. Judgments are only ever appended."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import BindParameter, Row, bindparam, exists, select, update
from sqlalchemy.orm import Session, defer

from app.judging.judgment import Step, Verdict
from app.judging.worklist import StandingAnswer, Worklist
from app.rounds.aids import Aids
from app.rounds.item import Item
from app.store.tables import (
    AidsRow,
    AssignmentRow,
    FlagRow,
    GuessRow,
    ItemRow,
    JudgmentRow,
    RoundRow,
)

AnswerColumns = Row[str, str, Verdict, Step, int, datetime, float]
"""Item, answer id, verdict, step, revision, time and active seconds of an answer."""
EVALUATOR_ID: BindParameter[str] = bindparam("evaluator")
SELECT_ASSIGNMENTS = (
    select(
        AssignmentRow.item,
        AssignmentRow.shown_at,
        AssignmentRow.aids_at,
        exists()
        .where(FlagRow.evaluator_id == AssignmentRow.evaluator_id, FlagRow.item == AssignmentRow.item)
        .label("flagged"),
    )
    .where(AssignmentRow.evaluator_id == EVALUATOR_ID)
    .order_by(AssignmentRow.position)
)
SELECT_ANSWERS = (
    select(
        JudgmentRow.item,
        JudgmentRow.key,
        JudgmentRow.verdict,
        JudgmentRow.step,
        JudgmentRow.revision,
        JudgmentRow.judged_at,
        JudgmentRow.active_seconds,
    )
    .where(JudgmentRow.evaluator_id == EVALUATOR_ID)
    .order_by(JudgmentRow.number)
)
SELECT_LATEST = (
    select(JudgmentRow).where(JudgmentRow.evaluator_id == EVALUATOR_ID).order_by(JudgmentRow.number.desc()).limit(1)
)
SELECT_LATEST_ON_ITEM = SELECT_LATEST.where(JudgmentRow.item == bindparam("item"))
SELECT_PASSAGES = select(ItemRow.html).where(ItemRow.round_id == bindparam("round"), ItemRow.code == bindparam("item"))
RECORD_FIRST_DISPLAY = (
    update(AssignmentRow)
    .where(
        AssignmentRow.evaluator_id == EVALUATOR_ID,
        AssignmentRow.item == bindparam("code"),
        AssignmentRow.shown_at.is_(None),
    )
    .values(shown_at=bindparam("now"))
    .execution_options(synchronize_session=False)
)
RECORD_AIDS_OPENED = (
    update(AssignmentRow)
    .where(
        AssignmentRow.evaluator_id == EVALUATOR_ID,
        AssignmentRow.item == bindparam("code"),
        AssignmentRow.aids_at.is_(None),
    )
    .values(aids_at=bindparam("now"))
    .execution_options(synchronize_session=False)
)
"""These queries run on every save, so they are built once: building them took longer than running them."""


def read_worklist(
    session: Session, evaluator_id: str, practice_items: Collection[str] = (), *, asks_second_step: bool = False
) -> Worklist:
    """The evaluator's items in order, and the latest answer on each item, without its texts."""
    evaluator_parameters = {"evaluator": evaluator_id}
    assigned = session.execute(SELECT_ASSIGNMENTS, evaluator_parameters).all()
    answers = session.execute(SELECT_ANSWERS, evaluator_parameters).all()
    # Thousands of rows: unpacking them takes a fifth of the time that naming their columns takes.
    locked = {code for code, _, aids_at, _ in assigned if aids_at is not None}
    return Worklist(
        item_codes=tuple(code for code, _, _, _ in assigned),
        standing_answers=_standing_answers(answers, locked),
        flagged=frozenset(code for code, _, _, flagged in assigned if flagged),
        latest_item=answers[-1].item if answers else None,
        practice_items=frozenset(practice_items),
        shown_at={code: shown_at for code, shown_at, _, _ in assigned if shown_at is not None},
        answer_ids=frozenset(row[1] for row in answers),
        asks_second_step=asks_second_step,
    )


def _standing_answers(answer_rows: Sequence[AnswerColumns], locked: Collection[str]) -> tuple[StandingAnswer, ...]:
    """The latest answer on each item, in order of the first verdicts."""
    first_verdicts: dict[str, tuple[Verdict, datetime, float]] = {}
    latest_answers: dict[str, tuple[Verdict, Step, int]] = {}
    for code, _, verdict, step, revision, judged_at, seconds in answer_rows:
        first_verdicts.setdefault(code, (verdict, judged_at, seconds))
        latest_answers[code] = (verdict, step, revision)
    return tuple(
        StandingAnswer(code, *latest_answers[code], code in locked, *first_verdict)
        for code, first_verdict in first_verdicts.items()
    )


def passages_html(session: Session, round_id: str, item_code: str) -> bytes:
    """The item's passages as HTML, as rendered at the seal."""
    return session.scalars(SELECT_PASSAGES, {"round": round_id, "item": item_code}).one()


def record_first_display(session: Session, evaluator_id: str, item_code: str, now: datetime) -> None:
    """Record when the evaluator first saw an item; later calls change nothing."""
    session.execute(RECORD_FIRST_DISPLAY, {"evaluator": evaluator_id, "code": item_code, "now": now})


def record_aids_opened(session: Session, evaluator_id: str, item_code: str, now: datetime) -> None:
    """Record when the evaluator first opened an item's aids; later calls change nothing."""
    session.execute(RECORD_AIDS_OPENED, {"evaluator": evaluator_id, "code": item_code, "now": now})


def item_with_aids(session: Session, round_id: str, item_code: str) -> tuple[Item, Aids] | None:
    """The item and its aids; None if the round has no aids. Services call it for locked verdicts only."""
    row = session.get(AidsRow, (round_id, item_code))
    if row is None:
        return None
    item_row = session.get_one(ItemRow, (round_id, item_code), options=[defer(ItemRow.html)])
    return item_row.read_item(), Aids.model_validate_json(row.content)


def assignments_with_aids_opened(session: Session, evaluator_id: str) -> Sequence[AssignmentRow]:
    """The assignments whose aids the evaluator opened, by time."""
    query = select(AssignmentRow).where(AssignmentRow.evaluator_id == evaluator_id, AssignmentRow.aids_at.is_not(None))
    return session.scalars(query.order_by(AssignmentRow.aids_at)).all()


def latest_judgment(session: Session, evaluator_id: str, item_code: str | None = None) -> JudgmentRow | None:
    """The evaluator's latest judgment, or the latest one on one item; None if there is none."""
    evaluator_parameters = {"evaluator": evaluator_id}
    return (
        session.scalar(SELECT_LATEST, evaluator_parameters)
        if item_code is None
        else session.scalar(SELECT_LATEST_ON_ITEM, evaluator_parameters | {"item": item_code})
    )


def judgment_by_answer_id(session: Session, evaluator_id: str, answer_id: str) -> JudgmentRow:
    """The evaluator's judgment that was sent under this id."""
    query = select(JudgmentRow).where(JudgmentRow.evaluator_id == evaluator_id, JudgmentRow.key == answer_id)
    return session.scalars(query).one()


def add_judgment(session: Session, judgment: JudgmentRow) -> None:
    """Append a judgment to the chain."""
    session.add(judgment)
    session.flush()


def judgments_of_evaluator(session: Session, evaluator_id: str) -> Sequence[JudgmentRow]:
    """An evaluator's judgments, in order of the chain."""
    return session.scalars(
        select(JudgmentRow).where(JudgmentRow.evaluator_id == evaluator_id).order_by(JudgmentRow.number)
    ).all()


def flags_of_evaluator(session: Session, evaluator_id: str) -> Sequence[FlagRow]:
    """An evaluator's flags, by item."""
    return session.scalars(select(FlagRow).where(FlagRow.evaluator_id == evaluator_id).order_by(FlagRow.item)).all()


def add_flag(session: Session, flag: FlagRow) -> None:
    """Store a flag; a second flag of the same kind on the same item changes nothing."""
    if session.get(FlagRow, (flag.evaluator_id, flag.item, flag.kind)) is None:
        session.add(flag)
        session.flush()


def guesses_of_evaluator(session: Session, evaluator_id: str) -> Sequence[GuessRow]:
    """An evaluator's answers to the blinding question, by item."""
    return session.scalars(select(GuessRow).where(GuessRow.evaluator_id == evaluator_id).order_by(GuessRow.item)).all()


def add_guess(session: Session, guess: GuessRow) -> None:
    """Store an answer to the blinding question."""
    session.add(guess)
    session.flush()


def arm_names(session: Session, round_id: str) -> list[str]:
    """The round's arms in alphabetical order; only the blinding question to exposed evaluators needs them."""
    design = json.loads(session.get_one(RoundRow, round_id).design)
    return sorted({str(cell["arm"]) for cell in design["arms"]})
