"""One step of a round, as every command takes it: the log says who took it, or that it was refused."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from app.cli.database import named_or_only_admin, open_database
from app.cli.printing import print_text
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services.log import logged_attempt
from app.services.round_keys import RoundKeys, missing_key_warning

Result = TypeVar("Result")


def run_logged_step(
    settings: Settings, round_id: str, by: str | None, action: str, change: Callable[[Session, str], Result]
) -> Result:
    """Run `change(session, admin)` in one transaction and return its result; a refusal is logged with the action.

    If the round's key is lost, a warning on stderr says so first.
    """
    with open_database(settings) as database:
        with database.reading() as session:
            admin = named_or_only_admin(session, by)
            warning = missing_key_warning(session, round_id, RoundKeys.in_data_folder(settings.data))
        if warning is not None:
            print_text(f"Warning: {warning}", err=True)
        with logged_attempt(database, round_id, admin, action, now()) as session:
            return change(session, admin)


def publish_result(digest: str | None) -> str:
    """What a command says after it made a result."""
    return f"result {digest}\nPublish this digest with the report: it shows later that the log was not changed."
