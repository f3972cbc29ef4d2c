"""Admins' pages: the list of rounds, drafts, one round's page, invitations. The steps of its life are in stages.py."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.foundation.clock import now
from app.foundation.errors import DesignError, FirstGlanceError
from app.rounds.design import Cell, Design
from app.rounds.presets import PRESET_NAMES, design_from_preset
from app.services import rounds
from app.services.archives import KnownArchive, known_archives
from app.services.log import logged_attempt
from app.web.admin.round_view import round_view
from app.web.admin.sign_in import HOME, ActingAdmin, ViewingAdmin
from app.web.dependencies import DatabaseOf, SettingsOf
from app.web.templating import page

ROWS = 4
"""Rows for arms in the form of a new round; empty ones are left out."""

router = APIRouter(prefix="/admin")


@router.get("")
def home(admin: ViewingAdmin) -> Response:  # noqa: ARG001 - the dependency is the check
    """The list of rounds is where an admin begins."""
    return RedirectResponse(HOME, status_code=303)


@router.get("/rounds")
def list_rounds(request: Request, database: DatabaseOf, admin: ViewingAdmin) -> Response:
    """Every round, newest first."""
    with database.reading() as session:
        found = rounds.list_rounds(session)
    newest = sorted(found, key=lambda one: one.created_at, reverse=True)
    return page(request, "admin/rounds.html", {"admin": admin, "rounds": newest})


@dataclass(frozen=True)
class DraftForm:
    """A new round as the form gives it: the lists are parallel, one entry per row."""

    title: str
    preset: str
    neurons: str
    evaluators: str
    arms: tuple[str, ...]
    strata: tuple[str, ...]
    archives: tuple[str, ...]


def draft_form(
    title: Annotated[str, Form()] = "",
    preset: Annotated[str, Form()] = PRESET_NAMES[0],
    neurons: Annotated[str, Form()] = "",
    evaluators: Annotated[str, Form()] = "",
    arm: Annotated[list[str] | None, Form()] = None,
    stratum: Annotated[list[str] | None, Form()] = None,
    archive: Annotated[list[str] | None, Form()] = None,
) -> DraftForm:
    """The fields, read."""
    lists = (tuple(one or ()) for one in (arm, stratum, archive))
    return DraftForm(title.strip(), preset, neurons, evaluators, *lists)


@router.get("/rounds/new")
def new_round(request: Request, settings: SettingsOf, admin: ViewingAdmin) -> Response:
    """The form of a new round, with the archives that lie in the data folder."""
    blank = DraftForm("", "solu-rank", "", "", ("baseline", "solu", "", ""), ("1L/0",) * ROWS, ("",) * ROWS)
    return page(request, "admin/new_round.html", _form_context(admin, blank, known_archives(settings.data), ""))


@router.post("/rounds")
def create_round(
    request: Request,
    database: DatabaseOf,
    settings: SettingsOf,
    admin: ActingAdmin,
    form: Annotated[DraftForm, Depends(draft_form)],
) -> Response:
    """Make a draft; what cannot be met comes back with the form as it was filled in and a sentence."""
    known = known_archives(settings.data)
    try:
        design = _design_of(form, {one.sha256 for one in known})
        paths: dict[str, Path] = {one.sha256: one.path for one in known}
        with database.writing() as session:
            round_id = rounds.create_round(session, design, paths, admin.name, now())
    except FirstGlanceError as error:
        return page(request, "admin/new_round.html", _form_context(admin, form, known, str(error)), status=422)
    return RedirectResponse(f"/admin/rounds/{round_id}", status_code=303)


def _form_context(admin: ViewingAdmin, form: DraftForm, known: list[KnownArchive], complaint: str) -> dict[str, object]:
    filled = list(zip(form.arms, form.strata, form.archives, strict=False))
    rows = [*filled, *[("", "1L/0", "")] * (ROWS - len(filled))]
    return {
        "admin": admin,
        "form": form,
        "rows": rows,
        "archives": known,
        "presets": PRESET_NAMES,
        "complaint": complaint,
    }


def _design_of(form: DraftForm, known: set[str]) -> Design:
    """The design that the form describes. Raises DesignError naming what is missing."""
    filled = [row for row in zip(form.arms, form.strata, form.archives, strict=False) if row[0].strip() and row[2]]
    unknown = [row[0] for row in filled if row[2] not in known]
    if unknown:
        msg = f"The archive of “{unknown[0]}” is no longer in the data folder; choose another."
        raise DesignError(msg)
    cells = [
        Cell(arm=arm.strip(), stratum=stratum.strip() or "1L/0", archive_sha256=sha) for arm, stratum, sha in filled
    ]
    if not cells:
        msg = "A round needs two arms at least: give each a name and choose its archive."
        raise DesignError(msg)
    counts = {"neurons": form.neurons, "evaluators": form.evaluators}
    changes = {name: _whole_number(name, text) for name, text in counts.items() if text.strip()}
    return design_from_preset(form.preset, title=form.title, arms=cells, reference=cells[0].arm, **changes)


def _whole_number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        msg = f"The number of {name} is a whole number; “{text}” is not."
        raise DesignError(msg) from error


@router.get("/rounds/{round_id}")
def show_round(request: Request, round_id: str, database: DatabaseOf, admin: ViewingAdmin) -> Response:
    """One round: where it stands, what comes next, how far the evaluators are, and its log."""
    with database.reading() as session:
        view = round_view(session, round_id)
    return page(request, "admin/round.html", {"admin": admin, "view": view})


@router.post("/rounds/{round_id}/invitations")
def invite(
    request: Request,
    round_id: str,
    database: DatabaseOf,
    admin: ActingAdmin,
    name: Annotated[str, Form()] = "",
    exposed: Annotated[bool, Form()] = False,
) -> Response:
    """Invite an evaluator; the link is shown this once."""
    with logged_attempt(database, round_id, admin.name, "invite", now()) as session:
        made = rounds.invite_evaluator(session, round_id, name.strip(), exposed, admin.name, now())
    return _link_page(request, admin, round_id, name.strip(), made.token)


@router.post("/rounds/{round_id}/invitations/{evaluator_id}")
def reissue(request: Request, round_id: str, evaluator_id: str, database: DatabaseOf, admin: ActingAdmin) -> Response:
    """Make a new link for someone who lost theirs; the old one stops working."""
    with logged_attempt(database, round_id, admin.name, "reissue", now()) as session:
        made = rounds.reissue_invitation(session, evaluator_id, admin.name, now())
        people = rounds.round_progress(session, round_id).evaluators
    name = next((one.name for one in people if one.id == evaluator_id), "")
    return _link_page(request, admin, round_id, name, made.token)


def _link_page(request: Request, admin: ActingAdmin, round_id: str, name: str, token: str) -> Response:
    link = f"{str(request.base_url).rstrip('/')}/i/{token}"
    context = {"admin": admin, "round_id": round_id, "name": name, "link": link}
    return page(request, "admin/invitation.html", context)
