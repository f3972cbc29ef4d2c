"""SQL of seal runs: how far the newest seal of each round is, and how it ended."""

from datetime import datetime

from sqlalchemy import CursorResult, Update, update
from sqlalchemy.orm import Session

from app.store.tables import SealRunRow


def newest_run(session: Session, round_id: str) -> SealRunRow | None:
    """The newest run of a round; None if its seal was never begun."""
    return session.get(SealRunRow, round_id, populate_existing=True)


def replace_run(session: Session, run_row: SealRunRow) -> None:
    """Store a new run in the place of the round's former one."""
    session.merge(run_row)
    session.flush()


def write_progress(
    session: Session, round_id: str, run_code: str, step: str, done: int, total: int, beat_at: datetime
) -> bool:
    """Store how far a run is; whether it is still the round's newest run and has not ended."""
    values = {"step": step, "done": done, "total": total, "beat_at": beat_at}
    result = session.execute(_running(round_id, run_code).values(**values))
    return isinstance(result, CursorResult) and result.rowcount == 1


def write_outcome(
    session: Session, round_id: str, run_code: str, outcome: str, problem: str, beat_at: datetime
) -> None:
    """Store how a run ended, unless another run is in its place already."""
    session.execute(_running(round_id, run_code).values(outcome=outcome, problem=problem, beat_at=beat_at))


def _running(round_id: str, run_code: str) -> Update:
    return update(SealRunRow).where(
        SealRunRow.round_id == round_id, SealRunRow.run_code == run_code, SealRunRow.outcome == "running"
    )
