"""`firstglance round lock`: end judging."""

import click
from sqlalchemy.orm import Session

from app.cli.options import by_option, round_argument
from app.cli.round.step import run_logged_step
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services import rounds
from app.services.log import lock_digest

WHAT_TO_DO = (
    "Publish this digest, or stamp it with `firstglance round timestamp`, before the unblinding:\n"
    "it shows later that no answer was changed since the lock."
)


@click.command("lock")
@round_argument
@by_option
@click.pass_obj
def lock_command(settings: Settings, round_id: str, by: str | None) -> None:
    """End judging for good; a locked round can be unblinded."""
    digest = run_logged_step(settings, round_id, by, "lock", lambda session, admin: _lock(session, round_id, admin))
    click.echo(f"The round is locked.\nlock {digest}\n{WHAT_TO_DO}")


def _lock(session: Session, round_id: str, admin: str) -> str | None:
    """Lock the round and return the lock's digest."""
    rounds.lock_round(session, round_id, admin, now())
    return lock_digest(session, round_id)
