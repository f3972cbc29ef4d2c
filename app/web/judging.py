"""The evaluator's pages: an invitation, consent, instructions, items, thanks. Each handler calls one service.

An invitation link only shows a page with a button: programs that preview links open them too, and must not be taken
for the evaluator. The button's POST starts the session and leads to an address without the token.
"""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from app.foundation import codes
from app.foundation.clock import now
from app.foundation.errors import AccessError
from app.services import judging as services
from app.services.judging import Visit
from app.store.engine import Database
from app.web.dependencies import DatabaseOf, SettingsOf
from app.web.errors import SeeOther
from app.web.forms import HypothesisForm, PageForm, VerdictForm
from app.web.item_page import item_response
from app.web.security import EVALUATOR_COOKIE, form_token, require_form_token, session_of, set_session
from app.web.templating import page

DESK = "/judge"
SWAP = "x-first-glance-swap"
"""Sent by the page's own script: it wants the next page in the same response, not a redirect to it."""

router = APIRouter()


@router.get("/i/{token}")
def confirm(request: Request, token: str, database: DatabaseOf) -> Response:
    """Ask whoever opened an invitation to come in; nothing is recorded."""
    with database.reading() as session:
        here = services.invitation(session, token)
    return page(request, "judging/confirm.html", {"here": here})


@router.post("/i/{token}")
def join(token: str, database: DatabaseOf, settings: SettingsOf) -> Response:
    """Start the session and lead to an address that can be shown to others."""
    session_token = codes.token()
    with database.writing() as session:
        services.join(session, token, session_token, now())
    response = RedirectResponse(DESK, status_code=HTTPStatus.SEE_OTHER)
    set_session(response, EVALUATOR_COOKIE, session_token, settings)
    return response


@router.get(DESK)
def desk(request: Request, database: DatabaseOf) -> Response:
    """What is due now: consent, the round's state, an item, or thanks."""
    with database.reading() as session:
        here = services.visit(session, session_of(request, EVALUATOR_COOKIE))
    return _due(request, database, here)


@router.post("/judge/consent")
def consent(request: Request, database: DatabaseOf, form: Annotated[PageForm, Form()]) -> Response:
    """Agree to take part; the instructions come next."""
    session_token = _checked(request, form)
    with database.writing() as session:
        services.consent(session, session_token, now())
    return RedirectResponse("/judge/instructions", status_code=HTTPStatus.SEE_OTHER)


@router.get("/judge/instructions")
def instructions(request: Request, database: DatabaseOf) -> Response:
    """The rule, the marks and the keys."""
    with database.reading() as session:
        here = services.visit(session, session_of(request, EVALUATOR_COOKIE))
    if not here.consented:
        raise SeeOther(DESK)
    return page(request, "judging/instructions.html", {"here": here, "design": here.design})


@router.post("/judge/verdict")
def verdict(request: Request, database: DatabaseOf, form: Annotated[VerdictForm, Form()]) -> Response:
    """Record a verdict and show what is next."""
    session_token = _checked(request, form)
    with database.writing() as session:
        here = services.visit(session, session_token)
        given = form.answer(cannot_judge=here.design.cannot_judge)
        services.answer(session, session_token, given, form.timing(), now())
    return _next(request, database, here)


@router.post("/judge/hypothesis")
def hypothesis(request: Request, database: DatabaseOf, form: Annotated[HypothesisForm, Form()]) -> Response:
    """Record what was written after a verdict and show what is next."""
    session_token = _checked(request, form)
    given = form.answer()
    with database.writing() as session:
        here = services.visit(session, session_token)
        services.answer(session, session_token, given, form.timing(), now())
    return _next(request, database, here)


@router.get("/judge/undo")
def undo(request: Request, database: DatabaseOf, item: str = "") -> Response:
    """Go back to the answer before `item`, or to the latest one."""
    with database.reading() as session:
        here = services.visit(session, session_of(request, EVALUATOR_COOKIE))
        earlier = services.earlier(session, here, item or None)
    return RedirectResponse(f"/judge/item/{earlier}" if earlier else DESK, status_code=HTTPStatus.SEE_OTHER)


@router.get("/judge/item/{item}")
def again(request: Request, item: str, database: DatabaseOf) -> Response:
    """An item judged before, to change its verdict."""
    with database.reading() as session:
        here = services.visit(session, session_of(request, EVALUATOR_COOKIE))
        _require_open(here)
        laid_out = services.desk_again(session, here, item)
    return item_response(request, laid_out)


@router.get("/judge/ahead/{item}")
def ahead(request: Request, item: str, database: DatabaseOf) -> Response:
    """The page that follows once `item` is answered; fetching it is not seeing it, and nothing is recorded."""
    with database.reading() as session:
        here = services.visit(session, session_of(request, EVALUATOR_COOKIE))
        _require_open(here)
        laid_out = services.desk_ahead(session, here, item)
    return item_response(request, laid_out) if laid_out else Response(status_code=HTTPStatus.NO_CONTENT)


def _due(request: Request, database: Database, here: Visit) -> Response:
    """The page that is due to this evaluator."""
    if not here.consented and here.state in ("sealed", "collecting"):
        token = form_token(session_of(request, EVALUATOR_COOKIE))
        return page(request, "judging/consent.html", {"here": here, "design": here.design, "form_token": token})
    if here.state != "collecting":
        return page(request, "judging/not_open.html", {"here": here})
    laid_out = _desk(database, here)
    if laid_out is None:
        return page(request, "judging/done.html", {"here": here, "design": here.design})
    if not laid_out.shown:
        with database.writing() as session:
            services.note_shown(session, here, laid_out.place.item, now())
    return item_response(request, laid_out)


def _desk(database: Database, here: Visit) -> services.Desk | None:
    """What is due; where items are leased one at a time, the next one if nothing is."""
    with database.reading() as session:
        laid_out = services.desk(session, here)
        leased = laid_out is None and services.more_may_come(session, here)
    if not leased:
        return laid_out
    with database.writing() as session:
        return services.desk(session, here) if services.take_next(session, here, now()) else None


def _next(request: Request, database: Database, here: Visit) -> Response:
    """The next page at once for the script, or by a redirect, so that reloading it does not send the form again."""
    if SWAP in request.headers:
        return _due(request, database, here)
    return RedirectResponse(DESK, status_code=HTTPStatus.SEE_OTHER)


def _require_open(here: Visit) -> None:
    if here.state != "collecting" or not here.consented:
        raise SeeOther(DESK)


def _checked(request: Request, form: PageForm) -> str:
    """The session token of a form that this site made for it. Raises AccessError otherwise."""
    session_token = session_of(request, EVALUATOR_COOKIE)
    if not session_token:
        raise AccessError(services.NO_SESSION)
    require_form_token(session_token, form.form_token)
    return session_token
