"""SQL of judging: evaluators, their items in order, and judgments, which are only ever appended."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.judging.progress import Given, Sheet
from app.store.tables import AssignmentRow, EvaluatorRow, FlagRow, ItemRow, JudgmentRow, RoundRow


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


def sheet(session: Session, evaluator_id: str) -> Sheet:
    """The evaluator's items in order and the latest answer on each, without its texts."""
    assigned = session.execute(
        select(AssignmentRow.item, AssignmentRow.aids_at)
        .where(AssignmentRow.evaluator_id == evaluator_id)
        .order_by(AssignmentRow.position)
    ).all()
    locked = {item for item, aids_at in assigned if aids_at is not None}
    rows = session.execute(
        select(JudgmentRow.item, JudgmentRow.verdict, JudgmentRow.step, JudgmentRow.revision)
        .where(JudgmentRow.evaluator_id == evaluator_id)
        .order_by(JudgmentRow.number)
    ).all()
    given = {
        item: Given(item, verdict, "hypothesis" if step == "hypothesis" else "verdict", revision, item in locked)
        for item, verdict, step, revision in rows
    }
    skipped = session.scalars(
        select(FlagRow.item).where(FlagRow.evaluator_id == evaluator_id, FlagRow.kind == "distress")
    )
    order = tuple(item for item, _ in assigned)
    return Sheet(order, tuple(given.values()), frozenset(skipped), rows[-1].item if rows else None)


def passages(session: Session, round_id: str, item: str) -> bytes:
    """The item's fragment, as rendered at the seal."""
    return session.scalars(select(ItemRow.html).where(ItemRow.round_id == round_id, ItemRow.code == item)).one()


def is_training(session: Session, round_id: str, item: str) -> bool:
    """Whether the item is shown to everyone before the round, for practice."""
    return session.scalars(select(ItemRow.training).where(ItemRow.round_id == round_id, ItemRow.code == item)).one()


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


def count(session: Session, evaluator_id: str) -> int:
    """Rows in the evaluator's chain."""
    return session.scalars(
        select(func.count()).select_from(JudgmentRow).where(JudgmentRow.evaluator_id == evaluator_id)
    ).one()


def append(session: Session, row: JudgmentRow) -> None:
    """Add a judgment to the chain."""
    session.add(row)
    session.flush()
