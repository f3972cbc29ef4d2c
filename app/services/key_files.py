"""Files with keyholders' secret keys: written for their owner alone, and read back."""

from collections.abc import Sequence
from pathlib import Path

from app.foundation.errors import SealError
from app.foundation.files import read_small_file
from app.foundation.private import write_private_file

KEY_START = "AGE-SECRET-KEY-"


def write_key_file(path: Path, identities: Sequence[str]) -> None:
    """Write keys to a new file that only its owner may read. Raises SealError if there is such a file already."""
    if not path.name:
        msg = f"{path} is a folder. Name a new file for the new keys."
        raise SealError(msg)
    try:
        write_private_file(path, "".join(f"{identity}\n" for identity in identities))
    except FileExistsError as error:
        msg = f"{path} exists already and is not replaced: it may hold keys. Name a new file for the new keys."
        raise SealError(msg) from error


def read_key_file(path: Path) -> list[str]:
    """The keys in a file, one per line. Raises SealError if it cannot be read or has none."""
    try:
        lines = read_small_file(path).decode().split()
    except (OSError, UnicodeDecodeError) as error:
        msg = (
            f"{path} cannot be read as a key file; give the file that the seal wrote, or one with a key pasted into it"
        )
        raise SealError(msg) from error
    identities = [line for line in lines if line.startswith(KEY_START)]
    if not identities:
        msg = f"{path} holds no key; a key begins with {KEY_START}1"
        raise SealError(msg)
    return identities
