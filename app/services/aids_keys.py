"""The keys to rounds' aids: private files in the data folder, so that the database alone shows no aids."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy.orm import Session

from app.foundation.errors import SealError, StorageError
from app.rounds.aids_key import AidsKey
from app.services.key_folder import KeyFolder
from app.store import aids as aids_store
from app.store.engine import Database
from app.store.rewriting import owe_rewriting, rewrite_if_owed

FOLDER = "aids_keys"
STAY_PLAIN = (
    "The aids of rounds of version 0.1 stay unencrypted in the database, where order and lengths tell the arms: %s "
    "Mend that and start the server again."
)


@dataclass(frozen=True)
class AidsKeys(KeyFolder[AidsKey]):
    """The keys that encrypt the aids of a server's rounds until their verdicts."""

    key_type: type[AidsKey] = AidsKey

    @classmethod
    def in_data_folder(cls, data: Path) -> Self:
        """The keys of a server with this data folder."""
        return cls(data / FOLDER)


def missing_aids_key_warning(session: Session, round_id: str, aids_keys: AidsKeys) -> str | None:
    """What admins should know if the key to a round's aids is lost or damaged; None if it is there or not needed."""
    if not aids_store.has_encrypted_aids(session, round_id) or aids_keys.in_file(round_id) is not None:
        return None
    return (
        f"The key to this round's aids is missing: {aids_keys.path_of(round_id)} is lost or damaged. Evaluators judge "
        "without aids until you restore the file from a backup; verdicts and results need no aids."
    )


def encrypt_plain_aids(database: Database, aids_keys: AidsKeys) -> None:
    """Encrypt the aids that version 0.1 stored as they are, and let nothing of them stay on the disk.

    The server does this when it starts. If it cannot write a key, the aids stay as they are: rounds go on with them,
    and a warning says so.
    """
    try:
        with database.writing() as session:
            _encrypt_in_session(session, aids_keys)
    except (StorageError, SealError) as error:
        logging.getLogger(__name__).warning(STAY_PLAIN, error)
    rewrite_if_owed(database.url)


def _encrypt_in_session(session: Session, aids_keys: AidsKeys) -> None:
    plain_aids = aids_store.read_plain_aids(session)
    for round_id, aids_by_code in plain_aids.items():
        encrypted = aids_keys.made_or_read(round_id).encrypt_aids(round_id, aids_by_code)
        aids_store.replace_aids(session, round_id, encrypted)
    if plain_aids:
        owe_rewriting(session.connection())
