"""The gallery's pages: neurons, hypotheses and the snippets judged, behind a form that says what seeing them costs."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from app.foundation.clock import now
from app.report.gallery import VOTES
from app.services import gallery
from app.services.log import logged_attempt
from app.web.admin.sign_in import ActingAdmin, ViewingAdmin
from app.web.dependencies import DatabaseOf
from app.web.templating import page

router = APIRouter(prefix="/gallery")


@dataclass(frozen=True)
class Asked:
    """What a visitor looks for."""

    q: str = ""
    arm: str = ""
    votes: str = ""
    at: int = 1


@router.post("/enter")
def enter(round_id: str, database: DatabaseOf, admin: ActingAdmin) -> Response:
    """Mark the viewer exposed, then show the gallery."""
    with logged_attempt(database, round_id, admin.name, "open the gallery", now()) as session:
        gallery.enter_gallery(session, round_id, admin.name, now())
    return RedirectResponse(f"/admin/rounds/{round_id}/gallery", status_code=303)


@router.get("")
def browse(
    request: Request, round_id: str, database: DatabaseOf, admin: ViewingAdmin, asked: Annotated[Asked, Depends()]
) -> Response:
    """Cards that match a search, an arm and how evaluators voted."""
    with database.reading() as session:
        if not gallery.has_entered_gallery(session, round_id, admin.name):
            return page(request, "report/gallery_door.html", {"admin": admin, "round_id": round_id})
        found, arms = gallery.browse_gallery(session, round_id, admin.name, asked.q, asked.arm, asked.votes, asked.at)
    context = {"admin": admin, "round_id": round_id, "gallery": found, "arms": arms, "asked": asked, "kinds": VOTES}
    return page(request, "report/gallery.html", context)


@router.get("/{item}")
def show(request: Request, round_id: str, item: str, database: DatabaseOf, admin: ViewingAdmin) -> Response:
    """One neuron: whose it was, what was said, and the passages."""
    with database.reading() as session:
        found = gallery.gallery_neuron(session, round_id, admin.name, item)
    # The fragment was escaped when it was rendered at the seal, and its digest is in the commitment.
    context = {"admin": admin, "round_id": round_id, "card": found.card, "passages": Markup(found.passages)}  # noqa: S704
    return page(request, "report/neuron.html", context)
