"""The evaluator's desk: the item that is due, its questions, and the way back. Each handler calls one service."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app.foundation.clock import now
from app.judging.worklist import Worklist
from app.services import assignment, evaluator_session, item_pages, judging, phase_two
from app.services.evaluator_session import Visit
from app.services.item_pages import ItemPage
from app.store.tables import FlagRow, GuessRow
from app.web.dependencies import DatabaseOf
from app.web.errors import SeeOther
from app.web.evaluator.forms import FlagForm, GuessForm, HypothesisForm, ItemForm, TokenForm, VerdictForm
from app.web.evaluator.item_page import item_response
from app.web.evaluator.session import DESK, checked
from app.web.security import EVALUATOR_COOKIE, form_token, session_of
from app.web.templating import page

SWAP = "x-first-glance-swap"
"""Sent by the page's own script: it wants the next page in the same response, not a redirect to it."""

router = APIRouter()


@router.get(DESK)
def desk(request: Request, database: DatabaseOf) -> Response:
    """What is due now: consent, the round's state, an item, or thanks."""
    with database.writing() as session:
        return _due(
            request, session, evaluator_session.visit_by_session(session, session_of(request, EVALUATOR_COOKIE))
        )


@router.post("/judge/verdict")
def verdict(request: Request, database: DatabaseOf, form: Annotated[VerdictForm, Form()]) -> Response:
    """Record a verdict and show what is next."""
    session_token = checked(request, form)
    with database.writing() as session:
        here = evaluator_session.visit_for_writing(session, session_token)
        given = form.answer(cannot_judge=here.design.cannot_judge)
        found = judging.record_answer(session, here, given, form.timing(), now())
        return _next(request, session, here, found)


@router.post("/judge/hypothesis")
def hypothesis(request: Request, database: DatabaseOf, form: Annotated[HypothesisForm, Form()]) -> Response:
    """Record what was written after a verdict and show what is next."""
    session_token = checked(request, form)
    given = form.answer()
    with database.writing() as session:
        here = evaluator_session.visit_for_writing(session, session_token)
        found = judging.record_answer(session, here, given, form.timing(), now())
        return _next(request, session, here, found)


@router.post("/judge/aids")
def aids(request: Request, database: DatabaseOf, form: Annotated[ItemForm, Form()]) -> Response:
    """Lock the verdict that was just given and show the item with its aids."""
    session_token = checked(request, form)
    with database.writing() as session:
        here = evaluator_session.visit_for_writing(session, session_token)
        judging.open_aids(session, here, form.item, now())
        return _next(request, session, here)


@router.post("/judge/flag")
def flag(request: Request, database: DatabaseOf, form: Annotated[FlagForm, Form()]) -> Response:
    """Pass over an item that is faulty or too distressing."""
    session_token = checked(request, form)
    with database.writing() as session:
        here = evaluator_session.visit_for_writing(session, session_token)
        row = FlagRow(item=form.item, kind=form.kind, comment=form.text())
        found = judging.flag_item(session, here, row, now())
        return _next(request, session, here, found)


@router.post("/judge/phase")
def begin_phase_two(request: Request, database: DatabaseOf, form: Annotated[TokenForm, Form()]) -> Response:
    """Close the verdicts and go on to the last question."""
    session_token = checked(request, form)
    with database.writing() as session:
        phase_two.begin_phase_two(session, session_token)
    return RedirectResponse(DESK, status_code=HTTPStatus.SEE_OTHER)


@router.post("/judge/guess")
def guess(request: Request, database: DatabaseOf, form: Annotated[GuessForm, Form()]) -> Response:
    """Record an answer of phase 2."""
    session_token = checked(request, form)
    with database.writing() as session:
        here = evaluator_session.visit_for_writing(session, session_token)
        phase_two.record_guess(session, here, GuessRow(item=form.item, guess=form.guess), now())
        return _next(request, session, here)


