"""Name, prove and remove the keys that a round is to be sealed to. Only public keys are stored.

A key is proved before the seal, so that no round is sealed to a key that nobody has: its holder answers a challenge
that was encrypted to it, or gives the secret key, which is used in memory and forgotten. Either any one of at least two
keys opens the seal, or two people open it one after the other: each of them an admin who proved a key signed in.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from hmac import compare_digest
from itertools import groupby
from typing import Literal

from sqlalchemy.orm import Session

from app.evidence.event_details import KeyholderDetail, SealLayer
from app.foundation.codes import random_token, token_digest
from app.foundation.digest import sha256
from app.foundation.errors import InputError, NotFoundError, SealError
from app.foundation.json_types import JsonObject
from app.foundation.typed_text import has_unseen_characters, is_same_person, person_form, tidy_line
from app.rounds.lifecycle import require_allowed
from app.rounds.sealing import (
    KeyholderKey,
    canonical_recipient,
    decrypt_challenge,
    encrypt_challenge,
    new_keyholder_key,
    public_key_of,
)
from app.services.log import append_event, is_by_shell
from app.store import keyholders as keyholder_store
from app.store import rounds as round_store
from app.store.keyholders import KeyholderRow

FEWEST_ALTERNATIVES = 2
MOST_KEYS = 12
LONGEST_PERSON = 60
KeyLayers = tuple[tuple[str, ...], ...]
"""The public keys of a seal by layer, innermost first."""
TWO_PERSONS_IN_SHELL = (
    "Two people must open this seal, and in the shell nobody is signed in, so that one person could act as both. "
    "Each of the two signs in at /admin and "
)
"""The beginning of every refusal of the shell; what follows is what each of the two does there."""


def new_key() -> KeyholderKey:
    """A new key for a keyholder, to be shown once and never stored with the round."""
    return new_keyholder_key()


def name_key(
    session: Session, round_id: str, public_key: str, person: str, layer: SealLayer, by: str, now: datetime
) -> KeyholderRow:
    """Put a public key on the draft's list, with a challenge for its holder.

    Raises LifecycleError unless the round is a draft, SealError if the text is no public key, and InputError if it is
    on the list already.
    """
    _require_draft(session, round_id)
    keyholders = keyholder_store.keyholders_of_round(session, round_id)
    recipient = canonical_recipient(public_key)
    if any(keyholder.public_key == recipient for keyholder in keyholders):
        msg = "This public key is on the list already. Name another key, or prove this one."
        raise InputError(msg)
    if len(keyholders) >= MOST_KEYS:
        msg = f"A round has {MOST_KEYS} keys at most. Remove one that is not needed first."
        raise InputError(msg)
    keyholder = KeyholderRow(
        round_id=round_id,
        public_key=recipient,
        layer=layer,
        person=_person_name(person or by),
        named_by=by,
        named_at=now,
    )
    _challenge(keyholder)
    keyholder_store.add_keyholder(session, keyholder)
    append_event(session, round_id, by, "key named", _key_detail(keyholder), now)
    return keyholder


def prove_key_by_answer(
    session: Session, round_id: str, keyholder_id: int, answer_text: str, by: str, now: datetime
) -> KeyholderRow:
    """Prove a key with the text of its challenge, which counts once. Raises SealError if the text is another one."""
    keyholder = _listed_key(session, round_id, keyholder_id)
    answer_sha256 = _awaited_answer(session, keyholder)
    if not compare_digest(token_digest(answer_text.strip()), answer_sha256):
        msg = (
            "That is not the text of the challenge. Decrypt the challenge that stands beside this key, and copy it all."
        )
        raise SealError(msg)
    return _mark_proved(session, keyholder, "challenge", by, now)


def prove_key_by_secret(session: Session, round_id: str, identity: str, by: str, now: datetime) -> KeyholderRow:
    """Prove a key by giving the secret key, which is not stored. Raises SealError if its public key is not listed."""
    _require_draft(session, round_id)
    public_key = public_key_of(identity)
    keyholders = keyholder_store.keyholders_of_round(session, round_id)
    keyholder = next((keyholder for keyholder in keyholders if keyholder.public_key == public_key), None)
    if keyholder is None:
        msg = (
            "This key is not on the round's list. Give the secret key of a public key that is, or name its public key."
        )
        raise SealError(msg)
    answer_sha256 = _awaited_answer(session, keyholder)
    challenge_text = decrypt_challenge(keyholder.challenge, identity)
    if not compare_digest(token_digest(challenge_text), answer_sha256):
        msg = "The challenge of this key was changed in the database. Remove the key, and name it again."
        raise SealError(msg)
    return _mark_proved(session, keyholder, "secret key", by, now)


def answer_to_challenge(challenge: str, identities: Sequence[str]) -> str:
    """The text of a challenge, decrypted by whichever of the keys it is for. Raises SealError if it is for none."""
    for identity in identities[:-1]:
        with suppress(SealError):
            return decrypt_challenge(challenge, identity)
    return decrypt_challenge(challenge, identities[-1])


def name_and_prove(session: Session, round_id: str, identities: Sequence[str], by: str, now: datetime) -> list[int]:
    """Name and prove keys that are stored already, as alternatives that the same admin holds; returns their ids."""
    for identity in identities:
        name_key(session, round_id, public_key_of(identity), by, 1, by, now)
    return [prove_key_by_secret(session, round_id, identity, by, now).id for identity in identities]


def remove_key(session: Session, round_id: str, keyholder_id: int, by: str, now: datetime) -> None:
    """Take a lost or wrong key off the draft's list. The log keeps that it was there."""
    keyholder = _listed_key(session, round_id, keyholder_id)
    keyholder.removed_at = now
    append_event(session, round_id, by, "key removed", _key_detail(keyholder), now)


