"""One step of a round, as commands and calls from Python take it: the log says who took it, or that it was refused."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services.log import logged_attempt
from app.services.opened_database import named_or_only_admin, open_database
from app.services.round_keys import RoundKeys, missing_key_warning

StepResult = TypeVar("StepResult")
Warn = Callable[[str], None]
"""A function that is told what the user should know, such as one that prints it on stderr."""


def run_step(
    settings: Settings,
    round_id: str,
    by: str | None,
    action: str,
    change: Callable[[Session, str], StepResult],
    warn: Warn,
) -> StepResult:
    """Run `change(session, admin)` in one transaction and return its result; a refusal is logged with the action.

    If the round's key is lost, `warn` is told so first.
    """
    with open_database(settings) as database:
        with database.reading() as session:
            admin = named_or_only_admin(session, by)
            warning = missing_key_warning(session, round_id, RoundKeys.in_data_folder(settings.data))
        if warning is not None:
            warn(warning)
        with logged_attempt(database, round_id, admin, action, now()) as session:
            return change(session, admin)
