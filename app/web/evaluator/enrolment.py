"""Pages around the judging: the invitation, consent, instructions, the evaluator's own data, and the language.

An invitation link only shows a page with a button, because programs that preview links open it too. The button's POST
starts the session and redirects to an address without the token.
"""

import json
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from app.foundation.clock import now
from app.foundation.codes import random_token
from app.services import evaluator_session, own_data
from app.services.round_keys import is_key_missing
from app.web import language
from app.web.addresses import JUDGING_PAGE
from app.web.dependencies import AppDatabase, AppRoundKeys, AppSettings
from app.web.downloads import download_response
from app.web.errors import SeeOther
from app.web.evaluator.forms import EraseForm, LanguageForm, TokenForm
from app.web.evaluator.session import render_visit_page, require_evaluator_form, require_visit
from app.web.security import EVALUATOR_COOKIE, evaluator_session_token, set_session_cookie
from app.web.templating import render_page

YEAR = 365 * 24 * 3600

router = APIRouter()


@router.get("/i/{token}")
def show_invitation(request: Request, token: str, database: AppDatabase) -> Response:
    """Show the invitation with a button to come in; nothing is recorded."""
    with database.reading() as session:
        visit = evaluator_session.visit_by_invitation(session, token)
    return render_page(request, "evaluator/invitation.html", visit=visit)


@router.post("/i/{token}")
def accept_invitation(token: str, database: AppDatabase, settings: AppSettings) -> Response:
    """Start the session and redirect to an address without the token."""
    session_token = random_token()
    with database.writing() as session:
        evaluator_session.join_round(session, token, session_token, now())
    response = RedirectResponse(JUDGING_PAGE, status_code=HTTPStatus.SEE_OTHER)
    set_session_cookie(response, EVALUATOR_COOKIE, session_token, settings)
    return response


@router.post("/judge/consent")
def give_consent(request: Request, database: AppDatabase, token_form: Annotated[TokenForm, Form()]) -> Response:
    """Agree to take part; the instructions come next."""
    session_token = require_evaluator_form(request, token_form)
    with database.writing() as session:
        evaluator_session.record_consent(session, session_token, now())
    return RedirectResponse("/judge/instructions", status_code=HTTPStatus.SEE_OTHER)


@router.post("/judge/decline")
def decline_consent(request: Request, database: AppDatabase, token_form: Annotated[TokenForm, Form()]) -> Response:
    """Delete the visit and say goodbye; the link stays valid. Evaluators who agreed before go to the judging page."""
    session_token = require_evaluator_form(request, token_form)
    with database.writing() as session:
        forgotten = own_data.decline_consent(session, session_token, now())
    if not forgotten:
        return RedirectResponse(JUDGING_PAGE, status_code=HTTPStatus.SEE_OTHER)
    return _farewell_page(request, "evaluator/declined.html")


@router.get("/judge/decline")
def redirect_from_decline() -> Response:
    """Redirect to the judging page: declining needs the form, not just its address."""
    return RedirectResponse(JUDGING_PAGE, status_code=HTTPStatus.SEE_OTHER)


@router.get("/judge/instructions")
def show_instructions(request: Request, database: AppDatabase) -> Response:
    """Show the instructions: the question, the rule, two examples, the marks and the keys."""
    with database.reading() as session:
        visit = require_visit(request, session)
    if not visit.consented:
        raise SeeOther(JUDGING_PAGE)
    language.choose_language(request)  # before the rubric is translated
    rubric = visit.design.rubric.translated(language.gettext)
    return render_visit_page(request, "evaluator/instructions.html", visit, rubric=rubric)


@router.get("/judge/mine")
def show_own_data(request: Request, database: AppDatabase, round_keys: AppRoundKeys) -> Response:
    """Show what is stored about the evaluator, with links to download and to delete it."""
    with database.reading() as session:
        visit = require_visit(request, session)
        erasable = own_data.are_answers_erasable(session, visit.round_id, visit.state)
        unsigned = is_key_missing(session, visit.round_id, round_keys)
    return render_visit_page(request, "evaluator/own_data.html", visit, erasable=erasable, unsigned=unsigned)


@router.get("/judge/mine.json")
def download_own_data(request: Request, database: AppDatabase, round_keys: AppRoundKeys) -> Response:
    """Everything that is stored about the evaluator, as a JSON file."""
    with database.reading() as session:
        stored = own_data.own_data(session, evaluator_session_token(request), round_keys, now())
    text = json.dumps(stored, indent=2, ensure_ascii=False)
    return download_response(text.encode(), "application/json", "first-glance-my-answers.json")


@router.post("/judge/erase")
def erase_own_data(request: Request, database: AppDatabase, erase_form: Annotated[EraseForm, Form()]) -> Response:
    """Delete everything stored about the evaluator if the box was ticked, and end the session."""
    session_token = require_evaluator_form(request, erase_form)
    if not erase_form.sure:
        return RedirectResponse("/judge/mine", status_code=HTTPStatus.SEE_OTHER)
    with database.erasing() as session:
        own_data.erase_own_data(session, session_token, now())
    return _farewell_page(request, "evaluator/erased.html")


@router.post("/language")
def choose_language(language_form: Annotated[LanguageForm, Form()]) -> Response:
    """Remember the reader's language in a cookie and show the same page again."""
    response = RedirectResponse(language_form.back, status_code=HTTPStatus.SEE_OTHER)
    response.set_cookie(language.COOKIE, language_form.language, max_age=YEAR, samesite="lax", httponly=True)
    return response


def _farewell_page(request: Request, template: str) -> Response:
    """A last page; its response deletes the session cookie. The caller has ended the session in the database."""
    response = render_page(request, template)
    response.delete_cookie(EVALUATOR_COOKIE, path="/")
    return response
