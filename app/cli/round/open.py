"""`firstglance round open`: let evaluators begin."""

import click
from sqlalchemy.orm import Session

from app.cli.options import by_option, round_argument
from app.cli.printing import print_text
from app.cli.round.step import run_logged_step
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services import rounds

WHAT_TO_DO = (
    "If the commitment is not public yet, publish it before you invite anyone: what was public before the first\n"
    "judgment shows later that design, items and allocation were not changed."
)


@click.command("open")
@round_argument
@by_option
@click.pass_obj
def open_command(settings: Settings, round_id: str, by: str | None) -> None:
    """Let evaluators begin."""
    commitment = run_logged_step(settings, round_id, by, "open", lambda session, admin: _open(session, round_id, admin))
    print_text(f"The round is open.\ncommitment {commitment}\n{WHAT_TO_DO}")


def _open(session: Session, round_id: str, admin: str) -> str | None:
    """Open the round and return its commitment."""
    rounds.open_round(session, round_id, admin, now())
    return rounds.round_progress(session, round_id).commitment
