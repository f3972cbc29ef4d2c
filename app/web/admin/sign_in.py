"""Admins' sessions: the sign-in page, and the types by which a handler asks for a signed-in admin.

The session is a signed cookie that holds the name and a stamp of the password's hash; it ends after twelve hours, or
when the password changes. A handler that reads takes `ViewingAdmin`; one that changes something takes `ActingAdmin`,
which also checks the form's token, so a handler cannot forget it.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.orm import Session

from app.foundation.codes import random_token
from app.foundation.errors import AccessError
from app.foundation.settings import Settings
from app.services import admins
from app.web.admin.session_secret import session_secret
from app.web.admin.sign_in_limit import SignInLimit
from app.web.dependencies import AppDatabase, AppSettings
from app.web.errors import SeeOther
from app.web.security import (
    ADMIN_COOKIE,
    admin_session_token,
    derive_form_token,
    require_form_token,
    set_session_cookie,
)
from app.web.templating import render_page

SESSION_HOURS = 12
HOME = "/admin/rounds"
SIGN_IN = "/admin/sign-in"

router = APIRouter(prefix="/admin")


@dataclass(frozen=True)
class SignedInAdmin:
    """The admin of a request, and the token of their forms."""

    name: str
    form_token: str


def viewing_admin(request: Request, database: AppDatabase, settings: AppSettings) -> SignedInAdmin:
    """The signed-in admin. Without one, a GET request is redirected to the sign-in page; others raise AccessError."""
    session_token = admin_session_token(request)
    with database.reading() as session:
        admin = _admin_of_session(session_token, session, settings)
    if admin is not None:
        return SignedInAdmin(admin.name, derive_form_token(session_token))
    if request.method in ("GET", "HEAD"):
        address = f"{SIGN_IN}?next={request.url.path}"
        raise SeeOther(address)
    msg = "Sign in first: this page is for admins."
    raise AccessError(msg)


ViewingAdmin = Annotated[SignedInAdmin, Depends(viewing_admin)]


def acting_admin(request: Request, admin: ViewingAdmin, form_token: Annotated[str, Form()] = "") -> SignedInAdmin:
    """The signed-in admin who posted a form. Raises AccessError unless this site made the form for their session."""
    require_form_token(admin_session_token(request), form_token)
    return admin


ActingAdmin = Annotated[SignedInAdmin, Depends(acting_admin)]


@router.get("/sign-in")
def show_sign_in(request: Request, next_page: Annotated[str, Query(alias="next")] = HOME) -> Response:
    """Show the sign-in form."""
    return render_page(request, "admin/sign_in.html", next_page=_admin_page_or_home(next_page), complaint="", name="")


@router.post("/sign-in")
def sign_in(
    request: Request,
    database: AppDatabase,
    settings: AppSettings,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next_page: Annotated[str, Form(alias="next")] = HOME,
) -> Response:
    """Start a session, or show the form again with the reason."""
    next_page = _admin_page_or_home(next_page)
    try:
        with database.reading() as session:
            account = require_password(session, request, name.strip(), password)
    except AccessError as error:
        variables = {"next_page": next_page, "complaint": str(error), "name": name}
        return render_page(request, "admin/sign_in.html", HTTPStatus.FORBIDDEN, **variables)
    response = RedirectResponse(next_page, status_code=HTTPStatus.SEE_OTHER)
    set_session_cookie(response, ADMIN_COOKIE, signed_session(account, settings), settings)
    return response


@router.post("/sign-out")
def sign_out(admin: ActingAdmin) -> Response:  # noqa: ARG001 - checks the form's token
    """End the session in this browser."""
    response = RedirectResponse(SIGN_IN, status_code=HTTPStatus.SEE_OTHER)
    response.delete_cookie(ADMIN_COOKIE)
    return response


def signed_session(account: admins.Admin, settings: Settings) -> str:
    """A fresh session token of an admin, signed."""
    return str(_serializer(settings).dumps([account.name, account.stamp, random_token()]))


def require_password(session: Session, request: Request, name: str, password: str) -> admins.Admin:
    """The admin with this name and password. Raises AccessError if one is wrong, or after too many wrong passwords."""
    limit: SignInLimit = request.app.state.sign_in_limit
    address = request.client.host if request.client else ""
    limit.require_attempt_left(address)
    try:
        account = admins.sign_in(session, name, password)
    except AccessError:
        limit.count_wrong_password(address)
        raise
    limit.forget_address(address)
    return account


def _admin_of_session(session_token: str, session: Session, settings: Settings) -> admins.Admin | None:
    try:
        name, stamp, _ = _serializer(settings).loads(session_token, max_age=SESSION_HOURS * 3600)
    except (BadSignature, ValueError, TypeError):
        return None
    return admins.admin_by_session(session, str(name), str(stamp))


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(session_secret(settings), salt="admin session")


def _admin_page_or_home(address: str) -> str:
    """The address if it is an admins' page, else the list of rounds: sign-in must not redirect to another site."""
    return address if address.startswith("/admin/") and "\\" not in address and "//" not in address else HOME
