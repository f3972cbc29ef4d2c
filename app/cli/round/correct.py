"""`firstglance round correct`: analyse an unblinded round again; earlier results are kept."""

import click

from app.cli.options import by_option, round_argument
from app.cli.round.step import run_logged_step
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services import unblinding


@click.command("correct")
@round_argument
@click.option("--reason", required=True, help="What was wrong; it is written into the log and the report.")
@by_option
@click.pass_obj
def correct_command(settings: Settings, round_id: str, reason: str, by: str | None) -> None:
    """Analyse an unblinded round again with this version of First Glance. Earlier results are kept."""
    analysis = run_logged_step(
        settings,
        round_id,
        by,
        "correct",
        lambda session, admin: unblinding.correct_analysis(session, round_id, admin, reason, now()),
    )
    click.echo(f"{analysis.headline}\n\nThe round has a new analysis; see `firstglance report {round_id}`.")
