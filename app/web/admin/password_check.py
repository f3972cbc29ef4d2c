"""Checks the password that came with a request, within the limits on guessing, and knows browsers again."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response
from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.foundation.clock import now
from app.foundation.codes import random_token
from app.foundation.settings import Settings
from app.services.admins import Admin
from app.services.password_attempts import check_password, guesser_of
from app.store.engine import Database
from app.web.admin.server_secret import server_secret
from app.web.dependencies import AppDatabase, AppSettings
from app.web.security import DAY, KNOWN_BROWSER_COOKIE, KNOWN_BROWSER_DAYS, set_cookie


@dataclass(frozen=True)
class PasswordCheck:
    """The check of the passwords that one request brings."""

    database: Database
    settings: Settings
    address: str
    """The network address of the client: never what a header says, unless a proxy of the settings sent it."""
    browser_cookie: str

    def require(self, name: str, password: str) -> Admin:
        """The admin with this name and password. Raises AccessError if one is wrong, or after too many wrong ones."""
        secret = server_secret(self.settings)
        guesser = guesser_of(secret, name, self.address, self._browser_code(name))
        return check_password(self.database, guesser, name, password, now())

    def remember_browser(self, response: Response, name: str) -> None:
        """Let the browser say from now on that this name signed in on it; so no stranger's guesses count for it."""
        if self._browser_code(name) is None:
            cookie = str(_serializer(self.settings).dumps([name, random_token()]))
            set_cookie(response, KNOWN_BROWSER_COOKIE, cookie, KNOWN_BROWSER_DAYS, self.settings)

    def _browser_code(self, name: str) -> str | None:
        """The random code of a browser on which this name signed in before; None on any other."""
        try:
            known_name, browser_code = _serializer(self.settings).loads(self.browser_cookie, KNOWN_BROWSER_DAYS * DAY)
        except (BadSignature, ValueError, TypeError):
            return None
        return str(browser_code) if known_name == name else None


def _password_check(request: Request, database: AppDatabase, settings: AppSettings) -> PasswordCheck:
    address = request.client.host if request.client else ""
    return PasswordCheck(database, settings, address, request.cookies.get(KNOWN_BROWSER_COOKIE, ""))


AppPasswordCheck = Annotated[PasswordCheck, Depends(_password_check)]


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(server_secret(settings), salt="known browser of an admin")
