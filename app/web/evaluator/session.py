"""The evaluator of a request, and the pages of evaluators that show no item."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.foundation.errors import AccessError
from app.services import evaluator_session
from app.services.evaluator_session import Visit
from app.store.engine import Database
from app.web.evaluator.forms import TokenForm
from app.web.security import derive_form_token, evaluator_session_token, require_form_token
from app.web.templating import render_page


def require_evaluator_form(request: Request, form: TokenForm) -> str:
    """The session token of a posted form. Raises AccessError unless this site made the form for that session."""
    session_token = evaluator_session_token(request)
    if not session_token:
        raise AccessError(evaluator_session.NO_SESSION)
    require_form_token(session_token, form.form_token)
    return session_token


def require_visit(request: Request, session: Session) -> Visit:
    """The visit whose session came with the request. Raises AccessError if there is none."""
    return evaluator_session.visit_by_session(session, evaluator_session_token(request))


@contextmanager
def writing_visit(request: Request, database: Database, form: TokenForm) -> Iterator[tuple[Session, Visit]]:
    """A transaction for a posted form, and its visit. Raises AccessError unless the form belongs to its session."""
    session_token = require_evaluator_form(request, form)
    with database.writing() as session:
        yield session, evaluator_session.visit_for_writing(session, session_token)


def render_visit_page(request: Request, template: str, visit: Visit, **variables: object) -> Response:
    """A page for an evaluator that shows no item; `variables` are the template's other variables."""
    form_token = derive_form_token(evaluator_session_token(request))
    return render_page(request, template, visit=visit, design=visit.design, form_token=form_token, **variables)
