"""Who has read the results of a round: whoever did is exposed to its models from then on, and the log says so.

It also says who was refused to read them.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from app.foundation.errors import AccessError, LifecycleError
from app.services.log import append_event, log_refusal_once
from app.services.unblinding import find_unblinded
from app.store import log as log_store
from app.store import rounds as round_store
from app.store.engine import Database

ResultForm = Literal["report", "numbers", "analysis.json", "report.pdf", "observations.csv", "export.zip", "gallery"]
"""In which form results are read; where the last two are not refused, they have events of their own."""


@contextmanager
def logged_reading(database: Database, round_id: str, by: str, form: ResultForm, now: datetime) -> Iterator[None]:
    """Log it, once for each person and form, if reading results is refused: too early, or beside an open round."""
    try:
        yield
    except (AccessError, LifecycleError) as error:
        log_refusal_once(database, round_id, by, f"read {form}", str(error), now)
        raise


def record_reading(database: Database, round_id: str, by: str, form: ResultForm, now: datetime) -> None:
    """Write into the log that `by` has read results in this form, the first time only.

    Raises NotFoundError, and LifecycleError before the unblinding. One line for each person and form says who is
    exposed and since when, and a page that is opened again writes nothing.
    """
    with logged_reading(database, round_id, by, form, now), database.reading() as session:
        find_unblinded(session, round_id)
        if _has_read(session, round_id, by, form):
            return
    with database.writing() as session:
        if not _has_read(session, round_id, by, form):
            append_event(session, round_id, by, "results read", {"form": form}, now)


def rounds_of_commitments(session: Session, commitments: Collection[str]) -> list[str]:
    """The ids of the rounds with one of these commitments."""
    return [round_row.id for round_row in round_store.all_rounds(session) if round_row.commitment in commitments]


def _has_read(session: Session, round_id: str, by: str, form: ResultForm) -> bool:
    return any(
        event.action == "results read" and event.actor == by and event.detail.get("form") == form
        for event in log_store.events_of_round(session, round_id)
    )
