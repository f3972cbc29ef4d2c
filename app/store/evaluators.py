"""SQL of evaluators: who was invited to a round, and which evaluator a session belongs to."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session, defer

from app.foundation.errors import NotFoundError
from app.store.slots import free_slots_of_evaluator
from app.store.tables import AssignmentRow, ChainEntryRow, EvaluatorRow, RoundRow

FORGOTTEN = "forgotten "
"""How the text begins that stands in place of the digest of a deleted link: no link has it as its digest."""
SELECT_BY_SESSION = (
    select(EvaluatorRow, RoundRow)
    .join(RoundRow, RoundRow.id == EvaluatorRow.round_id)
    .where(EvaluatorRow.session_sha256 == bindparam("digest"))
    .options(defer(RoundRow.design))
)
SELECT_BY_SESSION_LOCKED = (
    select(EvaluatorRow).where(EvaluatorRow.session_sha256 == bindparam("digest")).with_for_update()
)
SELECT_ROUND_LOCKED = (
    select(RoundRow).where(RoundRow.id == bindparam("round")).options(defer(RoundRow.design)).with_for_update(read=True)
)
"""These queries run on every request, so they are built once."""


def add_evaluator(session: Session, evaluator: EvaluatorRow) -> None:
    """Insert an evaluator."""
    session.add(evaluator)
    session.flush()


NO_SUCH_EVALUATOR = "There is no such evaluator; choose one from the round's page."


def find_evaluator(session: Session, evaluator_id: str) -> EvaluatorRow:
    """The evaluator with this id. Raises NotFoundError if there is none."""
    evaluator = session.get(EvaluatorRow, evaluator_id)
    if evaluator is None:
        raise NotFoundError(NO_SUCH_EVALUATOR)
    return evaluator


def lock_evaluator(session: Session, evaluator_id: str) -> EvaluatorRow:
    """The evaluator's row, locked until the transaction ends, so that no other transaction assigns them an item."""
    return session.get_one(EvaluatorRow, evaluator_id, with_for_update=True, populate_existing=True)


def evaluators_of_round(session: Session, round_id: str) -> Sequence[EvaluatorRow]:
    """The evaluators of the round, by pseudonym."""
    query = select(EvaluatorRow).where(EvaluatorRow.round_id == round_id).order_by(EvaluatorRow.name)
    return session.scalars(query).all()


def evaluator_by_token(session: Session, digest: str) -> EvaluatorRow | None:
    """The evaluator whose invitation token has this SHA-256; None if there is none."""
    return session.scalar(select(EvaluatorRow).where(EvaluatorRow.token_sha256 == digest))


def session_owner(session: Session, digest: str) -> tuple[EvaluatorRow, RoundRow] | None:
    """The evaluator whose session cookie has this SHA-256, and their round; None if there is none."""
    owner = session.execute(SELECT_BY_SESSION, {"digest": digest}).one_or_none()
    return None if owner is None else (owner[0], owner[1])


def lock_session_owner(session: Session, digest: str) -> tuple[EvaluatorRow, RoundRow] | None:
    """The evaluator whose session cookie has this SHA-256, and their round, locked until the transaction ends.

    So one evaluator's answers are stored one after another, even after a double click, and none after the round's lock.
    """
    reread = {"populate_existing": True}
    evaluator = session.scalar(SELECT_BY_SESSION_LOCKED, {"digest": digest}, execution_options=reread)
    if evaluator is None:
        return None
    return evaluator, session.scalars(
        SELECT_ROUND_LOCKED, {"round": evaluator.round_id}, execution_options=reread
    ).one()


def round_of_evaluator(session: Session, evaluator: EvaluatorRow) -> RoundRow:
    """The evaluator's round."""
    return session.get_one(RoundRow, evaluator.round_id)


def order_seed(session: Session, evaluator_id: str) -> str:
    """The seed of the evaluator's own order."""
    return session.get_one(EvaluatorRow, evaluator_id).order_seed


def erase_evaluator(session: Session, evaluator: EvaluatorRow, now: datetime) -> None:
    """Delete an evaluator's answers, pseudonym, link and order; their items can be assigned to others again.

    Of their times only the erasure's is left, which the log has as well: with the time of the invitation, the log would
    tell whose row this was.
    """
    of_evaluator = {"evaluator_id": evaluator.id}
    free_slots_of_evaluator(session, evaluator)
    for table in (ChainEntryRow, AssignmentRow):
        session.execute(delete(table).filter_by(**of_evaluator))
    forget_link(evaluator)
    evaluator.name, evaluator.erased_at, evaluator.invited_at = f"erased {evaluator.id}", now, now
    evaluator.joined_at, evaluator.consented_at = None, None
    evaluator.order_seed, evaluator.block, evaluator.phase, evaluator.exposed = "", None, 1, False


def forget_link(evaluator: EvaluatorRow) -> None:
    """Delete the digests of an evaluator's link and session: neither leads to them any more."""
    evaluator.token_sha256, evaluator.session_sha256 = f"{FORGOTTEN}{evaluator.id}", None


def is_link_forgotten(evaluator: EvaluatorRow) -> bool:
    """Whether the evaluator's link was deleted."""
    return evaluator.token_sha256.startswith(FORGOTTEN)
