"""SQL of aids, which are stored encrypted: the key is not in the database."""

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, defer

from app.rounds.aids_key import StoredAids
from app.store.tables import AidsRow, ItemRow


def find_stored_aids(session: Session, round_id: str, item_code: str) -> StoredAids | None:
    """The item and its aids as they are stored; None if the round has no aids."""
    aids_row = session.get(AidsRow, (round_id, item_code))
    if aids_row is None:
        return None
    item_row = session.get_one(ItemRow, (round_id, item_code), options=[defer(ItemRow.html)])
    return StoredAids(round_id, item_row.read_item(), aids_row.content)


def build_aids_rows(round_id: str, stored_texts: Mapping[str, str]) -> list[AidsRow]:
    """The rows of {code: stored text} in this order."""
    return [AidsRow(round_id=round_id, item=code, content=text) for code, text in stored_texts.items()]


def has_encrypted_aids(session: Session, round_id: str) -> bool:
    """Whether a round has aids that need a key."""
    query = select(AidsRow.item).where(AidsRow.round_id == round_id, ~AidsRow.content.startswith("{")).limit(1)
    return session.scalars(query).first() is not None


def read_plain_aids(session: Session) -> dict[str, dict[str, str]]:
    """{round: {code: JSON of aids}} of the rounds whose aids version 0.1 stored unencrypted."""
    query = select(AidsRow.round_id, AidsRow.item, AidsRow.content).where(AidsRow.content.startswith("{"))
    aids_by_round: dict[str, dict[str, str]] = defaultdict(dict)
    for row in session.execute(query.order_by(AidsRow.round_id, AidsRow.item).with_for_update()):
        aids_by_round[row.round_id][row.item] = row.content
    return aids_by_round


def replace_aids(session: Session, round_id: str, stored_texts: Mapping[str, str]) -> None:
    """Store these aids instead of the round's, as new rows in the order of `stored_texts`."""
    session.execute(delete(AidsRow).where(AidsRow.round_id == round_id))
    session.add_all(build_aids_rows(round_id, stored_texts))
    session.flush()
