"""Admins' sessions: the sign-in page, and the types by which a handler asks for a signed-in admin.

The cookie holds a random token, the database its digest: whoever reads the database cannot sign in with it. A session
ends after twelve hours without use, after seven days, when the admin signs out on any browser, or with a new password.
A handler that reads takes `ViewingAdmin`; one that changes something takes `ActingAdmin`, which also checks the form's
token, so a handler cannot forget it.
"""

from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.exc import OperationalError

from app.foundation.clock import now
from app.foundation.codes import random_token
from app.foundation.errors import AccessError, DesignError
from app.services import admin_sessions, admins
from app.web.admin.password_check import AppPasswordCheck
from app.web.dependencies import AppDatabase
from app.web.errors import SeeOther
from app.web.security import (
    ADMIN_COOKIE,
    admin_session_token,
    derive_form_token,
    require_form_token,
    set_cookie,
)
from app.web.templating import render_page

HOME = "/admin/rounds"
SIGN_IN = "/admin/sign-in"
AFTER_CHANGE = "changed"

router = APIRouter(prefix="/admin")


@dataclass(frozen=True)
class SignedInAdmin:
    """The admin of a request, and the token of their forms."""

    name: str
    form_token: str


def viewing_admin(request: Request, database: AppDatabase) -> SignedInAdmin:
    """The signed-in admin. Without one, a GET request is redirected to the sign-in page; others raise AccessError."""
    session_token = admin_session_token(request)
    with database.reading() as session:
        name = admin_sessions.admin_of_session(session, session_token, now())
        is_use_to_be_noted = admin_sessions.is_use_to_be_noted(session, session_token, now())
    if name is not None:
        if is_use_to_be_noted:
            # A page is shown also while another process writes for long; the next request notes the use.
            with suppress(OperationalError), database.writing() as session:
                admin_sessions.note_use(session, session_token, now())
        return SignedInAdmin(name, derive_form_token(session_token))
    if request.method in ("GET", "HEAD"):
        address = f"{SIGN_IN}?next={quote(quote(request.scope['path']))}"  # once for the path, once for the query
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
def show_sign_in(
    request: Request,
    next_page: Annotated[str, Query(alias="next")] = HOME,
    reason: Annotated[str, Query(alias="why")] = "",
) -> Response:
    """Show the sign-in form."""
    variables = {"next_page": _admin_page_or_home(next_page), "is_password_new": reason == AFTER_CHANGE}
    return render_page(request, "admin/sign_in.html", complaint="", name="", **variables)


@router.post("/sign-in")
def sign_in(
    request: Request,
    check: AppPasswordCheck,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next_page: Annotated[str, Form(alias="next")] = HOME,
) -> Response:
    """Start a session, or show the form again with the reason."""
    next_page = _admin_page_or_home(next_page)
    session_token = random_token()
    try:
        account = check.require(name.strip(), password)
        with check.database.writing() as session:
            admin_sessions.begin_session(session, account, session_token, admin_session_token(request), now())
    except AccessError as error:
        variables = {"next_page": next_page, "is_password_new": False, "complaint": str(error), "name": name}
        return render_page(request, "admin/sign_in.html", HTTPStatus.FORBIDDEN, **variables)
    response = RedirectResponse(next_page, status_code=HTTPStatus.SEE_OTHER)
    set_cookie(response, ADMIN_COOKIE, session_token, admin_sessions.LONGEST.days, check.settings)
    check.remember_browser(response, account.name)
    return response


@router.post("/sign-out")
def sign_out(database: AppDatabase, admin: ActingAdmin) -> Response:
    """End every session of the admin, on every browser."""
    with database.writing() as session:
        admin_sessions.end_sessions(session, admin.name)
    response = RedirectResponse(SIGN_IN, status_code=HTTPStatus.SEE_OTHER)
    response.delete_cookie(ADMIN_COOKIE)
    return response


@router.get("/password")
def show_password_form(request: Request, admin: ViewingAdmin) -> Response:
    """Show the form for a new password."""
    return render_page(request, "admin/password.html", admin=admin, form_token=admin.form_token, complaint="")


@router.post("/password")
def change_password(
    request: Request,
    check: AppPasswordCheck,
    admin: ActingAdmin,
    password: Annotated[str, Form()] = "",
    new_password: Annotated[str, Form()] = "",
    repeated: Annotated[str, Form()] = "",
) -> Response:
    """Give the admin a new password, which ends all their sessions; or show the form again with the reason."""
    try:
        _require_same(new_password, repeated)
        account = check.require(admin.name, password)
        with check.database.writing() as session:
            admins.require_same_password(session, account)
            admins.change_password(session, admin.name, new_password)
    except (AccessError, DesignError) as error:
        variables = {"admin": admin, "form_token": admin.form_token, "complaint": str(error)}
        return render_page(request, "admin/password.html", HTTPStatus.UNPROCESSABLE_ENTITY, **variables)
    response = RedirectResponse(f"{SIGN_IN}?why={AFTER_CHANGE}", status_code=HTTPStatus.SEE_OTHER)
    response.delete_cookie(ADMIN_COOKIE)
    return response


def _require_same(new_password: str, repeated: str) -> None:
    if new_password != repeated:
        msg = "The two new passwords differ; type the same one twice."
        raise AccessError(msg)


def _admin_page_or_home(address: str) -> str:
    """The address if it is an admins' page, else the list of rounds: sign-in must not redirect to another site."""
    return address if address.startswith("/admin/") and "\\" not in address and "//" not in address else HOME
