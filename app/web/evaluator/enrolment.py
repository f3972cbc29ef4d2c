"""How an evaluator comes in and what is theirs: the invitation, consent, instructions, their own data.

An invitation link only shows a page with a button: programs that preview links open them too, and must not be taken
for the evaluator. The button's POST starts the session and leads to an address without the token.
"""

import json
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from app.foundation.clock import now
from app.foundation.codes import random_token
from app.services import evaluator_session, own_data
from app.web import language
from app.web.dependencies import DatabaseOf, SettingsOf
from app.web.errors import SeeOther
from app.web.evaluator.forms import EraseForm, LanguageForm, TokenForm
from app.web.evaluator.rubric_text import local
from app.web.evaluator.session import DESK, checked, visit_of
from app.web.security import EVALUATOR_COOKIE, form_token, session_of, set_session
from app.web.templating import page

router = APIRouter()


@router.get("/i/{token}")
def confirm(request: Request, token: str, database: DatabaseOf) -> Response:
    """Ask whoever opened an invitation to come in; nothing is recorded."""
    with database.reading() as session:
        here = evaluator_session.visit_by_invitation(session, token)
    return page(request, "judging/confirm.html", {"here": here})


@router.post("/i/{token}")
def join(token: str, database: DatabaseOf, settings: SettingsOf) -> Response:
    """Start the session and lead to an address that can be shown to others."""
    session_token = random_token()
    with database.writing() as session:
        evaluator_session.join_round(session, token, session_token, now())
    response = RedirectResponse(DESK, status_code=HTTPStatus.SEE_OTHER)
    set_session(response, EVALUATOR_COOKIE, session_token, settings)
    return response


@router.post("/judge/consent")
def consent(request: Request, database: DatabaseOf, form: Annotated[TokenForm, Form()]) -> Response:
    """Agree to take part; the instructions come next."""
    session_token = checked(request, form)
    with database.writing() as session:
        evaluator_session.record_consent(session, session_token, now())
    return RedirectResponse("/judge/instructions", status_code=HTTPStatus.SEE_OTHER)


@router.post("/judge/decline")
def decline(request: Request, database: DatabaseOf, form: Annotated[TokenForm, Form()]) -> Response:
    """A polite end: the visit is forgotten, and the link stays good. Whoever agreed before is led back to the desk."""
    session_token = checked(request, form)
    with database.writing() as session:
        forgotten = own_data.decline_consent(session, session_token)
    if not forgotten:
        return RedirectResponse(DESK, status_code=HTTPStatus.SEE_OTHER)
    return _farewell(request, "judging/declined.html")


@router.get("/judge/decline")
def not_declined() -> Response:
    """Declining is a form; whoever comes by its address is shown what is due."""
    return RedirectResponse(DESK, status_code=HTTPStatus.SEE_OTHER)


@router.get("/judge/instructions")
def instructions(request: Request, database: DatabaseOf) -> Response:
    """The rule, worked examples, the marks and the keys."""
    here = visit_of(request, database)
    if not here.consented:
        raise SeeOther(DESK)
    language.choose(request)  # before the wording is told in it
    return page(
        request,
        "judging/instructions.html",
        {"here": here, "design": here.design, "wording": local(here.design.rubric)},
    )


@router.get("/judge/mine")
def mine(request: Request, database: DatabaseOf) -> Response:
    """What is kept about the evaluator, to take along or to have deleted."""
    with database.reading() as session:
        here = evaluator_session.visit_by_session(session, session_of(request, EVALUATOR_COOKIE))
        erasable = own_data.is_erasable(session, here.round_id, here.state)
    token = form_token(session_of(request, EVALUATOR_COOKIE))
    context = {"here": here, "erasable": erasable, "form_token": token}
    return page(request, "judging/mine.html", context)


@router.get("/judge/mine.json")
def download(request: Request, database: DatabaseOf) -> Response:
    """All of it as a file."""
    with database.reading() as session:
        found = own_data.own_data(session, session_of(request, EVALUATOR_COOKIE))
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
        own_data.erase_own_data(session, session_token, now())
    return _farewell(request, "judging/erased.html")


@router.post("/language")
def choose_language(form: Annotated[LanguageForm, Form()]) -> Response:
    """Keep the reader's language in a cookie and show the same page again."""
    response = RedirectResponse(form.back, status_code=HTTPStatus.SEE_OTHER)
    response.set_cookie(language.COOKIE, form.language, max_age=365 * 24 * 3600, samesite="lax", httponly=True)
    return response


def _farewell(request: Request, name: str) -> Response:
    """A last page; the session ends with it, here and in the browser."""
    response = page(request, name, {})
    response.delete_cookie(EVALUATOR_COOKIE, path="/")
    return response
