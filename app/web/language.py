"""The reader's language: English in the templates, other languages in catalogues that gettext reads."""

import gettext as catalogues
import re
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache

from starlette.requests import Request

from app.foundation.paths import resource_folder

COOKIE = "fg_language"
LANGUAGES = {"en": "English", "de": "Deutsch"}
DOMAIN = "messages"
DECIMAL_SIGNS = {"de": ","}
WEIGHT = re.compile(r"[01](\.[0-9]{0,3})?")

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
    return _catalogue(current()).gettext(message) if message else ""  # a catalogue keeps its own header under ""


def ngettext(singular: str, plural: str, count: int) -> str:
    """The message for `count` things in the current language."""
    return _catalogue(current()).ngettext(singular, plural, count)


def filled(message: str, values: Mapping[str, object]) -> str:
    """The message in the current language with its values; a value that is a word of ours is translated too."""
    said = {name: gettext(value) if isinstance(value, str) else value for name, value in values.items()}
    return gettext(message) % said if said else gettext(message)


def number(value: float) -> str:
    """The number as one would write it: at most two decimals, none that say nothing, the language's decimal sign."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return text.replace(".", DECIMAL_SIGNS.get(current(), "."))


@cache
def _catalogue(name: str) -> catalogues.NullTranslations:
    return catalogues.translation(DOMAIN, resource_folder("templates") / "languages", [name], fallback=True)


def _accepted(header: str) -> list[str]:
    """Primary language tags in the order that the browser prefers them; a weight that is none counts as 1."""
    ranked = []
    for place, part in enumerate(header.split(",")):
        tag, _, rest = part.partition(";")
        weight = rest.strip().removeprefix("q=")
        rank = float(weight) if WEIGHT.fullmatch(weight) else 1.0
        ranked.append((-rank, place, tag.strip().partition("-")[0].lower()))
    return [tag for _, _, tag in sorted(ranked)]
