"""Security headers, session cookies, and the refusal of requests that come from another site.

The Content-Security-Policy allows no inline code and no other site, so even text that is taken for markup cannot act. A
POST is refused if the browser says that another site sent it. For browsers that do not say so, every form also has a
token that only its session knows.
"""

import hashlib
import hmac
import re
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.foundation.errors import AccessError
from app.foundation.settings import Settings
from app.foundation.translatable import translatable
from app.web import language
from app.web.addresses import is_admin_page

EVALUATOR_COOKIE = "fg_evaluator"
ADMIN_COOKIE = "fg_admin"
KNOWN_BROWSER_COOKIE = "fg_known_browser"
COOKIE_DAYS = 60
KNOWN_BROWSER_DAYS = 365
DAY = 24 * 3600
FORM_TYPE = "application/x-www-form-urlencoded"
"""How the forms of this site are sent. Another type can name a character set that yields text which is no Unicode."""
LARGEST_BODY = 1_000_000
"""The most bytes that a posted form may have; a hypothesis of 10,000 characters needs a twentieth of it."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-First-Glance": "1",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}

NOT_STORED = "no-store, no-transform"
"""Nobody on the way keeps a page, or compresses it anew: then its length would say again what padding hides."""

FROM_ANOTHER_SITE = translatable(
    "This form was sent from another site, so nothing was stored. Open the page here and send it again."
)
FROM_OLDER_VISIT = translatable(
    "This page belongs to an older visit, so nothing was stored. Load it again and repeat the last step."
)
NO_SUCH_ADDRESS = translatable("There is no page at this address. Check it, or go back to the page you came from.")
TOO_LARGE = translatable("What you sent is too long to be stored; nothing was changed. Please shorten it.")


class Guard:
    """ASGI middleware: adds security headers to responses; refuses writes that are too large or from another site.

    A HEAD is answered as the GET of the same address, without the body.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refused request itself, pass any other on, and add the headers to the response."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        has_no_body = scope["method"] == "HEAD"

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_security_headers(MutableHeaders(scope=message))
            elif has_no_body:
                message["body"] = b""
            await send(message)

        if has_no_body:  # previews of links ask so, and whatever a GET shows has headers for them
            scope = {**scope, "method": "GET"}
        refusal = _refusal(scope)
        await (refusal or self.app)(scope, receive, send_guarded)


def derive_form_token(session_token: str) -> str:
    """The token in the forms of a session: it is derived from the session token, so another site cannot know it."""
    return hmac.new(session_token.encode(), b"first glance form", hashlib.sha256).hexdigest()[:32]


def require_form_token(session_token: str, form_token: str) -> None:
    """Raise AccessError unless a form carries its session's token."""
    expected = derive_form_token(session_token)
    if not session_token or not hmac.compare_digest(expected.encode(), form_token.encode()):
        raise AccessError(FROM_OLDER_VISIT)


def set_session_cookie(response: Response, cookie: str, session_token: str, settings: Settings) -> None:
    """Set a session cookie; the server may end the session before the cookie does."""
    set_cookie(response, cookie, session_token, COOKIE_DAYS, settings)


def set_cookie(response: Response, cookie: str, value: str, days: int, settings: Settings) -> None:
    """Set a cookie, which scripts cannot read and other sites cannot send."""
    response.set_cookie(
        cookie, value, max_age=days * DAY, httponly=True, secure=settings.https, samesite="lax", path="/"
    )


def evaluator_session_token(request: Request) -> str:
    """The session token of an evaluator that came with the request, or ""."""
    return request.cookies.get(EVALUATOR_COOKIE, "")


def admin_session_token(request: Request) -> str:
    """The session token of an admin that came with the request, or ""."""
    return request.cookies.get(ADMIN_COOKIE, "")


def _add_security_headers(response_headers: MutableHeaders) -> None:
    for name, value in SECURITY_HEADERS.items():
        response_headers[name] = value
    response_headers.setdefault("Cache-Control", NOT_STORED)


def _refusal(scope: Scope) -> Response | None:
    """The response that refuses a request; None if the request is allowed."""
    if "\0" in scope["path"]:  # PostgreSQL cannot even look for it
        return _refusal_response(scope, NO_SUCH_ADDRESS, HTTPStatus.NOT_FOUND)
    if scope["method"] in ("GET", "OPTIONS"):
        return None
    headers = Headers(scope=scope)
    if _is_from_another_site(headers):
        return _refusal_response(scope, FROM_ANOTHER_SITE, HTTPStatus.FORBIDDEN)
    if headers.get("content-type", FORM_TYPE).partition(";")[0].strip().lower() != FORM_TYPE:
        return _refusal_response(scope, FROM_ANOTHER_SITE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    length = headers.get("content-length", "0")
    has_known_length = re.fullmatch("[0-9]{1,9}", length) is not None and "transfer-encoding" not in headers
    if not has_known_length or int(length) > LARGEST_BODY:
        return _refusal_response(scope, TOO_LARGE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return None


def _refusal_response(scope: Scope, message: str, status: HTTPStatus) -> Response:
    """A response with the message in the reader's language; for admins in English."""
    if not is_admin_page(scope["path"]):
        language.choose_language(Request(scope))
        message = language.gettext(message)
    return Response(message, status_code=status, media_type="text/plain")


def _is_from_another_site(request_headers: Headers) -> bool:
    """Whether the browser says that another site sent the request.

    `Origin` is "null" on our own forms, because the referrer policy hides it; then only the form's token can tell.
    """
    site = request_headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request_headers.get("origin", "null")
    return origin != "null" and origin.partition("://")[2] != request_headers.get("host")
