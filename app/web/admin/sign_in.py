"""Admins' sessions: the sign-in page, and the types by which a handler asks for a signed-in admin.

The session is a signed cookie that holds the name and a stamp of the password's hash; it ends after twelve hours, or
when the password changes. A handler that reads takes `ViewingAdmin`; one that changes something takes `ActingAdmin`,
which also checks the form's token, so a handler cannot forget it.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.orm import Session

from app.foundation.codes import random_token
from app.foundation.errors import AccessError
from app.foundation.private import session_secret
from app.foundation.settings import Settings
from app.services import admins
from app.web.admin.sign_in_limit import SignInLimit
from app.web.dependencies import DatabaseOf, SettingsOf
from app.web.errors import SeeOther
from app.web.security import ADMIN_COOKIE, form_token, require_form_token, set_session
from app.web.templating import page

HOURS = 12
HOME = "/admin/rounds"
SIGN_IN = "/admin/sign-in"

router = APIRouter(prefix="/admin")


@dataclass(frozen=True)
class SignedIn:
    """The admin of a request, and the token that their forms carry."""

    name: str
    form_token: str


def reader(request: Request, database: DatabaseOf, settings: SettingsOf) -> SignedIn:
    """The signed-in admin. Sends a browser that only looks to the sign-in page; raises AccessError otherwise."""
    cookie = request.cookies.get(ADMIN_COOKIE, "")
    with database.reading() as session:
        admin = _admin_of(cookie, session, settings)
    if admin is not None:
        return SignedIn(admin.name, form_token(cookie))
    if request.method in ("GET", "HEAD"):
        address = f"{SIGN_IN}?next={request.url.path}"
        raise SeeOther(address)
    msg = "Sign in first: this page is for admins."
    raise AccessError(msg)


ViewingAdmin = Annotated[SignedIn, Depends(reader)]


def actor(request: Request, admin: ViewingAdmin, form_token: Annotated[str, Form()] = "") -> SignedIn:
    """The signed-in admin of a form that this site made for this session. Raises AccessError otherwise."""
    require_form_token(request.cookies.get(ADMIN_COOKIE, ""), form_token)
    return admin


ActingAdmin = Annotated[SignedIn, Depends(actor)]


def confirm(session: Session, request: Request, admin: SignedIn, password: str) -> None:
    """Ask for the password once more before a step that cannot be undone. Raises AccessError if it is wrong."""
    _checked(session, request, admin.name, password)


@router.get("/sign-in")
def show(request: Request, next: str = HOME) -> Response:
    """The sign-in form."""
    return page(request, "admin/sign_in.html", {"next": _local(next), "complaint": "", "name": ""})


@router.post("/sign-in")
def sign_in(
    request: Request,
    database: DatabaseOf,
    settings: SettingsOf,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = HOME,
) -> Response:
    """Open a session, or show the form again with a sentence."""
    try:
        with database.reading() as session:
            admin = _checked(session, request, name.strip(), password)
    except AccessError as error:
        context = {"next": _local(next), "complaint": str(error), "name": name}
        return page(request, "admin/sign_in.html", context, status=403)
    response = RedirectResponse(_local(next), status_code=303)
    set_session(response, ADMIN_COOKIE, session_of(admin, settings), settings)
    return response


@router.post("/sign-out")
def sign_out(admin: ActingAdmin) -> Response:  # noqa: ARG001 - only an admin's own form signs them out
    """End the session in this browser."""
    response = RedirectResponse(SIGN_IN, status_code=303)
    response.delete_cookie(ADMIN_COOKIE)
    return response


def session_of(admin: admins.Admin, settings: Settings) -> str:
    """A fresh session of an admin, signed."""
    return str(_serializer(settings).dumps([admin.name, admin.stamp, random_token()]))


def _checked(session: Session, request: Request, name: str, password: str) -> admins.Admin:
    limit: SignInLimit = request.app.state.sign_in_limit
    address = request.client.host if request.client else ""
    limit.require_attempt_left(address)
    try:
        admin = admins.sign_in(session, name, password)
    except AccessError:
        limit.count_wrong_password(address)
        raise
    limit.forget_address(address)
    return admin


def _admin_of(cookie: str, session: Session, settings: Settings) -> admins.Admin | None:
    try:
        name, stamp, _ = _serializer(settings).loads(cookie, max_age=HOURS * 3600)
    except (BadSignature, ValueError, TypeError):
        return None
    return admins.admin_by_session(session, str(name), str(stamp))


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(session_secret(settings), salt="admin session")


def _local(address: str) -> str:
    """The address if it is a page of the admins' on this site: a link to sign in cannot lead elsewhere."""
    return address if address.startswith("/admin/") and "\\" not in address and "//" not in address else HOME
