"""The server's secret: it signs the cookies of known browsers, and digests names and addresses that are counted."""

import secrets
from contextlib import suppress

from app.foundation.errors import SettingsError
from app.foundation.private import read_private_file, write_private_file
from app.foundation.settings import SHORTEST_SECRET, Settings


def server_secret(settings: Settings) -> str:
    """The server's secret: from the settings, or from the data folder, where it is made at first use.

    Raises SettingsError if that file was emptied or shortened: a short one can be guessed. Raises StorageError if
    it cannot be written or read.
    """
    if settings.secret:
        return settings.secret
    path = settings.data / "secret"
    with suppress(FileExistsError):
        write_private_file(path, secrets.token_hex(32))
    secret = read_private_file(path).decode(errors="replace").strip()
    if len(secret) < SHORTEST_SECRET:
        msg = f"{path} holds fewer than {SHORTEST_SECRET} characters; delete it, and a new one is made"
        raise SettingsError(msg)
    return secret
