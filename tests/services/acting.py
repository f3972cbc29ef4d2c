"""Evaluators who judge through the services, by a rule that depends on the item's code alone."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.foundation.digest import sha256
from app.judging.answer import Answer, PageTiming
from app.services import evaluator_session, item_pages, judging
from app.store.engine import Database
from app.store.tables import EvaluatorRow
from tests.conftest import Clock


def judge_everything(database: Database, round_id: str, clock: Clock, only: str = "", most: int = 10_000) -> None:
    """Let everyone, or only one, judge what is theirs, up to `most` items each."""
    with database.writing() as session:
        people = session.scalars(select(EvaluatorRow).where(EvaluatorRow.round_id == round_id)).all()
        for who in people:
            who.session_sha256, who.consented_at = sha256(who.id.encode()), clock()
    for who in people:
        if only in ("", who.name):
            _judge(database, who.id, clock, most)


def verdict_on(code: str) -> str:
    """What everyone says of an item: a matter of its code's first letter."""
    return "interpretable" if code < "h" else "not_interpretable"


def _judge(database: Database, session_token: str, clock: Clock, most: int) -> None:
    judged: set[str] = set()
    while True:
        with database.writing() as session:
            given = _next(session, session_token)
            if given is None or len(judged | {given.item_code}) > most:
                return
            judged.add(given.item_code)
            clock.move(30)
            judging.record_answer(
                session, evaluator_session.visit_for_writing(session, session_token), given, PageTiming(), clock()
            )


def _next(session: Session, session_token: str) -> Answer | None:
    item_page = item_pages.due_item_page(session, evaluator_session.visit_by_session(session, session_token))
    if item_page is None:
        return None
    due = item_page.due
    if due.kind == "hypothesis":
        return Answer(due.item_code, due.key, "hypothesis", hypothesis=f"what {due.item_code} does")
    interpretable = verdict_on(due.item_code) == "interpretable"
    return Answer(due.item_code, due.key, "verdict", "interpretable" if interpretable else "not_interpretable")
