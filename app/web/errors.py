"""The status and the page of every error. Each page says what to do, and none shows a traceback."""

import logging
from http import HTTPStatus
from json import JSONDecodeError

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.foundation.errors import (
    AccessError,
    FirstGlanceError,
    InputError,
    JudgmentError,
    LifecycleError,
    NotFoundError,
    SettingsError,
)
from app.foundation.translatable import translatable
from app.services.evaluator_session import NO_SESSION
from app.store.storable import UNSTORABLE_NUMBER
from app.web import language
from app.web.addresses import is_admin_page
from app.web.security import NO_SUCH_ADDRESS, evaluator_session_token
from app.web.templating import render_page

LOGGER = logging.getLogger(__name__)

# The first class that an error belongs to decides, so InputError stands before LifecycleError.
STATUSES: dict[type[FirstGlanceError], HTTPStatus] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    AccessError: HTTPStatus.FORBIDDEN,
    InputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    LifecycleError: HTTPStatus.CONFLICT,
    JudgmentError: HTTPStatus.UNPROCESSABLE_ENTITY,
    SettingsError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
TITLES = {
    HTTPStatus.NOT_FOUND: translatable("There is nothing here"),
    HTTPStatus.FORBIDDEN: translatable("This page needs your invitation"),
    HTTPStatus.CONFLICT: translatable("Not possible at this stage"),
    HTTPStatus.INTERNAL_SERVER_ERROR: translatable("Something went wrong on our side"),
}
DEFAULT_TITLE = translatable("That could not be done")
ADMIN_TITLES = {HTTPStatus.FORBIDDEN: "Not allowed"}
WRONG_METHOD = translatable("This address does not accept that request. Go back to the page you came from.")
INVALID_FORM = translatable(
    "The form had a value that cannot be used (%(names)s). Nothing was stored; go back and answer again."
)
UNREADABLE = translatable(
    "No saved answer is lost, but what is stored for this page cannot be read; somebody may have changed the database "
    "by hand. Tell the person who invited you: a backup of the database helps."
)
UNEXPECTED = translatable(
    "No saved answer is lost. Load the page again. If this happens again, tell the person who invited you."
)


class SeeOther(Exception):  # noqa: N818 - not an error: it redirects
    """Raised to redirect a reader to another page first, such as the sign-in page."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def install_error_pages(app: FastAPI) -> None:
    """Show a page for every kind of error."""
    app.add_exception_handler(SeeOther, _redirect)
    app.add_exception_handler(FirstGlanceError, _page_of_our_error)
    app.add_exception_handler(RequestValidationError, _page_of_invalid_form)
    app.add_exception_handler(HTTPException, _page_of_http_error)
    app.add_exception_handler(DataError, _page_of_unstorable_value)
    for kind in (JSONDecodeError, ValidationError, RecursionError):
        app.add_exception_handler(kind, _page_of_unreadable_content)
    app.add_exception_handler(Exception, _page_of_unexpected_error)


def error_page(request: Request, status: int, message: str, typed: str = "", /, **values: object) -> Response:
    """A page with one sentence that says what to do, in the reader's language; admins read English.

    What an admin `typed` stands below it, to be copied.
    """
    if is_admin_page(request.url.path):
        return _admin_error_page(request, HTTPStatus(status), message % values if values else message, typed)
    language.choose_language(request)
    has_session = bool(evaluator_session_token(request)) and message != NO_SESSION
    title = TITLES.get(HTTPStatus(status), DEFAULT_TITLE)
    if has_session and status == HTTPStatus.FORBIDDEN:
        title = DEFAULT_TITLE
    sentence = language.translate_message(message, **values)
    return render_page(
        request, "error.html", status, title=language.gettext(title), message=sentence, has_session=has_session
    )


def _admin_error_page(request: Request, status: HTTPStatus, message: str, typed: str) -> Response:
    """A page that leads back to the round, unless there is no such round, or whoever asks may not see it."""
    title = (TITLES | ADMIN_TITLES).get(status, DEFAULT_TITLE)
    leads_nowhere = status in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN)
    round_id = None if leads_nowhere else request.path_params.get("round_id")
    return render_page(
        request, "admin/error.html", status, title=title, message=message, round_id=round_id, typed=typed
    )


def _redirect(_request: Request, error: Exception) -> Response:
    assert isinstance(error, SeeOther)
    return RedirectResponse(error.address, status_code=HTTPStatus.SEE_OTHER)


def _page_of_our_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, FirstGlanceError)
    status = next(
        (status for kind, status in STATUSES.items() if isinstance(error, kind)), HTTPStatus.UNPROCESSABLE_ENTITY
    )
    typed = error.typed if isinstance(error, InputError) else ""
    return error_page(request, status, error.message, typed, **error.values)


def _page_of_invalid_form(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    names = ", ".join(sorted({str(problem["loc"][-1]) for problem in error.errors()}))
    return error_page(request, HTTPStatus.UNPROCESSABLE_ENTITY, INVALID_FORM, names=names)


def _page_of_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = NO_SUCH_ADDRESS if error.status_code == HTTPStatus.NOT_FOUND else WRONG_METHOD
    return error_page(request, error.status_code, message)


def _page_of_unstorable_value(request: Request, error: Exception) -> Response:
    _log_error(request, error)
    return error_page(request, HTTPStatus.UNPROCESSABLE_ENTITY, UNSTORABLE_NUMBER)


def _page_of_unreadable_content(request: Request, error: Exception) -> Response:
    """A page for stored JSON that is none: what a request brings is checked before, and is no reason for it."""
    _log_error(request, error)
    return error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR, UNREADABLE)


def _page_of_unexpected_error(request: Request, error: Exception) -> Response:
    _log_error(request, error)
    return error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED)


def _log_error(request: Request, error: Exception) -> None:
    route = request.scope["route"].path if "route" in request.scope else "?"
    LOGGER.error("unexpected error on %s", route, exc_info=error)
