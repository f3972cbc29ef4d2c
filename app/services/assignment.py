"""Giving items to evaluators. It knows codes and distances, and cannot reach an arm."""

from sqlalchemy.orm import Session

from app.rounds.assignment import order
from app.store import rounds as store
from app.store.tables import AssignmentRow, EvaluatorRow


def assign(session: Session, evaluator: EvaluatorRow) -> None:
    """Write the evaluator's whole order: training items first, then every item in a shuffle of their own."""
    training = store.apart(session, evaluator.round_id, training=True)
    apart = store.apart(session, evaluator.round_id, training=False)
    codes = [*order(training, evaluator.order_seed), *order(apart, evaluator.order_seed, apart)]
    rows = [
        AssignmentRow(evaluator_id=evaluator.id, round_id=evaluator.round_id, item=code, position=position)
        for position, code in enumerate(codes)
    ]
    store.add_assignments(session, rows)
