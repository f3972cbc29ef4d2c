"""The database that a command or a call from Python works on, and the admin who acts."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic.util import CommandError
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session

from app.foundation.errors import SettingsError, error_summary
from app.foundation.private import make_private_folder
from app.foundation.settings import Settings
from app.services.log import SHELL, VIA
from app.store import admins as admin_store
from app.store.database_url import UNUSABLE_URL, require_usable_url, without_secrets
from app.store.engine import Database
from app.store.schema import migrate


@contextmanager
def open_database(settings: Settings, *, in_shell: bool = True) -> Iterator[Database]:
    """The database of the settings, migrated to the newest schema. Raises SettingsError if it cannot be opened.

    The log says of every step that is taken in it that it was done from the shell, unless `in_shell` is False.
    """
    require_usable_url(settings.resolved_database_url)
    try:
        make_private_folder(settings.data)
        migrate(settings.resolved_database_url)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise SettingsError(UNUSABLE_URL) from error
    except CommandError as error:  # the migrations know no such version
        msg = (
            f"the database in {settings.data} is of a later version; use the First Glance that wrote it, or a newer one"
        )
        raise SettingsError(msg) from error
    except (
        DBAPIError,
        OSError,
        TypeError,
        UnicodeError,
    ) as error:  # TypeError: the URL has an option that the driver lacks
        msg = (
            f"the database in {settings.data} cannot be opened ({_reason(error, settings)}); check the path, its "
            "permissions and the URL"
        )
        raise SettingsError(msg) from error
    database = Database(settings.resolved_database_url, {VIA: SHELL} if in_shell else None)
    try:
        yield database
    except DBAPIError as error:
        msg = (
            f"the database does not do what was asked ({_reason(error, settings)}); nothing of the last step was "
            "stored. See that it runs, has room and is as First Glance left it, and try again"
        )
        raise SettingsError(msg) from error
    finally:
        database.close()


def _reason(error: Exception, settings: Settings) -> str:
    """What the driver says, without any password of the URL."""
    return without_secrets(error_summary(getattr(error, "orig", None) or error), settings.resolved_database_url)


def named_or_only_admin(session: Session, name: str | None) -> str:
    """The admin with this name; without a name, the only admin there is. Raises SettingsError otherwise."""
    names = admin_store.admin_names(session)
    if name is None and len(names) == 1:
        return names[0]
    if name in names:
        return name
    if not names:
        msg = "there is no admin yet; add one with `firstglance admin add NAME`"
    elif name is None:
        msg = f"there are several admins ({', '.join(names)}); name one with --by NAME, or by=NAME from Python"
    else:
        msg = f"there is no admin called {name}; name one of {', '.join(names)} with --by, or by= from Python"
    raise SettingsError(msg)
