"""The judging pages: the item that is due, the forms that answer it, and the change of an earlier answer."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app.foundation.clock import now
from app.judging.worklist import Worklist
from app.rounds.lifecycle import allows
from app.services import blinding_question, item_pages, judging
from app.services.evaluator_session import Visit
from app.web.addresses import JUDGING_PAGE
from app.web.dependencies import AppAidsKeys, AppDatabase
from app.web.errors import SeeOther
from app.web.evaluator.due_page import due_page
from app.web.evaluator.forms import FlagForm, GuessForm, HypothesisForm, ItemForm, TokenForm, VerdictForm
from app.web.evaluator.item_view import item_response
from app.web.evaluator.session import require_evaluator_form, require_visit, writing_visit

NEXT_PAGE_HEADER = "x-first-glance-swap"
"""Header by which the page's script asks for the next page in the response instead of a redirect to it."""

router = APIRouter()


@router.get(JUDGING_PAGE)
def show_due_page(request: Request, database: AppDatabase) -> Response:
    """Show the page that is due now: consent, an item, the end, or why there is no item."""
    with database.writing() as session:
        return due_page(request, session, require_visit(request, session))


@router.post("/judge/verdict")
def submit_verdict(request: Request, database: AppDatabase, verdict_form: Annotated[VerdictForm, Form()]) -> Response:
    """Record a verdict and show what is next."""
    with writing_visit(request, database, verdict_form) as (session, visit):
        answer = verdict_form.answer(visit.design.offered_answers)
        worklist = judging.record_answer(session, visit, answer, verdict_form.timing(), now())
        return _next_page(request, session, visit, worklist)


@router.post("/judge/hypothesis")
def submit_hypothesis(
    request: Request, database: AppDatabase, hypothesis_form: Annotated[HypothesisForm, Form()]
) -> Response:
    """Record what was written after a verdict and show what is next."""
    with writing_visit(request, database, hypothesis_form) as (session, visit):
        answer = hypothesis_form.answer()
        worklist = judging.record_answer(session, visit, answer, hypothesis_form.timing(), now())
        return _next_page(request, session, visit, worklist)


@router.post("/judge/aids")
def open_aids(
    request: Request, database: AppDatabase, aids_keys: AppAidsKeys, item_form: Annotated[ItemForm, Form()]
) -> Response:
    """Lock the verdict that was just given and show the item with its aids."""
    with writing_visit(request, database, item_form) as (session, visit):
        judging.open_aids(session, visit, item_form.item, aids_keys, now())
        return _next_page(request, session, visit)


@router.post("/judge/flag")
def submit_flag(request: Request, database: AppDatabase, flag_form: Annotated[FlagForm, Form()]) -> Response:
    """Skip an item that is faulty or too distressing."""
    with writing_visit(request, database, flag_form) as (session, visit):
        flag = judging.FlagReport(flag_form.item, flag_form.kind, flag_form.checked_comment())
        worklist = judging.flag_item(session, visit, flag, now())
        return _next_page(request, session, visit, worklist)


@router.post("/judge/phase")
def begin_blinding_question(
    request: Request, database: AppDatabase, token_form: Annotated[TokenForm, Form()]
) -> Response:
    """Make all verdicts final and begin the blinding question."""
    session_token = require_evaluator_form(request, token_form)
    with database.writing() as session:
        blinding_question.begin_blinding_question(session, session_token)
    return RedirectResponse(JUDGING_PAGE, status_code=HTTPStatus.SEE_OTHER)


@router.post("/judge/guess")
def submit_guess(request: Request, database: AppDatabase, guess_form: Annotated[GuessForm, Form()]) -> Response:
    """Record an answer to the blinding question."""
    with writing_visit(request, database, guess_form) as (session, visit):
        blinding_question.record_guess(session, visit, guess_form.item, guess_form.guess, now())
        return _next_page(request, session, visit)


@router.get("/judge/undo")
def undo_answer(request: Request, database: AppDatabase, item: str = "", revision: int = 0) -> Response:
    """Redirect to the item whose verdict "Change last answer" opens, from the page of `item` at this `revision`."""
    with database.reading() as session:
        visit = require_visit(request, session)
        undo_item = item_pages.item_to_undo(session, visit, item or None, revision)
    return RedirectResponse(f"/judge/item/{undo_item}" if undo_item else JUDGING_PAGE, status_code=HTTPStatus.SEE_OTHER)


@router.get("/judge/item/{item}")
def show_item_to_change(request: Request, item: str, database: AppDatabase) -> Response:
    """Show an item that was judged, to change its verdict."""
    with database.reading() as session:
        visit = _require_open_round(request, session)
        item_page = item_pages.item_page_to_change(session, visit, item)
    return item_response(request, item_page)


@router.get("/judge/ahead/{item}")
def prefetch_next_item(request: Request, item: str, database: AppDatabase) -> Response:
    """The page that follows an answer on `item`. The script fetches it ahead, so nothing is recorded as shown."""
    with database.reading() as session:
        visit = _require_open_round(request, session)
        item_page = item_pages.item_page_after_answer(session, visit, item, now())
    return item_response(request, item_page) if item_page else Response(status_code=HTTPStatus.NO_CONTENT)


def _next_page(request: Request, session: Session, visit: Visit, worklist: Worklist | None = None) -> Response:
    """The next page if the script asks for it; otherwise a redirect, so that a reload does not send the form again."""
    if NEXT_PAGE_HEADER in request.headers:
        return due_page(request, session, visit, worklist)
    return RedirectResponse(JUDGING_PAGE, status_code=HTTPStatus.SEE_OTHER)


def _require_open_round(request: Request, session: Session) -> Visit:
    """The visit, if its round is open and the evaluator agreed; otherwise a redirect to the judging page is raised."""
    visit = require_visit(request, session)
    if not (allows(visit.state, "judge") and visit.consented):
        raise SeeOther(JUDGING_PAGE)
    return visit
