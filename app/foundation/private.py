"""Files that only their owner may read: the session secret, the demo's key and password."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from app.foundation.errors import SettingsError
from app.foundation.settings import SHORTEST_SECRET, Settings

OWNER_ONLY = 0o600


def write_private(path: Path, text: str) -> None:
    """Write a new file with mode 0600. Raises FileExistsError rather than replace one.

    The name appears only when the content is whole, so that of two processes that start together one writes and
    the other reads.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w", encoding="utf-8") as file:
        file.write(text)
    try:
        os.link(fresh, path)
    finally:
        fresh.unlink()


def session_secret(settings: Settings) -> str:
    """The key that signs sessions: the one from the settings, else the one kept in the data folder.

    Raises SettingsError if the kept file was emptied or shortened: a short key lets anyone forge a session.
    """
    if settings.secret:
        return settings.secret
    path = settings.data / "secret"
    with suppress(FileExistsError):
        write_private(path, secrets.token_hex(32))
    kept = path.read_text(encoding="utf-8").strip()
    if len(kept) < SHORTEST_SECRET:
        msg = f"{path} holds fewer than {SHORTEST_SECRET} characters; delete it and a new one is made"
        raise SettingsError(msg)
    return kept
