"""SQL of judging: an evaluator's items in order, flags, guesses, and judgments, which are only ever appended."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import BindParameter, Row, bindparam, exists, select, update
from sqlalchemy.orm import Session, defer

from app.judging.judgment import Step
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

AnswerColumns = Row[str, str, str, str, int, datetime, float]
"""Item, key, verdict, step, revision, time and active seconds of an answer."""
MINE: BindParameter[str] = bindparam("evaluator")
ASSIGNED = (
    select(
        AssignmentRow.item,
        AssignmentRow.shown_at,
        AssignmentRow.aids_at,
        exists()
        .where(FlagRow.evaluator_id == AssignmentRow.evaluator_id, FlagRow.item == AssignmentRow.item)
        .label("flagged"),
    )
    .where(AssignmentRow.evaluator_id == MINE)
    .order_by(AssignmentRow.position)
)
ANSWERS = (
    select(
        JudgmentRow.item,
        JudgmentRow.key,
        JudgmentRow.verdict,
        JudgmentRow.step,
        JudgmentRow.revision,
        JudgmentRow.judged_at,
        JudgmentRow.active_seconds,
    )
    .where(JudgmentRow.evaluator_id == MINE)
    .order_by(JudgmentRow.number)
)
LATEST = select(JudgmentRow).where(JudgmentRow.evaluator_id == MINE).order_by(JudgmentRow.number.desc()).limit(1)
LATEST_ON = LATEST.where(JudgmentRow.item == bindparam("item"))
PASSAGES = select(ItemRow.html).where(ItemRow.round_id == bindparam("round"), ItemRow.code == bindparam("item"))
SHOWN = (
    update(AssignmentRow)
    .where(
        AssignmentRow.evaluator_id == MINE, AssignmentRow.item == bindparam("code"), AssignmentRow.shown_at.is_(None)
    )
    .values(shown_at=bindparam("now"))
    .execution_options(synchronize_session=False)
)
AIDS_OPENED = (
    update(AssignmentRow)
    .where(AssignmentRow.evaluator_id == MINE, AssignmentRow.item == bindparam("code"), AssignmentRow.aids_at.is_(None))
    .values(aids_at=bindparam("now"))
    .execution_options(synchronize_session=False)
)
"""The queries that every save runs are built once: building them took longer than running them."""


def read_worklist(
    session: Session, evaluator_id: str, practice_items: Collection[str] = (), *, asks_second_step: bool = False
) -> Worklist:
    """The evaluator's items in order and the latest answer on each, without its texts."""
    mine = {"evaluator": evaluator_id}
    assigned = session.execute(ASSIGNED, mine).all()
    answers = session.execute(ANSWERS, mine).all()
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
    """The answer that stands on each item, by the time of the first verdict on it."""
    first_verdicts: dict[str, tuple[str, datetime, float]] = {}
    latest_answers: dict[str, tuple[str, Step, int]] = {}
    for code, _, verdict, step, revision, judged_at, seconds in answer_rows:
        first_verdicts.setdefault(code, (verdict, judged_at, seconds))
        latest_answers[code] = (verdict, cast("Step", step), revision)
    return tuple(
        StandingAnswer(code, *latest_answers[code], code in locked, *first_verdict)
        for code, first_verdict in first_verdicts.items()
    )


def passages_html(session: Session, round_id: str, item_code: str) -> bytes:
    """The item's passages as HTML, as rendered at the seal."""
    return session.scalars(PASSAGES, {"round": round_id, "item": item_code}).one()


def note_first_display(session: Session, evaluator_id: str, item_code: str, now: datetime) -> None:
    """Note when an item was first shown to the evaluator."""
    session.execute(SHOWN, {"evaluator": evaluator_id, "code": item_code, "now": now})


def note_aids_opened(session: Session, evaluator_id: str, item_code: str, now: datetime) -> None:
    """Note when an item's aids were first opened."""
    session.execute(AIDS_OPENED, {"evaluator": evaluator_id, "code": item_code, "now": now})


def item_with_aids(session: Session, round_id: str, item_code: str) -> tuple[Item, Aids] | None:
    """The item with its aids; None in a round that was sealed without. Services call it for locked verdicts only."""
    row = session.get(AidsRow, (round_id, item_code))
    if row is None:
        return None
    content = session.get_one(ItemRow, (round_id, item_code), options=[defer(ItemRow.html)]).content
    return Item.from_content(json.loads(content)), Aids.model_validate_json(row.content)


def assignments_with_aids_opened(session: Session, evaluator_id: str) -> Sequence[AssignmentRow]:
    """The assignments whose aids the evaluator opened, by time."""
    query = select(AssignmentRow).where(AssignmentRow.evaluator_id == evaluator_id, AssignmentRow.aids_at.is_not(None))
    return session.scalars(query.order_by(AssignmentRow.aids_at)).all()


def latest_judgment(session: Session, evaluator_id: str, item_code: str | None = None) -> JudgmentRow | None:
    """The last row of the evaluator's chain, or the last one on one item."""
    mine = {"evaluator": evaluator_id}
    return session.scalar(LATEST, mine) if item_code is None else session.scalar(LATEST_ON, mine | {"item": item_code})


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
    """Store a flag; a second of the same kind on the same item changes nothing."""
    if session.get(FlagRow, (flag.evaluator_id, flag.item, flag.kind)) is None:
        session.add(flag)
        session.flush()


def guesses_of_evaluator(session: Session, evaluator_id: str) -> Sequence[GuessRow]:
    """An evaluator's answers of phase 2, by item."""
    return session.scalars(select(GuessRow).where(GuessRow.evaluator_id == evaluator_id).order_by(GuessRow.item)).all()


def add_guess(session: Session, guess: GuessRow) -> None:
    """Store an answer of phase 2."""
    session.add(guess)
    session.flush()


def arm_names(session: Session, round_id: str) -> list[str]:
    """The names of the round's arms, in alphabetical order: for phase 2 of exposed evaluators and nowhere else."""
    design = json.loads(session.get_one(RoundRow, round_id).design)
    return sorted({str(cell["arm"]) for cell in design["arms"]})
