"""The reader's language: English in the templates, other languages in catalogues that gettext reads."""

import gettext as catalogues
from contextvars import ContextVar
from functools import cache

from starlette.requests import Request

from app.foundation.paths import resource

COOKIE = "fg_language"
LANGUAGES = {"en": "English", "de": "Deutsch"}
DOMAIN = "messages"

_current: ContextVar[str] = ContextVar("language", default="en")


def choose(request: Request) -> None:
    """Settle the language of this request: the reader's own choice, else what the browser asks for, else English."""
    asked = [request.cookies.get(COOKIE, ""), *_accepted(request.headers.get("accept-language", ""))]
    _current.set(next((one for one in asked if one in LANGUAGES), "en"))


def current() -> str:
    """The language of the page being made."""
    return _current.get()


def gettext(message: str) -> str:
    """The message in the current language."""
    return _catalogue(current()).gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """The message for `count` things in the current language."""
    return _catalogue(current()).ngettext(singular, plural, count)


@cache
def _catalogue(name: str) -> catalogues.NullTranslations:
    return catalogues.translation(DOMAIN, resource("templates") / "languages", [name], fallback=True)


def _accepted(header: str) -> list[str]:
    """Primary language tags in the order that the browser prefers them."""
    ranked = []
    for place, part in enumerate(header.split(",")):
        tag, _, rest = part.strip().partition(";q=")
        weight = float(rest) if rest.replace(".", "", 1).isdigit() else 1.0
        ranked.append((-weight, place, tag.partition("-")[0].lower()))
    return [tag for _, _, tag in sorted(ranked)]
