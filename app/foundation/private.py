"""Files that only their owner may read: the session secret, the demo's key and password."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from app.foundation.errors import SettingsError
from app.foundation.settings import SHORTEST_SECRET, Settings

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


def session_secret(settings: Settings) -> str:
    """The key that signs sessions: from the settings, or from the data folder, where it is made at first use.

    Raises SettingsError if that file was emptied or shortened: a short key lets anyone forge a session.
    """
    if settings.secret:
        return settings.secret
    path = settings.data / "secret"
    with suppress(FileExistsError):
        write_private_file(path, secrets.token_hex(32))
    secret = path.read_text(encoding="utf-8").strip()
    if len(secret) < SHORTEST_SECRET:
        msg = f"{path} holds fewer than {SHORTEST_SECRET} characters; delete it, and a new one is made"
        raise SettingsError(msg)
    return secret
