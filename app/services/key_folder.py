"""A folder of private keys in the data folder: one file for each round, which only its owner may read."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, Self, TypeVar

from app.foundation.errors import SealError
from app.foundation.private import read_private_file, write_private_file


class PrivateKey(Protocol):
    """A key that can be made, and that is kept as a text."""

    @classmethod
    def new(cls) -> Self:
        """A new random key."""

    @classmethod
    def from_text(cls, private_text: str) -> Self:
        """The key with this text. Raises ValueError if the text is no key."""

    @property
    def private_text(self) -> str:
        """The text that the key is kept as."""


Key = TypeVar("Key", bound=PrivateKey)


@dataclass(frozen=True)
class KeyFolder(Generic[Key]):
    """The keys of a server's rounds."""

    folder: Path
    key_type: type[Key]

    def path_of(self, round_id: str) -> Path:
        """The file of a round's key, whether it exists or not."""
        return self.folder / f"{round_id}.key"

    def made_or_read(self, round_id: str) -> Key:
        """The key of a round that is about to be sealed, which is made unless an earlier try made it.

        Raises StorageError if the file cannot be written or read, and SealError if it holds no key.
        """
        path = self.path_of(round_id)
        with suppress(FileExistsError):
            write_private_file(path, self.key_type.new().private_text)
        content = read_private_file(path)
        try:
            return self.key_type.from_text(content.decode().strip())
        except ValueError as error:
            msg = f"{path} holds no key. Delete the file and seal again; a new key is made."
            raise SealError(msg) from error

    def in_file(self, round_id: str) -> Key | None:
        """The key in the file of a round, whichever it is; None if the file is lost or holds no key."""
        try:
            return self.key_type.from_text(self.path_of(round_id).read_text(encoding="utf-8").strip())
        except (OSError, ValueError):
            return None
