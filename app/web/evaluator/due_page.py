"""The page that is due to an evaluator: consent, the round's state, an item, a rest, or thanks."""

from fastapi import Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.foundation.clock import now
from app.judging.worklist import Worklist
from app.rounds.lifecycle import allows
from app.services import assignment, blinding_question, item_pages
from app.services.evaluator_session import Visit
from app.services.item_pages import ItemPage
from app.web.evaluator.item_view import item_response
from app.web.evaluator.session import render_visit_page


def due_page(request: Request, session: Session, visit: Visit, worklist: Worklist | None = None) -> Response:
    """The page that is due now.

    `worklist` is what remains after the answer that this transaction recorded; if left out, it is read again.
    """
    if not visit.consented and allows(visit.state, "invite"):
        return render_visit_page(request, "evaluator/consent.html", visit)
    if not allows(visit.state, "judge"):
        return render_visit_page(request, "evaluator/not_open.html", visit)
    if visit.phase > 1:
        return _guess_page(request, session, visit)
    item_page = _due_or_leased_item(session, visit, worklist)
    if item_page is None:
        return render_visit_page(request, _end_template(session, visit), visit)
    return _verdict_page(request, session, item_page)


def _verdict_page(request: Request, session: Session, item_page: ItemPage) -> Response:
    """The page of an item, and the start of its clock; or the page that says why no item is shown."""
    visit, pace = item_page.visit, item_page.pace
    if pace is not None and pace.daily_cap_reached and item_page.due.asks == "verdict":
        return render_visit_page(request, "evaluator/rest.html", visit, pace=pace)
    if not item_page.practice_passed and not item_page.is_practice:
        return render_visit_page(request, "evaluator/practice_not_passed.html", visit)
    if not item_page.shown_before:
        item_pages.record_first_display(session, visit, item_page.due.item_code, now())
    return item_response(request, item_page)


def _guess_page(request: Request, session: Session, visit: Visit) -> Response:
    item_page = blinding_question.due_guess_page(session, visit)
    if item_page is None:
        return render_visit_page(request, "evaluator/done.html", visit)
    return item_response(request, item_page)


def _due_or_leased_item(session: Session, visit: Visit, worklist: Worklist | None) -> ItemPage | None:
    """The item that is due. If none is due and items are leased one at a time, the next item is leased."""
    item_page = item_pages.due_item_page(session, visit, now(), worklist)
    if item_page is not None or not assignment.items_may_come_free(session, visit.evaluator_id):
        return item_page
    leased = assignment.lease_next_item(session, visit.evaluator_id, now())
    return item_pages.due_item_page(session, visit, now()) if leased else None


def _end_template(session: Session, visit: Visit) -> str:
    """The template for an evaluator without a due item: wait, go on to the blinding question, or done."""
    if assignment.items_may_come_free(session, visit.evaluator_id):
        return "evaluator/wait.html"
    return (
        "evaluator/blinding_question.html" if blinding_question.guess_options(session, visit) else "evaluator/done.html"
    )
