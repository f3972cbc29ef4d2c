"""How an evaluator comes in and what is theirs: the invitation, consent, instructions, their own data.

An invitation link only shows a page with a button: programs that preview links open them too, and must not be taken
for the evaluator. The button's POST starts the session and leads to an address without the token.
"""

import json
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from app.foundation import codes
from app.foundation.clock import now
from app.services import judging as services
from app.services import own_data
from app.web import language
from app.web.dependencies import DatabaseOf, SettingsOf
from app.web.errors import SeeOther
from app.web.forms import EraseForm, LanguageForm, PageForm
from app.web.security import EVALUATOR_COOKIE, form_token, session_of, set_session
from app.web.templating import page
from app.web.visiting import DESK, checked, visit_of
from app.web.wording import local

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


@router.post("/judge/consent")
def consent(request: Request, database: DatabaseOf, form: Annotated[PageForm, Form()]) -> Response:
    """Agree to take part; the instructions come next."""
    session_token = checked(request, form)
    with database.writing() as session:
        services.consent(session, session_token, now())
    return RedirectResponse("/judge/instructions", status_code=HTTPStatus.SEE_OTHER)


@router.get("/judge/decline")
def decline(request: Request, database: DatabaseOf) -> Response:
    """A polite end. Nothing is stored, and the link stays good."""
    return page(request, "judging/declined.html", {"here": visit_of(request, database)})


@router.get("/judge/instructions")
def instructions(request: Request, database: DatabaseOf) -> Response:
    """The rule, worked examples, the marks and the keys."""
    here = visit_of(request, database)
    if not here.consented:
        raise SeeOther(DESK)
    return page(
        request,
        "judging/instructions.html",
        {"here": here, "design": here.design, "wording": local(here.design.wording)},
    )


@router.get("/judge/mine")
def mine(request: Request, database: DatabaseOf) -> Response:
    """What is kept about the evaluator, to take along or to have deleted."""
    here = visit_of(request, database)
    erasable = here.state in own_data.ERASABLE
    token = form_token(session_of(request, EVALUATOR_COOKIE))
    context = {"here": here, "erasable": erasable, "form_token": token}
    return page(request, "judging/mine.html", context)


@router.get("/judge/mine.json")
def download(request: Request, database: DatabaseOf) -> Response:
    """All of it as a file."""
    with database.reading() as session:
        found = own_data.everything(session, session_of(request, EVALUATOR_COOKIE))
    name = 'attachment; filename="first-glance-my-answers.json"'
    text = json.dumps(found, indent=2, ensure_ascii=False)
    return Response(text, media_type="application/json", headers={"Content-Disposition": name})


@router.post("/judge/erase")
def erase(request: Request, database: DatabaseOf, form: Annotated[EraseForm, Form()]) -> Response:
    """Delete all of it, if the box was ticked; the session ends."""
    session_token = checked(request, form)
    if not form.sure:
        return RedirectResponse("/judge/mine", status_code=HTTPStatus.SEE_OTHER)
    with database.writing() as session:
        own_data.erase(session, session_token, now())
    response = page(request, "judging/erased.html", {})
    response.delete_cookie(EVALUATOR_COOKIE, path="/")
    return response


@router.post("/language")
def choose_language(form: Annotated[LanguageForm, Form()]) -> Response:
    """Keep the reader's language in a cookie and go back to the desk."""
    response = RedirectResponse(DESK, status_code=HTTPStatus.SEE_OTHER)
    response.set_cookie(language.COOKIE, form.language, max_age=365 * 24 * 3600, samesite="lax", httponly=True)
    return response
