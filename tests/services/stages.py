"""The stages of a round, one function each: from a draft to a round that is sealed, open or locked."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.evidence.event_details import LockedDetail, SealedDetail, SealLayer
from app.evidence.signing import SigningKey
from app.judging.public_design import PublicDesign
from app.rounds.aids_key import AidsKey
from app.rounds.sealing import KeyholderKey
from app.services import rounds, seals
from app.services.keyholders import listed_keys, name_key, new_key, prove_key_by_secret
from app.store.engine import Database
from app.store.tables import RoundRow
from app.tasks.item import Item
from app.web.evaluator.padding import response_sizes
from tests.conftest import Clock
from tests.services.judges import judge_everything

ADMIN = "Dag"
KEYS = [new_key(), new_key()]
RECIPIENTS = [key.recipient for key in KEYS]
RECEIPT_KEY = SigningKey.from_text("5e" * 32)
AIDS_KEY = AidsKey.from_text("a1" * 32)
SEAL_OPTIONS = seals.SealOptions(RECEIPT_KEY.public_key, AIDS_KEY, measure=response_sizes)


def render_plainly(item: Item, _: PublicDesign) -> bytes:
    """Passages as JSON, which takes less time than the page's HTML."""
    return json.dumps(item.content()["passages"]).encode()


def prove_keys(
    session: Session,
    round_id: str,
    keys: Sequence[KeyholderKey],
    now: datetime,
    layer: SealLayer = 1,
    by: str = ADMIN,
) -> None:
    """Name and prove keys of a draft, as keys of one person."""
    for key in keys:
        name_key(session, round_id, key.recipient, by, layer, by, now)
        prove_key_by_secret(session, round_id, key.identity, by, now)


def prove_keys_once(session: Session, round_id: str, now: datetime) -> None:
    """Name and prove the two keys of these tests, unless the draft has keys."""
    if not listed_keys(session, round_id):
        prove_keys(session, round_id, KEYS, now)


def prepare_draft(
    database: Database, draft: str, clock: Clock, options: seals.SealOptions = SEAL_OPTIONS
) -> seals.PreparedSeal:
    """Prove keys unless some are listed, begin a seal and make its items, which are not stored."""
    with database.writing() as session:
        prove_keys_once(session, draft, clock())
        archives = seals.verified_round_archives(session, draft)
        begun = seals.begin_seal(session, draft, archives, ADMIN, clock(), options)
    return seals.prepare_seal(begun, render_plainly, options.measure)


def seal_draft(database: Database, draft: str, clock: Clock) -> SealedDetail:
    with database.writing() as session:
        prove_keys_once(session, draft, clock())
        return seals.seal_round(session, draft, render_plainly, ADMIN, clock(), SEAL_OPTIONS)


def open_draft(database: Database, draft: str, clock: Clock, names: tuple[str, ...] = ("Ada", "Bo")) -> None:
    """Seal a draft, invite evaluators with these pseudonyms, of whom Bo is exposed, and open the round."""
    seal_draft(database, draft, clock)
    with database.writing() as session:
        for name in names:
            rounds.invite_evaluator(session, draft, name, name == "Bo", ADMIN, clock())
        rounds.open_round(session, draft, ADMIN, clock())


def lock_draft(database: Database, draft: str, clock: Clock) -> LockedDetail:
    """Open a draft, let Ada and Bo judge everything, and lock the round."""
    open_draft(database, draft, clock)
    judge_everything(database, draft, clock)
    with database.writing() as session:
        return rounds.lock_round(session, draft, ADMIN, clock())


def state_of_round(database: Database, round_id: str) -> str:
    with database.reading() as session:
        return session.get_one(RoundRow, round_id).state
