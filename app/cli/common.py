"""What several commands share: options, the database, and how values are printed."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError
from sqlalchemy.orm import Session

from app.foundation.errors import SettingsError
from app.foundation.settings import Settings
from app.services import admins
from app.store.engine import Database
from app.store.schema import migrate

as_json = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
by_option = click.option("--by", help="The admin in whose name this is done; may be left out if there is only one.")
EXISTING = click.Path(path_type=Path)
"""A path that the command itself checks, so that the message says what was expected there."""


@contextmanager
def database(settings: Settings) -> Iterator[Database]:
    """The settings' database, brought to the newest schema. Raises SettingsError if it cannot be opened."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        migrate(settings.resolved_database_url)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        url = settings.resolved_database_url
        msg = f"{url} is no database URL that works here ({error}); see SQLAlchemy's database URLs"
        raise SettingsError(msg) from error
    except (DatabaseError, OSError) as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        msg = (
            f"the database in {settings.data} cannot be opened ({reason}); check the path, its permissions and the URL"
        )
        raise SettingsError(msg) from error
    opened = Database(settings.resolved_database_url)
    try:
        yield opened
    finally:
        opened.close()


def admin_named(session: Session, name: str | None) -> str:
    """The admin who acts: the one named, or the only one there is. Raises SettingsError otherwise."""
    known = admins.admin_names(session)
    if name is None and len(known) == 1:
        return known[0]
    if name in known:
        return name
    if not known:
        msg = "there is no admin yet; add one with `firstglance admin add NAME`"
    elif name is None:
        msg = f"there are several admins ({', '.join(known)}); say who acts with --by NAME"
    else:
        msg = f"there is no admin called {name}; --by is one of {', '.join(known)}"
    raise SettingsError(msg)


def print_json(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Print a value as indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under a head, columns as wide as their widest cell; numbers stand to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in [list(head), *cells]) for column in range(len(head))]
    numeric = [bool(rows) and all(isinstance(row[column], int | float) for row in rows) for column in range(len(head))]
    for row in [list(head), *cells]:
        parts = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        click.echo("  ".join(parts).rstrip())


def print_pairs(pairs: dict[str, object]) -> None:
    """Print names and values, one pair a line."""
    width = max(len(name) for name in pairs)
    for name, value in pairs.items():
        click.echo(f"{name.ljust(width)}  {value}")
