"""The forms that change the state of a round. A refused step is logged as refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from app.foundation.clock import now
from app.foundation.errors import InputError
from app.rounds.lifecycle import Action, require_allowed
from app.services import admins, keyholders, rounds, unblinding
from app.services.log import logged_attempt, logged_refusal
from app.services.round_keys import missing_key_warning, round_signing_key
from app.web.admin.admin_page import render_admin_page
from app.web.admin.password_check import AppPasswordCheck, PasswordCheck
from app.web.admin.sign_in import ActingAdmin, ViewingAdmin
from app.web.dependencies import AppDatabase, AppRoundKeys, AppSettings
from app.web.leak_audit.audited_seal import SealRequest, start_seal
from app.web.leak_audit.seal_runner import SealRunner

router = APIRouter(prefix="/admin/rounds/{round_id}")


@router.post("/seal")
def seal_round(
    request: Request,
    round_id: str,
    database: AppDatabase,
    settings: AppSettings,
    admin: ActingAdmin,
    public_value: Annotated[str, Form()] = "",
) -> Response:
    """Begin the seal to the keys that were proved; it goes on by itself."""
    runner: SealRunner = request.app.state.seal_runner
    seal_request = SealRequest(public_value=public_value)
    runner.run(start_seal(database, settings, round_id, seal_request, admin.name, now()))
    return _redirect_to_round(round_id)


@router.post("/open")
def open_round(round_id: str, database: AppDatabase, admin: ActingAdmin) -> Response:
    """Open the round: evaluators can begin."""
    with logged_attempt(database, round_id, admin.name, "open", now()) as session:
        rounds.open_round(session, round_id, admin.name, now())
    return _redirect_to_round(round_id)


@router.post("/lock")
def lock_round(
    round_id: str, database: AppDatabase, admin: ActingAdmin, sure: Annotated[bool, Form()] = False
) -> Response:
    """Lock the round: judging ends for good."""
    with logged_attempt(database, round_id, admin.name, "lock", now()) as session:
        require_allowed(rounds.round_progress(session, round_id).state, "lock")
        _require_ticked_box(sure, "lock")
        rounds.lock_round(session, round_id, admin.name, now())
    return _redirect_to_round(round_id)


@router.post("/abandon")
def abandon_round(
    round_id: str, database: AppDatabase, admin: ActingAdmin, reason: Annotated[str, Form()] = ""
) -> Response:
    """Abandon the round for good; it stays in the list."""
    with logged_attempt(database, round_id, admin.name, "abandon", now()) as session:
        rounds.abandon_round(session, round_id, admin.name, reason, now())
    return _redirect_to_round(round_id)


@router.post("/copy")
def copy_round(round_id: str, database: AppDatabase, admin: ActingAdmin) -> Response:
    """Create a new draft with the same design."""
    with database.writing() as session:
        copy_id = rounds.copy_round_as_draft(session, round_id, admin.name, now())
    return _redirect_to_round(copy_id)


@router.get("/unblind")
def show_unblind_form(
    request: Request, round_id: str, database: AppDatabase, round_keys: AppRoundKeys, admin: ViewingAdmin
) -> Response:
    """Show the form for key, password and reason. Raises LifecycleError unless the round is locked."""
    with database.reading() as session:
        progress = rounds.round_progress(session, round_id)
        require_allowed(progress.state, "unblind")
        warning = missing_key_warning(session, round_id, round_keys)
        opening = unblinding.opening_of_seal(session, round_id)
        listed = keyholders.listed_keys(session, round_id)
    variables = {
        "progress": progress,
        "missing_key_warning": warning,
        "opening": opening,
        "keyholders": listed,
        "without_a_key": unblinding.WITHOUT_A_KEY,
    }
    return render_admin_page(request, "admin/unblind.html", admin, **variables)


@router.post("/unblind")
def unblind_round(
    round_id: str,
    check: AppPasswordCheck,
    admin: ActingAdmin,
    round_keys: AppRoundKeys,
    key_text: Annotated[str, Form(alias="keys")] = "",
    password: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Open the seal, or its outer layer. State and password are checked first, then the reason and the key."""
    identities = key_text.split()
    with _password_attempt(check, round_id, admin, password, "unblind") as session:
        signing_key = round_signing_key(session, round_id, round_keys)
        opens_outer_layer = unblinding.opening_of_seal(session, round_id).layer == unblinding.OUTER
        if opens_outer_layer:
            unblinding.open_outer_layer(session, round_id, identities, admin.name, reason, now())
        else:
            unblinding.unblind_round(session, round_id, identities, admin.name, reason, now(), signing_key)
    if opens_outer_layer:
        return RedirectResponse(f"/admin/rounds/{round_id}/unblind", status_code=HTTPStatus.SEE_OTHER)
    return _redirect_to_report(round_id)


@router.post("/correct")
def correct_analysis(
    round_id: str,
    check: AppPasswordCheck,
    admin: ActingAdmin,
    round_keys: AppRoundKeys,
    password: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Analyse an unblinded round again as a new version; earlier ones stay. State and password are checked first."""
    with _password_attempt(check, round_id, admin, password, "correct") as session:
        signing_key = round_signing_key(session, round_id, round_keys)
        unblinding.correct_analysis(session, round_id, admin.name, reason, now(), signing_key)
    return _redirect_to_report(round_id)


@contextmanager
def _password_attempt(
    check: PasswordCheck, round_id: str, admin: ViewingAdmin, password: str, action: Action
) -> Iterator[Session]:
    """A logged attempt at a step that needs the right state and the admin's password again."""
    with logged_refusal(check.database, round_id, admin.name, action, now()):
        with check.database.reading() as session:
            require_allowed(rounds.round_progress(session, round_id).state, action)
        account = check.require(admin.name, password)
        with check.database.writing() as session:
            admins.require_same_password(session, account)
            require_allowed(rounds.round_progress(session, round_id).state, action)
            yield session


def _require_ticked_box(sure: bool, step: str) -> None:
    if not sure:
        msg = f"Tick the box to {step} the round: it cannot be undone."
        raise InputError(msg)


def _redirect_to_round(round_id: str) -> Response:
    return RedirectResponse(f"/admin/rounds/{round_id}", status_code=HTTPStatus.SEE_OTHER)


def _redirect_to_report(round_id: str) -> Response:
    return RedirectResponse(f"/admin/rounds/{round_id}/report", status_code=HTTPStatus.SEE_OTHER)
