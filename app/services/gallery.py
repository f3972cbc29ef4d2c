"""The gallery of an unblinded round. Everyone who opens it is exposed to these models, and the log says so."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.evidence.entries import EventAction
from app.foundation.errors import AccessError, NotFoundError
from app.judging.public_design import PublicDesign
from app.report.analysis.frame import AnalysisFrame
from app.report.gallery import GalleryCard, GalleryPage, find_card, search_gallery
from app.rounds.unit_words import UnitWords
from app.services.archive_browsing import break_blind, explain_refusal, open_rounds_beside, require_no_open_round
from app.services.log import append_event
from app.services.results import current_result
from app.services.unblinding import find_unblinded
from app.store import log as log_store
from app.store import rounds as round_store
from app.tasks.item import Item

VIEWED: EventAction = "gallery opened"


@dataclass(frozen=True)
class GalleryNeuron:
    """One neuron with the passages that evaluators judged."""

    card: GalleryCard
    item: Item
    """The item that was committed to, whose passages evaluators judged."""
    public_design: PublicDesign
    unit_words: UnitWords


def enter_gallery(session: Session, round_id: str, by: str, now: datetime, reason: str = "") -> None:
    """Record in the log, once, that `by` is exposed. Raises LifecycleError before unblinding.

    While the same models are judged in an open round, it needs a reason, which goes into the log of that round; raises
    AccessError without one.
    """
    has_entered = has_entered_gallery(session, round_id, by)
    open_ids = open_rounds_beside(session, round_id, by)
    if open_ids and not reason.strip():
        raise AccessError(explain_refusal(open_ids))
    if open_ids:
        break_blind(session, open_ids, by, reason, now)
    if not has_entered:
        append_event(session, round_id, by, VIEWED, {"exposed": by}, now)


def has_entered_gallery(session: Session, round_id: str, by: str) -> bool:
    """Whether `by` has opened the gallery before. Raises NotFoundError, and LifecycleError before the unblinding."""
    find_unblinded(session, round_id)
    return any(event.action == VIEWED and event.actor == by for event in log_store.events_of_round(session, round_id))


def browse_gallery(
    session: Session, round_id: str, by: str, text: str, arm: str, consensus: str, page_number: int
) -> tuple[GalleryPage, AnalysisFrame]:
    """A page of the cards that match, and the frame of the round. Raises AccessError before `enter_gallery`."""
    _require_entered(session, round_id, by)
    current = current_result(session, round_id)
    return search_gallery(current.observations, text, arm, consensus, page_number), current.frame


def gallery_neuron(session: Session, round_id: str, by: str, item_code: str) -> GalleryNeuron:
    """One neuron. Raises AccessError before `enter_gallery`, and NotFoundError for a code that nobody judged."""
    _require_entered(session, round_id, by)
    current = current_result(session, round_id)
    card = find_card(current.observations, item_code)
    if card is None:
        msg = "No neuron with this code was judged in this round; go back to the gallery."
        raise NotFoundError(msg)
    item = next(row.read_item() for row in round_store.items_of_round(session, round_id) if row.code == item_code)
    public_design = PublicDesign.from_content(current.design.public_content())
    return GalleryNeuron(card, item, public_design, current.design.unit_words)


def _require_entered(session: Session, round_id: str, by: str) -> None:
    require_no_open_round(session, round_id, by)
    if not has_entered_gallery(session, round_id, by):
        msg = "Open the gallery from the report first: seeing it marks you as exposed to these models."
        raise AccessError(msg)
