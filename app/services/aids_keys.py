"""The keys to rounds' aids: private files in the data folder, so that the database alone shows no aids."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.foundation.errors import SealError, StorageError
from app.foundation.private import read_private_file, write_private_file
from app.rounds.aids_key import AidsKey
from app.store import aids as aids_store
from app.store.engine import Database
from app.store.rewriting import rewrite_tables

FOLDER = "aids_keys"


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

    The server does this when it starts. If it cannot write a key, the aids stay as they are: rounds go on with them.
    """
    with suppress(StorageError, SealError), database.writing() as session:
        plain_aids = aids_store.read_plain_aids(session)
        if not plain_aids:
            return
        for round_id, aids_by_code in plain_aids.items():
            encrypted = aids_keys.for_encryption(round_id).encrypt_aids(round_id, aids_by_code)
            aids_store.replace_aids(session, round_id, encrypted)
    rewrite_tables(database.url, "aids")
