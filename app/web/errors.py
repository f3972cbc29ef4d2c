"""From an error to a status and a page: the only such table. Every page says what to do, and none shows a traceback."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.foundation.errors import (
    AccessError,
    FirstGlanceError,
    JudgmentError,
    LifecycleError,
    NotFoundError,
    SettingsError,
)
from app.foundation.translatable import translatable
from app.services.evaluator_session import NO_SESSION
from app.web import language
from app.web.security import EVALUATOR_COOKIE, session_of
from app.web.templating import page

LOGGER = logging.getLogger(__name__)

STATUSES: dict[type[FirstGlanceError], HTTPStatus] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    AccessError: HTTPStatus.FORBIDDEN,
    LifecycleError: HTTPStatus.CONFLICT,
    JudgmentError: HTTPStatus.UNPROCESSABLE_ENTITY,
    SettingsError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
TITLES = {
    HTTPStatus.NOT_FOUND: translatable("There is nothing here"),
    HTTPStatus.FORBIDDEN: translatable("This page needs your invitation"),
    HTTPStatus.CONFLICT: translatable("Not at this stage"),
    HTTPStatus.INTERNAL_SERVER_ERROR: translatable("Something broke on our side"),
}
OTHERWISE = translatable("That could not be done")
ADMIN_TITLES = {HTTPStatus.FORBIDDEN: "Not allowed"}
NOWHERE = translatable("This address leads nowhere. Check it, or go back to the page you came from.")
NOT_TAKEN = translatable("This address does not take that request. Go back to the page you came from.")
UNUSABLE = translatable(
    "The form had a value that cannot be used (%(names)s). Nothing was stored; go back and answer once more."
)
BROKEN = translatable(
    "Nothing that was confirmed is lost. Load the page again; if it keeps happening, tell whoever invited you."
)


class SeeOther(Exception):  # noqa: N818 - it is no error: it sends the reader elsewhere
    """Raised where a reader has to be somewhere else first, such as the sign-in page."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def install(app: FastAPI) -> None:
    """Hand every kind of error its page."""
    app.add_exception_handler(SeeOther, _elsewhere)
    app.add_exception_handler(FirstGlanceError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unknown)


def error_page(request: Request, status: int, message: str, values: Mapping[str, object] | None = None) -> Response:
    """A page with one sentence that says what to do, in the reader's language; admins read English."""
    known = HTTPStatus(status)
    if request.url.path.startswith("/admin"):
        said = message % values if values else message
        title = (TITLES | ADMIN_TITLES).get(known, OTHERWISE)
        return page(request, "admin/error.html", {"title": title, "message": said}, status=status)
    language.choose(request)
    inside = bool(session_of(request, EVALUATOR_COOKIE)) and message != NO_SESSION
    title = OTHERWISE if inside and known is HTTPStatus.FORBIDDEN else TITLES.get(known, OTHERWISE)
    said = language.filled(message, values or {})
    context = {"title": language.gettext(title), "message": said, "inside": inside}
    return page(request, "error.html", context, status=status)


def _elsewhere(_request: Request, error: Exception) -> Response:
    assert isinstance(error, SeeOther)
    return RedirectResponse(error.address, status_code=HTTPStatus.SEE_OTHER)


def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, FirstGlanceError)
    status = next(
        (status for kind, status in STATUSES.items() if isinstance(error, kind)), HTTPStatus.UNPROCESSABLE_ENTITY
    )
    return error_page(request, status, error.message, error.values)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    names = ", ".join(sorted({str(one["loc"][-1]) for one in error.errors()}))
    return error_page(request, HTTPStatus.UNPROCESSABLE_ENTITY, UNUSABLE, {"names": names})


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = NOWHERE if error.status_code == HTTPStatus.NOT_FOUND else NOT_TAKEN
    return error_page(request, error.status_code, message)


def _unknown(request: Request, error: Exception) -> Response:
    LOGGER.error(
        "unexpected error on %s", request.scope["route"].path if "route" in request.scope else "?", exc_info=error
    )
    return error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR, BROKEN)
