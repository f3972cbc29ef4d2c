"""Evaluators who judge through the services, by a rule that depends on the item's code alone."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.foundation.digest import sha256
from app.judging.answer import Answer, PageTiming
from app.services import evaluator_session, item_pages, judging
from app.store.engine import Database
from app.store.tables import EvaluatorRow
from tests.conftest import Clock


def judge_everything(database: Database, round_id: str, clock: Clock, only: str = "", most: int = 10_000) -> None:
    """Let every evaluator, or only the one with this pseudonym, judge up to `most` of their items."""
    with database.writing() as session:
        evaluators = session.scalars(select(EvaluatorRow).where(EvaluatorRow.round_id == round_id)).all()
        for evaluator in evaluators:
            evaluator.session_sha256, evaluator.consented_at = sha256(evaluator.id.encode()), clock()
    for evaluator in evaluators:
        if only in ("", evaluator.name):
            _judge(database, evaluator.id, clock, most)


def verdict_on(code: str, offered: Sequence[str] = ("interpretable", "not_interpretable")) -> str:
    """What everyone says of an item: it depends on its code's first letter."""
    return offered[0 if code < "h" else 1]


def _judge(database: Database, session_token: str, clock: Clock, most: int) -> None:
    judged: set[str] = set()
    while True:
        with database.writing() as session:
            answer = _due_answer(session, session_token)
            if answer is None or len(judged | {answer.item_code}) > most:
                return
            judged.add(answer.item_code)
            clock.move(30)
            visit = evaluator_session.visit_for_writing(session, session_token)
            judging.record_answer(session, visit, answer, PageTiming(), clock())


def _due_answer(session: Session, session_token: str) -> Answer | None:
    item_page = item_pages.due_item_page(session, evaluator_session.visit_by_session(session, session_token))
    if item_page is None:
        return None
    due = item_page.due
    if due.asks == "hypothesis":
        return Answer(due.item_code, due.answer_id, "hypothesis", hypothesis=f"what {due.item_code} does")
    answer = verdict_on(due.item_code, item_page.visit.design.offered_answers)
    return Answer(due.item_code, due.answer_id, "verdict", answer)