@router.get("/judge/undo")
def undo(request: Request, database: DatabaseOf, item: str = "", revision: int = 0) -> Response:
    """Go back to the answer on `item` if `revision` of it was given since, else to the one before it or the latest."""
    with database.reading() as session:
        here = evaluator_session.visit_by_session(session, session_of(request, EVALUATOR_COOKIE))
        undo_item = item_pages.item_to_undo(session, here, item or None, revision)
    return RedirectResponse(f"/judge/item/{undo_item}" if undo_item else DESK, status_code=HTTPStatus.SEE_OTHER)


@router.get("/judge/item/{item}")
def again(request: Request, item: str, database: DatabaseOf) -> Response:
    """An item judged before, to change its verdict."""
    with database.reading() as session:
        here = _open_visit(request, session)
        laid_out = item_pages.item_page_to_change(session, here, item)
    return item_response(request, laid_out)


@router.get("/judge/ahead/{item}")
def ahead(request: Request, item: str, database: DatabaseOf) -> Response:
    """The page that follows once `item` is answered; fetching it is not seeing it, and nothing is recorded."""
    with database.reading() as session:
        here = _open_visit(request, session)
        laid_out = item_pages.item_page_after_answer(session, here, item, now())
    return item_response(request, laid_out) if laid_out else Response(status_code=HTTPStatus.NO_CONTENT)


def _due(request: Request, session: Session, here: Visit, found: Worklist | None = None) -> Response:
    """The page that is due to this evaluator, in the transaction that recorded the answer before it."""
    if not here.consented and here.state in ("sealed", "collecting"):
        return _plain(request, "consent", here)
    if here.state != "collecting":
        return _plain(request, "not_open", here)
    if here.phase > 1:
        return _second_phase(request, session, here)
    laid_out = _desk(session, here, found)
    if laid_out is None:
        return _plain(request, _end(session, here), here)
    if laid_out.pace is not None and laid_out.pace.daily_cap_reached and laid_out.due.kind == "verdict":
        return _plain(request, "rest", here, pace=laid_out.pace)
    if not laid_out.practice_passed and not laid_out.is_practice:
        return _plain(request, "not_passed", here)
    if not laid_out.shown_before:
        item_pages.record_first_display(session, here, laid_out.due.item_code, now())
    return item_response(request, laid_out)


def _desk(session: Session, here: Visit, found: Worklist | None) -> ItemPage | None:
    """What is due; where items are leased one at a time, the next one if nothing is."""
    laid_out = item_pages.due_item_page(session, here, now(), found)
    if laid_out is not None or not assignment.items_may_come_free(session, here.evaluator_id):
        return laid_out
    leased = assignment.lease_next_item(session, here.evaluator_id, now())
    return item_pages.due_item_page(session, here, now()) if leased else None


def _end(session: Session, here: Visit) -> str:
    """The page for an evaluator who has nothing to judge: for now, for the first phase, or for good."""
    if assignment.items_may_come_free(session, here.evaluator_id):
        return "wait"
    return "phase_two" if phase_two.guess_options(session, here) else "done"


def _second_phase(request: Request, session: Session, here: Visit) -> Response:
    laid_out = phase_two.due_guess_page(session, here)
    return _plain(request, "done", here) if laid_out is None else item_response(request, laid_out)


def _plain(request: Request, name: str, here: Visit, **context: Any) -> Response:  # noqa: ANN401 - of the template
    """A page without an item."""
    token = form_token(session_of(request, EVALUATOR_COOKIE))
    known = {"here": here, "design": here.design, "form_token": token}
    return page(request, f"judging/{name}.html", known | context)


def _next(request: Request, session: Session, here: Visit, found: Worklist | None = None) -> Response:
    """The next page at once for the script, or by a redirect, so that reloading it does not send the form again."""
    if SWAP in request.headers:
        return _due(request, session, here, found)
    return RedirectResponse(DESK, status_code=HTTPStatus.SEE_OTHER)


def _open_visit(request: Request, session: Session) -> Visit:
    """A visit to a round that takes answers; everyone else is sent to the page that is due to them."""
    here = evaluator_session.visit_by_session(session, session_of(request, EVALUATOR_COOKIE))
    if here.state != "collecting" or not here.consented:
        raise SeeOther(DESK)
    return here
