"""SQL of judging: an evaluator's items in order with the answers to them, and what an item's pages show."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import BindParameter, Row, bindparam, select, update
from sqlalchemy.orm import Session

from app.evidence.entries import EntryKind
from app.judging.judgment import Step, Verdict
from app.judging.worklist import StandingAnswer, Worklist
from app.store.tables import AssignmentRow, ChainEntryRow, ItemRow, RoundRow

EntryColumns = Row[EntryKind, str, str | None, Verdict | None, Step | None, int | None, datetime, float | None]
"""Kind, item, answer id, verdict, step, revision, time and active seconds of an entry."""
JudgmentColumns = Row[EntryKind, str, str, Verdict, Step, int, datetime, float]
"""The same columns of a judgment."""
EVALUATOR_ID: BindParameter[str] = bindparam("evaluator")
SELECT_ASSIGNMENTS = (
    select(AssignmentRow.item, AssignmentRow.shown_at)
    .where(AssignmentRow.evaluator_id == EVALUATOR_ID)
    .order_by(AssignmentRow.position)
)
SELECT_ENTRIES = (
    select(
        ChainEntryRow.kind,
        ChainEntryRow.item,
        ChainEntryRow.key,
        ChainEntryRow.verdict,
        ChainEntryRow.step,
        ChainEntryRow.revision,
        ChainEntryRow.at,
        ChainEntryRow.active_seconds,
    )
    .where(ChainEntryRow.evaluator_id == EVALUATOR_ID)
    .order_by(ChainEntryRow.number)
)
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
"""These queries run on every save, so they are built once: building them took longer than running them."""


def read_worklist(
    session: Session, evaluator_id: str, practice_items: Collection[str] = (), *, asks_second_step: bool = False
) -> Worklist:
    """The evaluator's items in order, and the latest answer on each item, without its texts."""
    evaluator_parameters = {"evaluator": evaluator_id}
    assigned = session.execute(SELECT_ASSIGNMENTS, evaluator_parameters).all()
    entries = session.execute(SELECT_ENTRIES, evaluator_parameters).all()
    # Thousands of rows: unpacking them takes a fifth of the time that naming their columns takes.
    judgments = [cast("JudgmentColumns", row) for row in entries if row[0] == "judgment"]
    locked = {row[1] for row in entries if row[0] == "aids opened"}
    return Worklist(
        item_codes=tuple(code for code, _ in assigned),
        standing_answers=_standing_answers(judgments, locked),
        flagged=frozenset(row[1] for row in entries if row[0] == "flag"),
        latest_item=judgments[-1][1] if judgments else None,
        practice_items=frozenset(practice_items),
        shown_at={code: shown_at for code, shown_at in assigned if shown_at is not None},
        answer_ids=frozenset(row[2] for row in judgments),
        asks_second_step=asks_second_step,
    )


def _standing_answers(judgment_rows: Sequence[JudgmentColumns], locked: Collection[str]) -> tuple[StandingAnswer, ...]:
    """The latest answer on each item, in order of the first verdicts."""
    first_verdicts: dict[str, tuple[Verdict, datetime, float]] = {}
    latest_answers: dict[str, tuple[Verdict, Step, int]] = {}
    for _, code, _, verdict, step, revision, at, seconds in judgment_rows:
        first_verdicts.setdefault(code, (verdict, at, seconds))
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


def arm_names(session: Session, round_id: str) -> list[str]:
    """The round's arms in alphabetical order; only the blinding question to exposed evaluators needs them."""
    design = json.loads(session.get_one(RoundRow, round_id).design)
    return sorted({str(cell["arm"]) for cell in design["arms"]})
