"""The Jinja environment: undefined names are errors, everything is escaped, static files have versioned addresses."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from app.foundation.digest import sha256_of_parts
from app.foundation.paths import resource_folder
from app.web import addresses, language

IMMUTABLE = "public, max-age=31536000, immutable"


@cache
def static_version() -> str:
    """Eight digits that change with any static file; part of every address, so files can be cached for ever."""
    folder = resource_folder("static")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    parts = (part for path in files for part in (path.relative_to(folder).as_posix().encode(), path.read_bytes()))
    return sha256_of_parts(parts)[:8]


def static_url(name: str) -> str:
    """The address of a static file."""
    return f"/static/{static_version()}/{name}"


class VersionedFiles(StaticFiles):
    """Static files under their version: they never change, so browsers need not ask again."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 - as in the class above
        """The file, to be kept for ever."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = IMMUTABLE
        return response


def environment(folder: Path) -> jinja2.Environment:
    """Templates of a folder, with the helpers that they may use."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(language.gettext, language.ngettext, newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    made.globals.update(
        static_url=static_url,
        constant=_constant,
        language=language.current,
        languages=language.LANGUAGES,
        number=language.number,
        address_of=addresses.here,
    )
    return made


@cache
def templates() -> Jinja2Templates:
    """The project's templates, compiled once."""
    return Jinja2Templates(env=environment(resource_folder("templates")))


def _constant(name: str) -> Markup:
    """A part of a page that depends on the language alone."""
    return _in_language(name, language.current())


@cache
def _in_language(name: str, _language: str) -> Markup:
    return Markup(templates().get_template(name).render())  # noqa: S704 - a template's own text, escaped where it was made


def page(request: Request, name: str, context: Mapping[str, Any], status: int = 200) -> Response:
    """A whole page in the reader's language."""
    language.choose(request)
    return templates().TemplateResponse(request, name, dict(context), status_code=status)


def text_of(request: Request, name: str, context: Mapping[str, Any]) -> str:
    """A template's text in the reader's language, for responses that are put together by hand."""
    language.choose(request)
    return templates().get_template(name).render(request=request, **context)
