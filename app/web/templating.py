"""Renders Jinja templates: everything is escaped, undefined names are errors, static files have versioned addresses.

Characters that nobody sees, such as those that turn the direction of a name, are shown by their code points.
"""

import os
import re
from functools import cache
from pathlib import Path
from typing import Protocol, cast

import jinja2
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.types import Scope

from app.archive.levels import MARK_LEVELS
from app.foundation.digest import sha256_of_parts
from app.foundation.paths import resource_folder
from app.foundation.right_to_left import END_ISOLATE, ISOLATE, isolate_right_to_left
from app.foundation.typed_text import show_unseen_characters
from app.judging.judgment import CONFIDENCES, LONGEST_TEXT
from app.rounds.design_fields import LONGEST_TITLE
from app.rounds.lifecycle import LONGEST_REASON, SHORTEST_REASON
from app.tasks.registry import all_tasks
from app.web import addresses, language

IMMUTABLE = "public, max-age=31536000, immutable"
LIMITS: dict[str, int | range] = {
    "longest_text": LONGEST_TEXT,
    "longest_title": LONGEST_TITLE,
    "shortest_reason": SHORTEST_REASON,
    "longest_reason": LONGEST_REASON,
    "confidences": CONFIDENCES,
    "mark_levels": MARK_LEVELS,
}
"""What the fields of forms accept and which levels are marked: the constants that the program checks."""


class Translate(Protocol):
    """A function of translation, as templates call it."""

    def __call__(self, context: jinja2.runtime.Context, *arguments: object, **values: object) -> str:
        """The sentence in the reader's language, with its values filled in."""


@cache
def static_version() -> str:
    """Eight digits that change with any static file; part of the files' addresses, so they can be cached forever."""
    folder = resource_folder("static")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    parts = (part for path in files for part in (path.relative_to(folder).as_posix().encode(), path.read_bytes()))
    return sha256_of_parts(parts)[:8]


def static_url(name: str) -> str:
    """The address of a static file."""
    return f"/static/{static_version()}/{name}"


MAIL_ADDRESS = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
PAGE_ADDRESS = re.compile(r"https?://[^\s<>\"']+")


class VersionedFiles(StaticFiles):
    """Serves static files under a versioned address: they never change, so browsers cache them forever."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The response with the file and headers that allow caching forever."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = IMMUTABLE
        return response


def jinja_environment(folder: Path) -> jinja2.Environment:
    """The environment for the templates of a folder, with the functions that templates may call."""
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(folder), jinja2.FunctionLoader(_template_of_task)]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        finalize=_show_unseen,
    )
    environment.install_gettext_callables(language.gettext, language.ngettext, newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    for name in ("gettext", "ngettext"):
        environment.globals[name] = _with_values_shown(cast("Translate", environment.globals[name]))
    environment.filters["isolated"] = isolated
    environment.globals.update(
        static_url=static_url,
        cached_fragment=_cached_fragment,
        current_language=language.current_language,
        languages=language.LANGUAGES,
        limits=LIMITS,
        counted=counted,
        contact_link=contact_link,
        format_number=language.format_number,
        return_address=addresses.return_address,
    )
    return environment


def _template_of_task(name: str) -> str | None:
    """The template of a task that was added from elsewhere; None if no task has it."""
    for task in all_tasks():
        if task.template == name and task.template_folder is not None:
            return (task.template_folder / name).read_text(encoding="utf-8")
    return None


def _show_unseen(value: object) -> object:
    """What a template writes, with characters that nobody sees shown; markup and numbers are as they are."""
    return show_unseen_characters(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _with_values_shown(translate: Translate) -> Translate:
    """A template's function of translation whose values are shown as `_show_unseen` does: they do not pass by it."""

    @jinja2.pass_context
    def translate_with_values(context: jinja2.runtime.Context, *arguments: object, **values: object) -> str:
        return translate(context, *arguments, **{name: _show_unseen(value) for name, value in values.items()})

    return translate_with_values


def isolated(text: str) -> Markup:
    """A sentence with names in it, of which those that are read from right to left stand in elements of their own."""
    shown = escape(isolate_right_to_left(show_unseen_characters(text)))
    return shown.replace(ISOLATE, Markup("<bdi>")).replace(END_ISOLATE, Markup("</bdi>"))


def contact_link(contact: str) -> Markup | str:
    """A contact as a link if it has an address of mail or of a page, such as “Ruth <ruth@lab.example>”; else itself."""
    mail, page = MAIL_ADDRESS.search(contact), PAGE_ADDRESS.fullmatch(contact.strip())
    if page is None and mail is None:
        return contact
    address = contact.strip() if page else f"mailto:{mail[0] if mail else ''}"
    return Markup('<a href="{}">{}</a>').format(address, show_unseen_characters(contact))


def counted(count: int, noun: str) -> str:
    """A number and its noun, for the admins' pages, which are in English: 1 neuron, 2 neurons."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@cache
def page_templates() -> Jinja2Templates:
    """The project's templates; the environment is made once."""
    return Jinja2Templates(env=jinja_environment(resource_folder("templates")))


def render_page(request: Request, template: str, status: int = 200, /, **variables: object) -> Response:
    """A whole page in the reader's language; `variables` are its template's."""
    language.choose_language(request)
    return page_templates().TemplateResponse(request, template, variables, status_code=status)


def render_text(request: Request, template: str, **variables: object) -> str:
    """The text of a template in the reader's language, for responses that are assembled by the caller."""
    language.choose_language(request)
    return page_templates().get_template(template).render(request=request, **variables)


def _cached_fragment(template: str) -> Markup:
    """A part of a page that depends on nothing but the language; it is rendered once for each language."""
    return _rendered_in_language(template, language.current_language())


@cache
def _rendered_in_language(template: str, _language: str) -> Markup:
    return Markup(page_templates().get_template(template).render())  # noqa: S704 - escaped by the template itself
