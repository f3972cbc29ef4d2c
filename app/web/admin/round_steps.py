"""The steps of a round's life, each a form that changes its state. A refused step is logged as refused."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.foundation.clock import now
from app.foundation.errors import LifecycleError
from app.rounds.lifecycle import require_allowed
from app.services import rounds, seals, unblinding
from app.services.log import logged_attempt
from app.web.admin.sign_in import ActingAdmin, ViewingAdmin, confirm
from app.web.dependencies import DatabaseOf, SettingsOf
from app.web.evaluator.padding import response_sizes
from app.web.leak_audit.audited_seal import audited_seal
from app.web.templating import page

SHORTEST_REASON = 10

router = APIRouter(prefix="/admin/rounds/{round_id}")


@router.post("/seal")
def seal(
    request: Request,
    round_id: str,
    database: DatabaseOf,
    settings: SettingsOf,
    admin: ActingAdmin,
    recipients: Annotated[str, Form()] = "",
) -> Response:
    """Draw, conceal, audit and encrypt. Unless public keys are given, two keys are made and shown this once."""
    given = recipients.split()
    keys = [] if given else [seals.new_key(), seals.new_key()]
    everyone: Sequence[str] = given or [one.recipient for one in keys]
    options = seals.SealOptions(measure=response_sizes)
    sealed, _ = audited_seal(database, settings, round_id, everyone, admin.name, now(), options)
    identities = [one.identity for one in keys]
    context = {"admin": admin, "round_id": round_id, "sealed": sealed, "identities": identities, "keyholders": given}
    return page(request, "admin/sealed.html", context)


@router.post("/open")
def open_round(round_id: str, database: DatabaseOf, admin: ActingAdmin) -> Response:
    """Let evaluators begin."""
    with logged_attempt(database, round_id, admin.name, "open", now()) as session:
        rounds.open_round(session, round_id, admin.name, now())
    return _back(round_id)


@router.post("/lock")
def lock(round_id: str, database: DatabaseOf, admin: ActingAdmin, sure: Annotated[bool, Form()] = False) -> Response:
    """End judging for good."""
    with logged_attempt(database, round_id, admin.name, "lock", now()) as session:
        _require_sure(sure, "lock")
        rounds.lock_round(session, round_id, admin.name, now())
    return _back(round_id)


@router.post("/abandon")
def abandon(round_id: str, database: DatabaseOf, admin: ActingAdmin, reason: Annotated[str, Form()] = "") -> Response:
    """Give the round up, for ever and visibly."""
    with logged_attempt(database, round_id, admin.name, "abandon", now()) as session:
        rounds.abandon_round(session, round_id, admin.name, _reason(reason), now())
    return _back(round_id)


@router.post("/copy")
def copy(round_id: str, database: DatabaseOf, admin: ActingAdmin) -> Response:
    """A new draft with the same design."""
    with database.writing() as session:
        fresh = rounds.copy_round_as_draft(session, round_id, admin.name, now())
    return _back(fresh)


@router.get("/unblind")
def ask_to_unblind(request: Request, round_id: str, database: DatabaseOf, admin: ViewingAdmin) -> Response:
    """The form with key, password and reason; only a locked round has it."""
    with database.reading() as session:
        progress = rounds.round_progress(session, round_id)
    require_allowed(progress.state, "unblind")
    return page(request, "admin/unblind.html", {"admin": admin, "progress": progress})


@router.post("/unblind")
def unblind_round(
    request: Request,
    round_id: str,
    database: DatabaseOf,
    admin: ActingAdmin,
    keys: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Open the seal once: the right state first, then the password, a reason and the key."""
    with logged_attempt(database, round_id, admin.name, "unblind", now()) as session:
        require_allowed(rounds.round_progress(session, round_id).state, "unblind")
        confirm(session, request, admin, password)
        unblinding.unblind_round(session, round_id, keys.split(), admin.name, _reason(reason), now())
    return RedirectResponse(f"/admin/rounds/{round_id}/report", status_code=303)


def _require_sure(sure: bool, step: str) -> None:
    if not sure:
        msg = f"Tick the box to {step} the round: it cannot be taken back."
        raise LifecycleError(msg)


def _reason(text: str) -> str:
    """The reason, trimmed. Raises LifecycleError if it says next to nothing."""
    reason = text.strip()
    if len(reason) < SHORTEST_REASON:
        msg = "Say why, in a few words: the reason goes into the round's log and into the report."
        raise LifecycleError(msg)
    return reason


def _back(round_id: str) -> Response:
    return RedirectResponse(f"/admin/rounds/{round_id}", status_code=303)
