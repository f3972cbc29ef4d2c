"""`firstglance round abandon`: give a round up; it stays visible."""

import click

from app.cli.options import by_option, round_argument
from app.cli.printing import print_text
from app.cli.round.step import run_logged_step
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services import rounds


@click.command("abandon")
@round_argument
@click.option("--reason", required=True, help="Why you abandon the round; it is written into the log.")
@by_option
@click.pass_obj
def abandon_command(settings: Settings, round_id: str, reason: str, by: str | None) -> None:
    """Give the round up. It stays in the list, as abandoned."""
    run_logged_step(
        settings,
        round_id,
        by,
        "abandon",
        lambda session, admin: rounds.abandon_round(session, round_id, admin, reason, now()),
    )
    print_text("The round is abandoned.")
