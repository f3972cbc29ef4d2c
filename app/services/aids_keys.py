"""The keys to rounds' aids: private files in the data folder, so that the database alone shows no aids."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from app.foundation.errors import SealError, StorageError
from app.foundation.private import read_private_file, write_private_file
from app.rounds.aids_key import AidsKey
from app.store import aids as aids_store
from app.store.engine import Database
from app.store.rewriting import owe_rewriting, rewrite_if_owed

FOLDER = "aids_keys"
STAY_PLAIN = (
    "The aids of rounds of version 0.1 stay unencrypted in the database, where order and lengths tell the arms: %s "
    "Mend that and start the server again."
)


@dataclass(frozen=True)
class AidsKeys:
    """The keys of a server's rounds, one file each, which only their owner may read."""

    folder: Path

    @classmethod
    def in_data_folder(cls, data: Path) -> "AidsKeys":
        """The keys of a server with this data folder."""
        return cls(data / FOLDER)

    def path_of(self, round_id: str) -> Path:
        """The file of a round's key, whether it exists or not."""
        return self.folder / f"{round_id}.key"

    def for_encryption(self, round_id: str) -> AidsKey:
        """The key of a round, which is made unless it exists.

        Raises StorageError if the file cannot be written or read, and SealError if it holds no key.
        """
        path = self.path_of(round_id)
        with suppress(FileExistsError):
            write_private_file(path, AidsKey.new().private_text)
        content = read_private_file(path)
        try:
            return AidsKey.from_text(content.decode().strip())
        except ValueError as error:
            msg = f"{path} holds no key. Delete the file and seal again; a new key is made."
            raise SealError(msg) from error

    def find_key(self, round_id: str) -> AidsKey | None:
        """The key of a round; None if its file is lost or holds no key."""
        try:
            return AidsKey.from_text(self.path_of(round_id).read_text(encoding="utf-8").strip())
        except (OSError, ValueError):
            return None


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
        encrypted = aids_keys.for_encryption(round_id).encrypt_aids(round_id, aids_by_code)
        aids_store.replace_aids(session, round_id, encrypted)
    if plain_aids:
        owe_rewriting(session.connection())
