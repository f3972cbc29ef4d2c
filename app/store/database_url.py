"""Database URLs that somebody typed: which can be used, and what a driver says of one without the passwords in it."""

import math
import re
from pathlib import Path
from urllib.parse import quote, quote_plus

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.foundation.errors import SettingsError

UNUSABLE_URL = (
    "the database URL cannot be used. Write FIRSTGLANCE_DATABASE_URL (or --database-url) such as "
    "postgresql+psycopg://NAME:PASSWORD@HOST:5432/DATABASE, with @ : / ? # % in the password as %40 %3A %2F %3F %23 "
    "%25, and install the driver that it names; without it the database is SQLite in the data folder"
)
NO_FILE = (
    "the database URL names no file that SQLite can keep a database in. Write sqlite:////FOLDER/FILE.db, with the path "
    "of a file that is there or that can be made; a database in memory would be gone at once"
)
UNUSABLE_OPTION = (
    "the database URL has an option that cannot be used. Of SQLite's take only ?timeout=SECONDS, up to 3600, and write "
    "the file's path as it is: sqlite:////FOLDER/FILE.db; no name in it may have a question mark"
)
LONGEST_TIMEOUT = 3_600
SQLITE_OPTIONS = {"timeout", "check_same_thread"}
HARMLESS_OPTIONS = {"host", "hostaddr", "port", "dbname", "connect_timeout", "application_name"}
"""Options whose values are no secrets, even if they were mistyped; their values stay in what the driver says."""


def require_usable_url(text: str) -> None:
    """Raise SettingsError if a database URL cannot be read without doubt. The message has no part of it."""
    try:
        url = make_url(text)
        url.get_dialect()
    except (ArgumentError, ValueError, ModuleNotFoundError) as error:
        raise SettingsError(UNUSABLE_URL) from error
    if "@" in (url.host or ""):  # a part of the password would be taken for the host
        raise SettingsError(UNUSABLE_URL)
    if url.get_backend_name() == "sqlite":
        _require_sqlite_options(url)
        _require_sqlite_file(url.database or "")


def without_secrets(reason: str, url_text: str) -> str:
    """What a driver says, with *** for every word that holds a password, or the value of an option that may be one."""
    url = make_url(url_text)
    options = {
        value for name, values in url.normalized_query.items() if name not in HARMLESS_OPTIONS for value in values
    }
    for secret in sorted({str(url.password or ""), *options} - {""}, key=len, reverse=True):
        for spelling in (secret, quote(secret), quote_plus(secret)):
            reason = re.sub(rf"\w*{re.escape(spelling)}\w*", "***", reason)  # part of a word would give the rest away
    return reason


def _require_sqlite_options(url: URL) -> None:
    """Raise SettingsError for an option of which the driver would warn, or on which it would fail."""
    try:
        seconds = [float(value) for value in url.normalized_query.get("timeout", ())]
    except ValueError as error:
        raise SettingsError(UNUSABLE_OPTION) from error
    are_usable = all(math.isfinite(value) and 0 <= value <= LONGEST_TIMEOUT for value in seconds)
    if not are_usable or len(seconds) > 1 or url.query.keys() - SQLITE_OPTIONS:
        raise SettingsError(UNUSABLE_OPTION)


def _require_sqlite_file(name: str) -> None:
    """Raise SettingsError if SQLite would keep the database in memory, or wait at a pipe or a device without end."""
    try:
        is_other = Path(name).exists() and not Path(name).is_file()
    except (OSError, ValueError) as error:
        raise SettingsError(NO_FILE) from error
    if name in {"", ":memory:"} or "\0" in name or is_other:
        raise SettingsError(NO_FILE)
