"""`firstglance round correct`: analyse an unblinded round again; earlier results are kept."""

import click
from sqlalchemy.orm import Session

from app.cli.options import by_option, round_argument
from app.cli.printing import print_text
from app.cli.round.step import publish_result, run_logged_step
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services import unblinding
from app.services.log import result_digest
from app.services.round_keys import RoundKeys, round_signing_key


@click.command("correct")
@round_argument
@click.option(
    "--reason", required=True, help="What was wrong; it is written into the log, and the report's page shows it."
)
@by_option
@click.pass_obj
def correct_command(settings: Settings, round_id: str, reason: str, by: str | None) -> None:
    """Analyse an unblinded round again with this version of First Glance. Earlier results are kept."""
    round_keys = RoundKeys.in_data_folder(settings.data)

    def correct(session: Session, admin: str) -> str | None:
        signing_key = round_signing_key(session, round_id, round_keys)
        unblinding.correct_analysis(session, round_id, admin, reason, now(), signing_key)
        return result_digest(session, round_id)

    digest = run_logged_step(settings, round_id, by, "correct", correct)
    print_text(f"The round has a new analysis; see `firstglance report {round_id}`.\n{publish_result(digest)}")
