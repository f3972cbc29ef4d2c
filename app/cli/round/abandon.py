"""`firstglance round abandon`: a round is given up, visibly."""

import click

from app.cli.options import by_option, round_argument
from app.cli.round.step import guarded_step
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services import rounds


@click.command("abandon")
@round_argument
@click.option("--reason", required=True, help="Why; it goes into the log.")
@by_option
@click.pass_obj
def abandon_command(settings: Settings, round_id: str, reason: str, by: str | None) -> None:
    """Give the round up; it stays visible as abandoned for ever."""
    guarded_step(
        settings,
        round_id,
        by,
        "abandon",
        lambda session, admin: rounds.abandon_round(session, round_id, admin, reason, now()),
    )
    click.echo("The round is abandoned.")