def listed_keys(session: Session, round_id: str) -> Sequence[KeyholderRow]:
    """The keys on a round's list, in the order in which they were named."""
    return keyholder_store.keyholders_of_round(session, round_id)


def are_proved(session: Session, round_id: str, identities: Sequence[str]) -> bool:
    """Whether all of these secret keys are on a round's list and proved."""
    keyholders = keyholder_store.keyholders_of_round(session, round_id)
    proved = {keyholder.public_key for keyholder in keyholders if keyholder.proved_at is not None}
    return {public_key_of(identity) for identity in identities} <= proved


def needs_two_persons(keyholders: Iterable[KeyholderRow]) -> bool:
    """Whether two people must open the seal together: then a key is of the outer layer."""
    return any(keyholder.layer == 2 for keyholder in keyholders)


def keys_to_prove(keyholders: Sequence[KeyholderRow]) -> list[KeyholderRow]:
    """The keys of a draft's list that nobody has proved so that it counts.

    If two people must open the seal, a proof from the shell does not: nobody was signed in there.
    """
    two_persons = needs_two_persons(keyholders)
    return [row for row in keyholders if row.proved_at is None or (two_persons and not row.proved_signed_in)]


def missing_for_seal(keyholders: Sequence[KeyholderRow]) -> str:
    """What must be done before a round can be sealed to these keys, as a sentence; empty if nothing is missing."""
    unproved = [keyholder.person for keyholder in keyholders if keyholder.proved_at is None]
    if unproved:
        return f"Prove the key of {', '.join(unproved)}, or remove it from the list."
    if by_shell := [keyholder.person for keyholder in keys_to_prove(keyholders)]:
        return (
            f"Two people must open this seal, and the key of {', that of '.join(by_shell)} was proved in the shell, "
            "where nobody is signed in, so that one person could act as both. Its holder signs in at /admin and proves "
            "it again on the round's page of keys."
        )
    if needs_two_persons(keyholders):
        return _missing_for_two_persons(keyholders)
    if len(keyholders) < FEWEST_ALTERNATIVES:
        return (
            "Name and prove two keys, held apart, before the seal: a single lost key would lose the round. The round's "
            "page of keys makes them, and so does the command “firstglance key new”."
        )
    return ""


def lone_key_warning(keyholders: Sequence[KeyholderRow]) -> str:
    """Whose loss would lose the round, if two people must open the seal and one has no second key; otherwise empty."""
    layers = [[row for row in keyholders if row.layer == layer] for layer in (1, 2)]
    lone_persons = [layer[0].person for layer in layers if len(layer) == 1]
    if not lone_persons or not needs_two_persons(keyholders):
        return ""
    return (
        f"There is no second key beside that of {' and that of '.join(lone_persons)}: if it is lost, or its holder is "
        "gone, nobody can ever open the seal. Name a second key of the same person, or of a third admin."
    )


def proved_layers(session: Session, round_id: str) -> KeyLayers:
    """The proved public keys to seal a round to, by layer, innermost first.

    Raises SealError that says what is missing.
    """
    keyholders = keyholder_store.keyholders_of_round(session, round_id)
    if missing := missing_for_seal(keyholders):
        raise SealError(missing)
    by_layer = groupby(sorted(keyholders, key=lambda keyholder: keyholder.layer), lambda keyholder: keyholder.layer)
    return tuple(tuple(keyholder.public_key for keyholder in layer) for _, layer in by_layer)


