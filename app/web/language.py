"""The reader's language: templates are in English, and gettext catalogues translate them."""

import gettext as catalogues
import re
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache

from starlette.requests import Request

from app.foundation.paths import resource_folder

COOKIE = "fg_language"
DOMAIN = "messages"
WEIGHT = re.compile(r"[01](\.[0-9]{0,3})?")


@dataclass(frozen=True)
class Language:
    """A language in which evaluators can read the pages."""

    name: str
    """In the language itself."""
    decimal_sign: str


SOURCE_LANGUAGE = "en"
"""The language of the templates, which needs no catalogue."""
LANGUAGES = {SOURCE_LANGUAGE: Language("English", "."), "de": Language("Deutsch", ",")}
"""{code: language}; a further one needs only its catalogue."""

_current: ContextVar[str] = ContextVar("language", default=SOURCE_LANGUAGE)


def choose_language(request: Request) -> None:
    """Set the language of this request: the reader's own choice, else what the browser prefers, else English."""
    preferred = [
        request.cookies.get(COOKIE, ""),
        *_accepted_languages(request.headers.get("accept-language", "")),
    ]
    _current.set(next((code for code in preferred if code in LANGUAGES), SOURCE_LANGUAGE))


def require_known_language(code: str) -> str:
    """The code of a language that the pages have. Raises ValueError if they do not have it."""
    if code not in LANGUAGES:
        msg = f"The pages are in {', '.join(LANGUAGES)}; choose one of these."
        raise ValueError(msg)
    return code


def current_language() -> str:
    """The language of the page that is being rendered."""
    return _current.get()


def gettext(message: str) -> str:
    """The message in the current language."""
    return _catalogue(current_language()).gettext(message) if message else ""  # "" is the key of a catalogue's header


def ngettext(singular: str, plural: str, count: int) -> str:
    """The message in the current language, singular or plural as `count` needs it."""
    return _catalogue(current_language()).ngettext(singular, plural, count)


def translate_message(message: str, /, **values: object) -> str:
    """The message in the current language with its values; values that are in the catalogue are translated too."""
    translated = {name: gettext(value) if isinstance(value, str) else value for name, value in values.items()}
    return gettext(message) % translated if translated else gettext(message)


def format_number(number: float) -> str:
    """The number with at most two decimals, no trailing zeros, and the language's decimal sign."""
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return text.replace(".", LANGUAGES[current_language()].decimal_sign)


@cache
def _catalogue(code: str) -> catalogues.NullTranslations:
    return catalogues.translation(DOMAIN, resource_folder("templates") / "languages", [code], fallback=True)


def _accepted_languages(header: str) -> list[str]:
    """Primary language tags in the browser's order of preference; a weight that is not a number counts as 1."""
    ranked = []
    for position, part in enumerate(header.split(",")):
        tag, _, parameter = part.partition(";")
        weight = parameter.strip().removeprefix("q=")
        rank = float(weight) if WEIGHT.fullmatch(weight) else 1.0
        ranked.append((-rank, position, tag.strip().partition("-")[0].lower()))
    return [tag for _, _, tag in sorted(ranked)]
