"""Admins' pages of a round's keys: make or name one, prove it, remove it. A secret key is shown once, never stored."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from app.evidence.event_details import SealLayer
from app.foundation.clock import now
from app.foundation.errors import InputError
from app.services import keyholders, rounds, unblinding
from app.services.key_standing import KeyStanding, key_standing
from app.services.log import logged_attempt
from app.store.keyholders import KeyholderRow
from app.web.admin.admin_page import render_admin_page
from app.web.admin.sign_in import ActingAdmin, ViewingAdmin
from app.web.dependencies import AppDatabase

router = APIRouter(prefix="/admin/rounds/{round_id}/keys")


@router.get("")
def show_keys(request: Request, round_id: str, database: AppDatabase, admin: ViewingAdmin) -> Response:
    """Show the keys of a round, the state of each, and what is missing before the seal."""
    with database.reading() as session:
        progress = rounds.round_progress(session, round_id)
        standing = key_standing(session, round_id)
    to_prove = keyholders.keys_to_prove(standing.listed)
    variables = {
        "progress": progress,
        "standing": standing,
        "keys_to_prove": to_prove,
        "lone_key_warning": keyholders.lone_key_warning(standing.listed),
        "can_prove": _can_prove(standing, to_prove),
        "longest_person": keyholders.LONGEST_PERSON,
    }
    return render_admin_page(request, "admin/keys.html", admin, **variables)


@router.post("")
def name_key(
    round_id: str,
    database: AppDatabase,
    admin: ActingAdmin,
    public_key: Annotated[str, Form()] = "",
    person: Annotated[str, Form()] = "",
    layer_text: Annotated[str, Form(alias="layer")] = "1",
) -> Response:
    """Put a public key on the list."""
    with logged_attempt(database, round_id, admin.name, "name key", now()) as session:
        keyholders.name_key(session, round_id, public_key, person, _read_layer(layer_text), admin.name, now())
    return _redirect_to_keys(round_id)


@router.post("/new")
def make_key(
    request: Request,
    round_id: str,
    database: AppDatabase,
    admin: ActingAdmin,
    person: Annotated[str, Form()] = "",
    layer_text: Annotated[str, Form(alias="layer")] = "1",
) -> Response:
    """Make a key, put its public half on the list, and show the secret half, once."""
    key = keyholders.new_key()
    with logged_attempt(database, round_id, admin.name, "name key", now()) as session:
        keyholders.name_key(session, round_id, key.recipient, person, _read_layer(layer_text), admin.name, now())
    return render_admin_page(request, "admin/new_key.html", admin, round_id=round_id, identity=key.identity)


@router.post("/prove")
def prove_key_by_secret(
    round_id: str, database: AppDatabase, admin: ActingAdmin, secret_key: Annotated[str, Form()] = ""
) -> Response:
    """Prove a key of a draft by giving it, or a key of a sealed round by opening the seal's outer layer with it."""
    with logged_attempt(database, round_id, admin.name, "prove key", now()) as session:
        if rounds.round_progress(session, round_id).state == "sealed":
            unblinding.prove_key_of_seal(session, round_id, secret_key, admin.name, now())
        else:
            keyholders.prove_key_by_secret(session, round_id, secret_key, admin.name, now())
    return _redirect_to_keys(round_id)


@router.post("/{keyholder_id}/prove")
def prove_key_by_answer(
    round_id: str,
    keyholder_id: int,
    database: AppDatabase,
    admin: ActingAdmin,
    answer_text: Annotated[str, Form(alias="answer")] = "",
) -> Response:
    """Prove a key with the text of its challenge."""
    with logged_attempt(database, round_id, admin.name, "prove key", now()) as session:
        keyholders.prove_key_by_answer(session, round_id, keyholder_id, answer_text, admin.name, now())
    return _redirect_to_keys(round_id)


@router.post("/{keyholder_id}/remove")
def remove_key(round_id: str, keyholder_id: int, database: AppDatabase, admin: ActingAdmin) -> Response:
    """Take a key off the list."""
    with logged_attempt(database, round_id, admin.name, "remove key", now()) as session:
        keyholders.remove_key(session, round_id, keyholder_id, admin.name, now())
    return _redirect_to_keys(round_id)


def _can_prove(standing: KeyStanding, to_prove: Sequence[KeyholderRow]) -> bool:
    """Whether the page asks for a secret key: of the list, or of a round that was sealed before keys were proved."""
    if standing.state == "draft":
        return bool(to_prove)
    return standing.state == "sealed" and not standing.is_proved


def _read_layer(text: str) -> SealLayer:
    """The layer that a form names. Raises InputError for another."""
    if text == "1":
        return 1
    if text == "2":
        return 2
    msg = "Choose what the key opens: the seal or its inner part, or the outer part."
    raise InputError(msg)


def _redirect_to_keys(round_id: str) -> Response:
    return RedirectResponse(f"/admin/rounds/{round_id}/keys", status_code=HTTPStatus.SEE_OTHER)
