"""The gallery: judged neurons with hypotheses and snippets, behind a page that says that they expose the admin."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.foundation.clock import now
from app.foundation.errors import AccessError, FirstGlanceError, InputError
from app.report.gallery import consensus_labels
from app.report.result_text import signature_note
from app.rounds.lifecycle import LONGEST_REASON, SHORTEST_REASON
from app.services import gallery
from app.services.archive_browsing import open_rounds_beside, round_titles
from app.services.log import logged_attempt
from app.services.results import current_result
from app.services.results_read import logged_reading
from app.services.rounds import round_design
from app.web.admin.admin_page import render_admin_page
from app.web.admin.sign_in import ActingAdmin, ViewingAdmin
from app.web.dependencies import AppDatabase
from app.web.errors import STATUSES
from app.web.evaluator.passages import render_passages

router = APIRouter(prefix="/gallery")


@dataclass(frozen=True)
class GallerySearch:
    """The fields of the gallery's search; an empty field matches everything."""

    text: Annotated[str, Query(alias="q")] = ""
    arm: str = ""
    consensus: Annotated[str, Query(alias="votes")] = ""
    page_number: Annotated[int, Query(alias="at")] = 1


@router.post("/enter")
def enter_gallery(
    request: Request, round_id: str, database: AppDatabase, admin: ActingAdmin, reason: Annotated[str, Form()] = ""
) -> Response:
    """Record that the admin is exposed, and a reason that breaks the blind of open rounds; then show the gallery.

    A reason that is too short shows the form again.
    """
    try:
        with logged_attempt(database, round_id, admin.name, "open the gallery", now()) as session:
            gallery.enter_gallery(session, round_id, admin.name, now(), reason)
    except (AccessError, InputError) as error:
        with database.reading() as session:
            open_ids = open_rounds_beside(session, round_id, admin.name)
            if not open_ids:
                raise
            return _door(request, session, round_id, admin, open_ids, error, reason)
    return RedirectResponse(f"/admin/rounds/{round_id}/gallery", status_code=HTTPStatus.SEE_OTHER)


@router.get("")
def browse_gallery(
    request: Request,
    round_id: str,
    database: AppDatabase,
    admin: ViewingAdmin,
    search: Annotated[GallerySearch, Depends()],
) -> Response:
    """Cards that match a search, an arm and whether evaluators agree; the door before it for who has not entered."""
    with logged_reading(database, round_id, admin.name, "gallery", now()), database.reading() as session:
        has_entered = gallery.has_entered_gallery(session, round_id, admin.name)
        open_ids = open_rounds_beside(session, round_id, admin.name)
        if open_ids or not has_entered:
            return _door(request, session, round_id, admin, open_ids)
        cards, frame = gallery.browse_gallery(
            session, round_id, admin.name, search.text, search.arm, search.consensus, search.page_number
        )
        unsigned = current_result(session, round_id).unsigned
    variables = {
        "round_id": round_id,
        "gallery": cards,
        "arms": frame.arms,
        "unit_words": frame.units,
        "search": search,
        "consensus_labels": consensus_labels(frame.outcome),
        "signature_note": signature_note(unsigned=unsigned),
    }
    return render_admin_page(request, "report/gallery.html", admin, **variables)


@router.get("/{item}")
def show_neuron(request: Request, round_id: str, item: str, database: AppDatabase, admin: ViewingAdmin) -> Response:
    """Show one neuron: its arm and index, what evaluators wrote, and its passages."""
    with logged_reading(database, round_id, admin.name, "gallery", now()), database.reading() as session:
        neuron = gallery.gallery_neuron(session, round_id, admin.name, item)
        unsigned = current_result(session, round_id).unsigned
    # Rendered anew from the words that were committed to: nothing covers the page's stored HTML.
    passages = Markup(render_passages(neuron.item, neuron.public_design).decode())  # noqa: S704
    variables = {
        "round_id": round_id,
        "card": neuron.card,
        "unit_words": neuron.unit_words,
        "passages": passages,
        "signature_note": signature_note(unsigned=unsigned),
    }
    return render_admin_page(request, "report/neuron.html", admin, **variables)


def _door(
    request: Request,
    session: Session,
    round_id: str,
    admin: ViewingAdmin,
    open_ids: list[str],
    error: FirstGlanceError | None = None,
    reason: str = "",
) -> Response:
    """The page before the gallery: it asks for a reason while the same models are judged in open rounds."""
    variables = {
        "round_id": round_id,
        "open_ids": open_ids,
        "unit_words": round_design(session, round_id).unit_words,
        "titles": round_titles(session, open_ids),
        "problem": error and f"This reason cannot be used. Write {SHORTEST_REASON} to {LONGEST_REASON} characters.",
        "reason": reason.strip(),
    }
    status = STATUSES[type(error)] if error else HTTPStatus.OK
    return render_admin_page(request, "report/gallery_consent.html", admin, status, **variables)
