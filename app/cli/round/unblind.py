"""`firstglance round unblind`: open the seal of a locked round, once, and run the analysis."""

from pathlib import Path

import click
from sqlalchemy.orm import Session

from app.cli.key_files import read_key_file
from app.cli.options import PATH, by_option, round_argument
from app.cli.printing import print_text
from app.cli.round.step import publish_result, run_logged_step
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services import unblinding
from app.services.log import result_digest
from app.services.round_keys import RoundKeys, round_signing_key


@click.command("unblind")
@round_argument
@click.option(
    "--key-file",
    "key_files",
    type=PATH,
    multiple=True,
    required=True,
    help="File that the seal wrote, or one with a key pasted into it. A seal that two people must open is opened on "
    "the round's page, where each of them signs in.",
)
@click.option(
    "--reason", required=True, help="Why you unblind now; it is written into the log, and the report's page shows it."
)
@by_option
@click.pass_obj
def unblind_command(
    settings: Settings, round_id: str, key_files: tuple[Path, ...], reason: str, by: str | None
) -> None:
    """Open the seal of a locked round, check it against the commitment, and run the analysis."""
    identities = [identity for path in key_files for identity in read_key_file(path)]
    round_keys = RoundKeys.in_data_folder(settings.data)

    def unblind(session: Session, admin: str) -> str | None:
        signing_key = round_signing_key(session, round_id, round_keys)
        unblinding.unblind_round(session, round_id, identities, admin, reason, now(), signing_key)
        return result_digest(session, round_id)

    digest = run_logged_step(settings, round_id, by, "unblind", unblind)
    print_text(f"The round is unblinded; see `firstglance report {round_id}`.\n{publish_result(digest)}")
