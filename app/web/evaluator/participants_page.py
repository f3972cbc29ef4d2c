"""The public page for people who take part, or think about it: what is stored, who sees it, and how to withdraw."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.web.dependencies import AppSettings
from app.web.security import evaluator_session_token
from app.web.templating import render_page

router = APIRouter()


@router.get("/participants")
def show_participants_page(request: Request, settings: AppSettings) -> Response:
    """Show what is stored about people who take part; needs no session and says nothing about any round."""
    return render_page(
        request,
        "evaluator/participants.html",
        contact=settings.contact,
        retention_days=settings.retention_days,
        has_session=bool(evaluator_session_token(request)),
    )
