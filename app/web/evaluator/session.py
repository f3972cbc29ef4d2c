"""Who is asking, for every page of an evaluator: a session's visit, and the token of a form made for it."""

from fastapi import Request

from app.foundation.errors import AccessError
from app.services import evaluator_session
from app.services.evaluator_session import Visit
from app.store.engine import Database
from app.web import addresses
from app.web.evaluator.forms import TokenForm
from app.web.security import EVALUATOR_COOKIE, require_form_token, session_of

DESK = addresses.DESK


def visit_of(request: Request, database: Database) -> Visit:
    """Whose session came with the request. Raises AccessError."""
    with database.reading() as session:
        return evaluator_session.visit_by_session(session, session_of(request, EVALUATOR_COOKIE))


def checked(request: Request, form: TokenForm) -> str:
    """The session token of a form that this site made for it. Raises AccessError otherwise."""
    session_token = session_of(request, EVALUATOR_COOKIE)
    if not session_token:
        raise AccessError(evaluator_session.NO_SESSION)
    require_form_token(session_token, form.form_token)
    return session_token
