"""SQL of judging: evaluators, their items in order, and judgments, which are only ever appended."""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Row, delete, select, update
from sqlalchemy.orm import Session

from app.judging.judgment import Step
from app.judging.progress import Given, Sheet
from app.store.tables import (
    AssignmentRow,
    EvaluatorRow,
    FlagRow,
    GuessRow,
    ItemRow,
    JudgmentRow,
    RoundRow,
    SlotRow,
)


def evaluator_by_token(session: Session, digest: str) -> EvaluatorRow | None:
    """Whom an invitation's token belongs to, by the token's SHA-256."""
    return session.scalar(select(EvaluatorRow).where(EvaluatorRow.token_sha256 == digest))


def evaluator_by_session(session: Session, digest: str) -> EvaluatorRow | None:
    """Whom a session cookie belongs to, by the cookie's SHA-256."""
    return session.scalar(select(EvaluatorRow).where(EvaluatorRow.session_sha256 == digest))


def hold(session: Session, evaluator: EvaluatorRow) -> RoundRow:
    """Lock the evaluator's row and keep the round from changing state until the transaction ends; the round.

    One evaluator's answers then come one after the other, whatever is clicked twice, and none lands after the lock.
    """
    session.refresh(evaluator, with_for_update=True)
    return session.scalars(select(RoundRow).where(RoundRow.id == evaluator.round_id).with_for_update(read=True)).one()


def round_of(session: Session, evaluator: EvaluatorRow) -> RoundRow:
    """The evaluator's round."""
    return session.get_one(RoundRow, evaluator.round_id)


def sheet(session: Session, evaluator_id: str, training: Collection[str] = ()) -> Sheet:
    """The evaluator's items in order and the latest answer on each, without its texts."""
    assigned = session.execute(
        select(AssignmentRow.item, AssignmentRow.aids_at)
        .where(AssignmentRow.evaluator_id == evaluator_id)
        .order_by(AssignmentRow.position)
    ).all()
    locked = {item for item, aids_at in assigned if aids_at is not None}
    skipped = session.scalars(select(FlagRow.item).where(FlagRow.evaluator_id == evaluator_id))
    rows = _answers(session, evaluator_id)
    given: dict[str, Given] = {}
    for row in rows:
        before = given.get(row.item, Given(row.item, "", "verdict", 0, first=row.verdict, at=row.judged_at))
        step: Step = "hypothesis" if row.step == "hypothesis" else "verdict"
        seconds = before.seconds or row.active_seconds
        given[row.item] = replace(
            before, verdict=row.verdict, step=step, revision=row.revision, locked=row.item in locked, seconds=seconds
        )
    order = tuple(item for item, _ in assigned)
    latest = rows[-1].item if rows else None
    return Sheet(order, tuple(given.values()), frozenset(skipped), latest, frozenset(training))


def _answers(session: Session, evaluator_id: str) -> Sequence[Row[str, str, str, int, datetime, float]]:
    """The evaluator's rows in order, without their texts."""
    columns = (
        JudgmentRow.item,
        JudgmentRow.verdict,
        JudgmentRow.step,
        JudgmentRow.revision,
        JudgmentRow.judged_at,
        JudgmentRow.active_seconds,
    )
    query = select(*columns).where(JudgmentRow.evaluator_id == evaluator_id).order_by(JudgmentRow.number)
    return session.execute(query).all()


def passages(session: Session, round_id: str, item: str) -> bytes:
    """The item's fragment, as rendered at the seal."""
    return session.scalars(select(ItemRow.html).where(ItemRow.round_id == round_id, ItemRow.code == item)).one()


def assignment(session: Session, evaluator_id: str, item: str) -> AssignmentRow:
    """The evaluator's claim to an item that is theirs."""
    return session.get_one(AssignmentRow, (evaluator_id, item))


def mark_shown(session: Session, evaluator_id: str, item: str, now: datetime) -> None:
    """Note when an item was first put before the evaluator."""
    session.execute(
        update(AssignmentRow)
        .where(AssignmentRow.evaluator_id == evaluator_id, AssignmentRow.item == item, AssignmentRow.shown_at.is_(None))
        .values(shown_at=now)
    )


def latest(session: Session, evaluator_id: str, item: str | None = None) -> JudgmentRow | None:
    """The evaluator's last row in their chain, or their last one on `item`."""
    query = select(JudgmentRow).where(JudgmentRow.evaluator_id == evaluator_id)
    if item is not None:
        query = query.where(JudgmentRow.item == item)
    return session.scalar(query.order_by(JudgmentRow.number.desc()).limit(1))


def by_key(session: Session, evaluator_id: str, key: str) -> JudgmentRow | None:
    """The row that carries an idempotency key."""
    return session.scalar(select(JudgmentRow).where(JudgmentRow.evaluator_id == evaluator_id, JudgmentRow.key == key))


def append(session: Session, row: JudgmentRow) -> None:
    """Add a judgment to the chain."""
    session.add(row)
    session.flush()


def judgments(session: Session, evaluator_id: str) -> Sequence[JudgmentRow]:
    """Everything an evaluator answered, in order."""
    return session.scalars(
        select(JudgmentRow).where(JudgmentRow.evaluator_id == evaluator_id).order_by(JudgmentRow.number)
    ).all()


def flags(session: Session, evaluator_id: str) -> Sequence[FlagRow]:
    """What an evaluator passed over, by item."""
    return session.scalars(select(FlagRow).where(FlagRow.evaluator_id == evaluator_id).order_by(FlagRow.item)).all()


def flag(session: Session, row: FlagRow) -> None:
    """Note that an item is passed over; the same word twice is one."""
    if session.get(FlagRow, (row.evaluator_id, row.item, row.kind)) is None:
        session.add(row)
        session.flush()


def guesses(session: Session, evaluator_id: str) -> Sequence[GuessRow]:
    """What an evaluator answered in phase 2, by item."""
    return session.scalars(select(GuessRow).where(GuessRow.evaluator_id == evaluator_id).order_by(GuessRow.item)).all()


def add_guess(session: Session, row: GuessRow) -> None:
    """Keep an answer of phase 2."""
    session.add(row)
    session.flush()


def order_seed(session: Session, evaluator_id: str) -> str:
    """The seed of the evaluator's own order."""
    return session.get_one(EvaluatorRow, evaluator_id).order_seed


def arm_names(session: Session, round_id: str) -> list[str]:
    """The names of the round's arms, in alphabetical order: for phase 2 of exposed evaluators and nowhere else."""
    design = json.loads(session.get_one(RoundRow, round_id).design)
    return sorted({str(cell["arm"]) for cell in design["arms"]})


def erase(session: Session, evaluator: EvaluatorRow, now: datetime) -> None:
    """Delete everything an evaluator gave, and who they were; items they held in a lease come free."""
    mine = {"evaluator_id": evaluator.id}
    session.execute(update(SlotRow).filter_by(**mine).values(evaluator_id=None, leased_until=None, judged=False))
    for table in (JudgmentRow, FlagRow, GuessRow, AssignmentRow):
        session.execute(delete(table).filter_by(**mine))
    evaluator.name, evaluator.erased_at = f"erased {evaluator.id}", now
    evaluator.session_sha256, evaluator.consented_at = None, None
