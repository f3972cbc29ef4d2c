"""Admins' pages: the list of rounds, the form for a new one, a round's page, and invitations."""

from http import HTTPStatus
from typing import Annotated, get_args

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.foundation.clock import now
from app.foundation.errors import FirstGlanceError
from app.rounds.design_fields import Contrast
from app.rounds.presets import PRESET_NAMES
from app.services import rounds
from app.services.archives import AvailableArchive, available_archives
from app.services.draws import LONGEST_PUBLIC_TEXT
from app.services.exposure import group_reasons
from app.services.log import logged_attempt
from app.services.preregistration import round_preregistration
from app.web.addresses import invitation_link
from app.web.admin.admin_page import render_admin_page
from app.web.admin.draft_form import DraftForm, blank_draft_form, design_from_form, posted_draft_form
from app.web.admin.round_view import round_view
from app.web.admin.sign_in import HOME, ActingAdmin, ViewingAdmin
from app.web.dependencies import AppAidsKeys, AppDatabase, AppRoundKeys, AppSettings
from app.web.downloads import download_response

router = APIRouter(prefix="/admin")
REFRESH_SECONDS = "3"
"""While a round is being sealed its page is loaded again so often."""


@router.get("")
def show_home(admin: ViewingAdmin) -> Response:  # noqa: ARG001 - admits admins only
    """Redirect to the list of rounds."""
    return RedirectResponse(HOME, status_code=HTTPStatus.SEE_OTHER)


@router.get("/rounds")
def show_rounds(request: Request, database: AppDatabase, admin: ViewingAdmin) -> Response:
    """Show the list of all rounds, newest first."""
    with database.reading() as session:
        summaries = rounds.list_rounds(session)
    newest_first = sorted(summaries, key=lambda summary: summary.created_at, reverse=True)
    return render_admin_page(request, "admin/rounds.html", admin, rounds=newest_first)


@router.get("/rounds/new")
def show_draft_form(request: Request, settings: AppSettings, admin: ViewingAdmin) -> Response:
    """Show the form for a new round, with the archives in the data folder."""
    return _draft_page(request, admin, blank_draft_form(), available_archives(settings.data))


@router.post("/rounds")
def create_round(
    request: Request,
    database: AppDatabase,
    settings: AppSettings,
    admin: ActingAdmin,
    draft: Annotated[DraftForm, Depends(posted_draft_form)],
) -> Response:
    """Create a draft. If the form describes no possible round, it is shown again with the reason."""
    archives = available_archives(settings.data)
    try:
        paths = {archive.sha256: archive.path for archive in archives}
        design = design_from_form(draft, {archive.sha256: archive.site for archive in archives})
        with database.writing() as session:
            round_id = rounds.create_round(session, design, paths, admin.name, now())
    except FirstGlanceError as error:
        return _draft_page(request, admin, draft, archives, str(error))
    return RedirectResponse(f"/admin/rounds/{round_id}", status_code=HTTPStatus.SEE_OTHER)


@router.get("/rounds/{round_id}")
def show_round(
    request: Request,
    round_id: str,
    database: AppDatabase,
    round_keys: AppRoundKeys,
    aids_keys: AppAidsKeys,
    admin: ViewingAdmin,
) -> Response:
    """Show one round: its stage, the next step, the evaluators' progress, its design and its log."""
    with database.reading() as session:
        view = round_view(session, round_id, round_keys, aids_keys, now())
    limits = {"longest_pseudonym": rounds.LONGEST_PSEUDONYM, "longest_public_text": LONGEST_PUBLIC_TEXT}
    page = render_admin_page(request, "admin/round.html", admin, view=view, **limits)
    if view.step == "sealing":
        page.headers["Refresh"] = REFRESH_SECONDS
    return page


@router.get("/rounds/{round_id}/preregistration.md")
def download_preregistration(round_id: str, database: AppDatabase, admin: ViewingAdmin) -> Response:  # noqa: ARG001 - admits admins only
    """The preregistration of a sealed round, which names the arms, as a Markdown file."""
    with database.reading() as session:
        text = round_preregistration(session, round_id)
    return download_response(text.encode(), "text/markdown; charset=utf-8", f"{round_id}-preregistration.md")


@router.post("/rounds/{round_id}/invitations")
def invite_evaluator(
    request: Request,
    round_id: str,
    database: AppDatabase,
    admin: ActingAdmin,
    name: Annotated[str, Form()] = "",
    exposed: Annotated[bool, Form()] = False,
) -> Response:
    """Invite an evaluator and show the link, once."""
    with logged_attempt(database, round_id, admin.name, "invite", now()) as session:
        invitation = rounds.invite_evaluator(session, round_id, name, exposed, admin.name, now())
    return _link_page(request, admin, round_id, invitation)


@router.post("/rounds/{round_id}/invitations/{evaluator_id}")
def reissue_invitation(
    request: Request, round_id: str, evaluator_id: str, database: AppDatabase, admin: ActingAdmin
) -> Response:
    """Make a new link for an evaluator and show it; the old link stops working."""
    with logged_attempt(database, round_id, admin.name, "reissue", now()) as session:
        invitation = rounds.reissue_invitation(session, round_id, evaluator_id, admin.name, now())
    return _link_page(request, admin, round_id, invitation)


def _draft_page(
    request: Request,
    admin: ViewingAdmin,
    draft: DraftForm,
    archive_choices: list[AvailableArchive],
    complaint: str = "",
) -> Response:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if complaint else HTTPStatus.OK
    variables = {
        "draft": draft,
        "archive_choices": archive_choices,
        "presets": PRESET_NAMES,
        "contrasts": get_args(Contrast),
        "complaint": complaint,
    }
    return render_admin_page(request, "admin/new_round.html", admin, status, **variables)


def _link_page(request: Request, admin: ViewingAdmin, round_id: str, invitation: rounds.Invitation) -> Response:
    variables = {
        "round_id": round_id,
        "name": invitation.pseudonym,
        "link": invitation_link(str(request.base_url), invitation.token),
        "exposed_because": group_reasons(invitation.exposed_because),
    }
    return render_admin_page(request, "admin/invitation.html", admin, **variables)
