"""`firstglance round lock`: end judging."""

import click

from app.cli.options import by_option, round_argument
from app.cli.round.step import run_logged_step
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services import rounds


@click.command("lock")
@round_argument
@by_option
@click.pass_obj
def lock_command(settings: Settings, round_id: str, by: str | None) -> None:
    """End judging for good; a locked round can be unblinded."""
    run_logged_step(
        settings, round_id, by, "lock", lambda session, admin: rounds.lock_round(session, round_id, admin, now())
    )
    click.echo("The round is locked.")
