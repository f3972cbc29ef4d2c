"""`firstglance round open`: let evaluators begin."""

import click

from app.cli.options import by_option, round_argument
from app.cli.round.step import run_logged_step
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services import rounds


@click.command("open")
@round_argument
@by_option
@click.pass_obj
def open_command(settings: Settings, round_id: str, by: str | None) -> None:
    """Let evaluators begin."""
    run_logged_step(
        settings, round_id, by, "open", lambda session, admin: rounds.open_round(session, round_id, admin, now())
    )
    click.echo("The round is open.")