def require_own_key(session: Session, round_id: str, identity: str, layer: SealLayer, by: str) -> None:
    """Raise SealError unless it is this key's turn, and `by` is who proved it before the seal.

    Rounds of version 0.1 have no list of keys; there the seal alone decides which key opens which layer.
    """
    public_key = public_key_of(identity)
    keyholders = keyholder_store.keyholders_of_round(session, round_id)
    keyholder = next((keyholder for keyholder in keyholders if keyholder.public_key == public_key), None)
    if keyholder is None:
        return
    if keyholder.layer != layer:
        msg = f"It is not this key's turn. {turn_sentence(keyholders, layer)}"
        raise SealError(msg)
    if not is_same_person(str(keyholder.proved_by), by):
        msg = f"This is the key of {keyholder.proved_by}, who gives it themselves, signed in. Give your own key."
        raise SealError(msg)


def turn_sentence(keyholders: Iterable[KeyholderRow], layer: SealLayer) -> str:
    """Whose turn it is to give a key, if two people must open the seal; rounds of version 0.1 name nobody."""
    persons = sorted({str(keyholder.proved_by) for keyholder in keyholders if keyholder.layer == layer})
    names = " or ".join(persons) or ("whoever has the key of the outer layer", "the other person")[layer == 1]
    return f"It is the turn of {names}."


def _missing_for_two_persons(keyholders: Sequence[KeyholderRow]) -> str:
    persons = {row.id: person_form(str(row.proved_by)) for row in keyholders}
    first, second = ({persons[row.id] for row in keyholders if row.layer == layer} for layer in (1, 2))
    if not first:
        return "Two people must open this seal. Name and prove a key of the other person, too."
    if first & second:
        names = {str(row.proved_by) for row in keyholders if persons[row.id] in first & second}
        return (
            f"{', '.join(sorted(names))} proved keys of both people who must open the seal; names that differ in "
            "letter case alone are one person's. Remove one key, and let another admin prove a key of their own."
        )
    return ""


def _challenge(keyholder: KeyholderRow) -> None:
    """Give a key a new challenge, whose text only its holder can read."""
    challenge_text = random_token()
    keyholder.challenge = encrypt_challenge(challenge_text, keyholder.public_key)
    keyholder.answer_sha256 = token_digest(challenge_text)


def _awaited_answer(session: Session, keyholder: KeyholderRow) -> str:
    """The digest of the text that proves a key. Raises InputError if it is proved, and SealError where no proof counts.

    If two people must open the seal, the shell proves no key: one person could prove those of both there.
    """
    keyholders = keyholder_store.keyholders_of_round(session, keyholder.round_id)
    if is_by_shell(session) and needs_two_persons(keyholders):
        msg = f"{TWO_PERSONS_IN_SHELL}proves their own key on the round's page of keys."
        raise SealError(msg)
    if keyholder.answer_sha256 is None or keyholder not in keys_to_prove(keyholders):
        msg = "This key is proved already."
        raise InputError(msg)
    return keyholder.answer_sha256


def _mark_proved(
    session: Session, keyholder: KeyholderRow, proof: Literal["challenge", "secret key"], by: str, now: datetime
) -> KeyholderRow:
    keyholder.answer_sha256 = None
    keyholder.proved_by, keyholder.proved_at = by, now
    keyholder.proved_signed_in = not is_by_shell(session)
    if not keyholder.proved_signed_in:  # it has to be proved again if two people must open the seal
        _challenge(keyholder)
    append_event(session, keyholder.round_id, by, "key proved", _key_detail(keyholder, proof), now)
    return keyholder


def _key_detail(keyholder: KeyholderRow, proof: Literal["challenge", "secret key"] | None = None) -> JsonObject:
    key_sha256 = sha256(keyholder.public_key.encode())
    detail = KeyholderDetail(person=keyholder.person, key_part=keyholder.layer, key_sha256=key_sha256, proof=proof)
    return detail.model_dump(exclude_none=True)


def _listed_key(session: Session, round_id: str, keyholder_id: int) -> KeyholderRow:
    """A key on the list of a draft. Raises NotFoundError if it is not there."""
    _require_draft(session, round_id)
    keyholders = keyholder_store.keyholders_of_round(session, round_id)
    keyholder = next((keyholder for keyholder in keyholders if keyholder.id == keyholder_id), None)
    if keyholder is None:
        msg = "This key is not on the round's list any more; reload the page of the keys."
        raise NotFoundError(msg)
    return keyholder


def _require_draft(session: Session, round_id: str) -> None:
    require_allowed(round_store.find_round(session, round_id, for_update=True).state, "name keys")


def _person_name(text: str) -> str:
    """The name as one line. Raises InputError if it is empty, too long, or has characters that nobody sees."""
    name = tidy_line(text)
    if not name or len(name) > LONGEST_PERSON or has_unseen_characters(name):
        msg = f"Give the name of the person who holds the key: 1 to {LONGEST_PERSON} characters that can be seen."
        raise InputError(msg)
    return name
