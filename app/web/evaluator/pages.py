"""The evaluator's desk: the item that is due, its questions, and the way back. Each handler calls one service."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import RedirectResponse, Response

from app.foundation.clock import now
from app.judging.worklist import Worklist
from app.services import judging, phase_two
from app.services.judging import Visit
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
        return _due(request, session, judging.visit(session, session_of(request, EVALUATOR_COOKIE)))


@router.post("/judge/verdict")
def verdict(request: Request, database: DatabaseOf, form: Annotated[VerdictForm, Form()]) -> Response:
    """Record a verdict and show what is next."""
    session_token = checked(request, form)
    with database.writing() as session:
        here = judging.visit_to_write(session, session_token)
        given = form.answer(cannot_judge=here.design.cannot_judge)
        found = judging.answer(session, here, given, form.timing(), now())
        return _next(request, session, here, found)


@router.post("/judge/hypothesis")
def hypothesis(request: Request, database: DatabaseOf, form: Annotated[HypothesisForm, Form()]) -> Response:
    """Record what was written after a verdict and show what is next."""
    session_token = checked(request, form)
    given = form.answer()
    with database.writing() as session:
        here = judging.visit_to_write(session, session_token)
        found = judging.answer(session, here, given, form.timing(), now())
        return _next(request, session, here, found)


@router.post("/judge/aids")
def aids(request: Request, database: DatabaseOf, form: Annotated[ItemForm, Form()]) -> Response:
    """Lock the verdict that was just given and show the item with its aids."""
    session_token = checked(request, form)
    with database.writing() as session:
        here = judging.visit_to_write(session, session_token)
        judging.open_aids(session, here, form.item, now())
        return _next(request, session, here)


@router.post("/judge/flag")
def flag(request: Request, database: DatabaseOf, form: Annotated[FlagForm, Form()]) -> Response:
    """Pass over an item that is faulty or too distressing."""
    session_token = checked(request, form)
    with database.writing() as session:
        here = judging.visit_to_write(session, session_token)
        row = FlagRow(item=form.item, kind=form.kind, comment=form.text())
        found = judging.pass_over(session, here, row, now())
        return _next(request, session, here, found)


@router.post("/judge/phase")
def begin_phase_two(request: Request, database: DatabaseOf, form: Annotated[TokenForm, Form()]) -> Response:
    """Close the verdicts and go on to the last question."""
    session_token = checked(request, form)
    with database.writing() as session:
        phase_two.begin(session, session_token)
    return RedirectResponse(DESK, status_code=HTTPStatus.SEE_OTHER)


@router.post("/judge/guess")
def guess(request: Request, database: DatabaseOf, form: Annotated[GuessForm, Form()]) -> Response:
    """Record an answer of phase 2."""
    session_token = checked(request, form)
    with database.writing() as session:
        here = judging.visit_to_write(session, session_token)
        phase_two.guess(session, here, GuessRow(item=form.item, guess=form.guess), now())
        return _next(request, session, here)


@router.get("/judge/undo")
def undo(request: Request, database: DatabaseOf, item: str = "", revision: int = 0) -> Response:
    """Go back to the answer on `item` if `revision` of it was given since, else to the one before it or the latest."""
    with database.reading() as session:
        here = judging.visit(session, session_of(request, EVALUATOR_COOKIE))
        earlier = judging.earlier(session, here, item or None, revision)
    return RedirectResponse(f"/judge/item/{earlier}" if earlier else DESK, status_code=HTTPStatus.SEE_OTHER)


@router.get("/judge/item/{item}")
def again(request: Request, item: str, database: DatabaseOf) -> Response:
    """An item judged before, to change its verdict."""
    with database.reading() as session:
        here = _open_visit(request, session)
        laid_out = judging.desk_again(session, here, item)
    return item_response(request, laid_out)


@router.get("/judge/ahead/{item}")
def ahead(request: Request, item: str, database: DatabaseOf) -> Response:
    """The page that follows once `item` is answered; fetching it is not seeing it, and nothing is recorded."""
    with database.reading() as session:
        here = _open_visit(request, session)
        laid_out = judging.desk_ahead(session, here, item, now())
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
    if laid_out.pace is not None and laid_out.pace.capped and laid_out.place.question == "verdict":
        return _plain(request, "rest", here, pace=laid_out.pace)
    if not laid_out.may_go_on and not laid_out.practice:
        return _plain(request, "not_passed", here)
    if not laid_out.shown:
        judging.note_shown(session, here, laid_out.place.item, now())
    return item_response(request, laid_out)


def _desk(session: Session, here: Visit, found: Worklist | None) -> judging.ItemPage | None:
    """What is due; where items are leased one at a time, the next one if nothing is."""
    laid_out = judging.desk(session, here, now(), found)
    if laid_out is None and judging.more_may_come(session, here) and judging.take_next(session, here, now()):
        return judging.desk(session, here, now())
    return laid_out


def _end(session: Session, here: Visit) -> str:
    """The page for an evaluator who has nothing to judge: for now, for the first phase, or for good."""
    if judging.more_may_come(session, here):
        return "wait"
    return "phase_two" if phase_two.options(session, here) else "done"


def _second_phase(request: Request, session: Session, here: Visit) -> Response:
    laid_out = phase_two.desk(session, here)
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
    here = judging.visit(session, session_of(request, EVALUATOR_COOKIE))
    if here.state != "collecting" or not here.consented:
        raise SeeOther(DESK)
    return here
