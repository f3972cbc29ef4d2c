"""`firstglance round correct`: analyse an unblinded round again; earlier results are kept."""

import click

from app.cli.options import by_option, round_argument
from app.cli.printing import print_text
from app.cli.round.step import publish_result, run_logged_step
from app.foundation.settings import Settings
from app.services.signed_results import correct_and_sign


@click.command("correct")
@round_argument
@click.option(
    "--reason", required=True, help="What was wrong; it is written into the log, and the report's page shows it."
)
@by_option
@click.pass_obj
def correct_command(settings: Settings, round_id: str, reason: str, by: str | None) -> None:
    """Analyse an unblinded round again with this version of First Glance. Earlier results are kept."""
    digest = run_logged_step(
        settings,
        round_id,
        by,
        "correct",
        lambda session, admin: correct_and_sign(session, round_id, admin, reason, settings.data),
    )
    print_text(f"The round has a new analysis; see `firstglance report {round_id}`.\n{publish_result(digest)}")
