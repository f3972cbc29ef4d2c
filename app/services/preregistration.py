"""The preregistration of a sealed round, read from the database."""

from sqlalchemy.orm import Session

from app.evidence.event_details import SealedDetail, read_detail
from app.foundation.errors import LifecycleError
from app.report.preregistration import notes_on_other_draws, write_preregistration
from app.services.draw_log import logged_steps
from app.services.evidence import committed_design
from app.services.log import latest_event, round_events
from app.store import rounds as round_store


def round_preregistration(session: Session, round_id: str) -> str:
    """The preregistration in Markdown, which names the arms. Raises LifecycleError if the round was never sealed."""
    round_row = round_store.find_round(session, round_id)
    if round_row.commitment is None:
        msg = f"This round is {round_row.state}; its preregistration is written at the seal. Seal it first."
        raise LifecycleError(msg)
    events = round_events(session, round_id)
    sealed = read_detail(SealedDetail, latest_event(events, "sealed").detail)
    design = committed_design(session, round_row)
    other_draws = notes_on_other_draws(logged_steps(events), design.unit_words)
    return write_preregistration(design, sealed, other_draws)
