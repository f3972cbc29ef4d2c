"""Files that only their owner may read: keys, passwords and the secret that signs sessions."""

import os
import secrets
from pathlib import Path

OWNER_ONLY = 0o600


def write_private_file(path: Path, text: str) -> None:
    """Write a new file with mode 0600. Raises FileExistsError rather than replace one.

    The file gets its name only when its content is complete, so of two processes that start together one writes it
    and the other reads it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    try:
        os.link(unfinished, path)
    finally:
        unfinished.unlink()
