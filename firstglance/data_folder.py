"""The data folder and the database that a call from Python names: absolute, so that Python may change its folder."""

from pathlib import Path

from sqlalchemy import make_url

from app.foundation.errors import SettingsError
from app.foundation.settings import Settings
from app.store.database_url import require_usable_url


def settings_of(
    data: str | Path | None, database_url: str | None, *, host: str | None = None, port: int | None = None
) -> Settings:
    """The settings of the environment with what is given here. Raises SettingsError if a value cannot be used."""
    settings = Settings.read(data=data, database_url=database_url, host=host, port=port)
    return settings.model_copy(
        update={"data": settings.data.absolute(), "database_url": _absolute_url(settings.database_url)}
    )


def require_data(settings: Settings) -> Settings:
    """The settings, if what they name is there already: a mistyped name would get a new database without any round.

    Raises SettingsError if the data folder, or the database's file, is not there.
    """
    file = _sqlite_file(settings.database_url)
    missing = settings.data if not settings.database_url and not settings.data.is_dir() else file
    if missing is not None and not missing.exists():
        kind = "data folder" if missing == settings.data else "database"
        msg = f"there is no {kind} {missing}; check its name, or make a round there with Round.create, which makes it"
        raise SettingsError(msg)
    return settings


def _absolute_url(database_url: str) -> str:
    file = _sqlite_file(database_url)
    if file is None or file.is_absolute():
        return database_url
    return make_url(database_url).set(database=str(file.absolute())).render_as_string(hide_password=False)


def _sqlite_file(database_url: str) -> Path | None:
    """The file of a database of SQLite's; None if there is no URL, or one of a server. Raises SettingsError."""
    if not database_url:
        return None
    require_usable_url(database_url)
    url = make_url(database_url)
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None
