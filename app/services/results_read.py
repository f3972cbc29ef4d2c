"""Who has read the results of a round: whoever did is exposed to its models from then on, and the log says so."""

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from app.services.log import append_event
from app.services.unblinding import find_unblinded
from app.store import log as log_store
from app.store.engine import Database

ResultForm = Literal["report", "numbers", "analysis.json", "report.pdf", "observations.csv"]
"""In which form results are read; exports and the gallery have events of their own."""


def record_reading(database: Database, round_id: str, by: str, form: ResultForm, now: datetime) -> None:
    """Write into the log that `by` has read results in this form, the first time only.

    Raises NotFoundError, and LifecycleError before the unblinding. One line for each person and form says who is
    exposed and since when, and a page that is opened again writes nothing.
    """
    with database.reading() as session:
        find_unblinded(session, round_id)
        if _has_read(session, round_id, by, form):
            return
    with database.writing() as session:
        if not _has_read(session, round_id, by, form):
            append_event(session, round_id, by, "results read", {"form": form}, now)


def _has_read(session: Session, round_id: str, by: str, form: ResultForm) -> bool:
    return any(
        event.action == "results read" and event.actor == by and event.detail.get("form") == form
        for event in log_store.events_of_round(session, round_id)
    )
